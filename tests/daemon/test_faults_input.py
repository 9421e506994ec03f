"""Floods, nonsense and loops at a real JACK port."""

import random
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from antiphon.live.inbox import CROWD, Inbox
from antiphon.midi.messages import NoteOff, NoteOn, Packet
from tests.daemon.faults import memory, next_within
from tests.daemon.live import QUIET, STEP_TICKS, Keyboard, check_renders_again, daemon, notes, ons, recorded, sounding

CONTROL, BEND, SYSEX, SYSEX_END = 0xB0, 0xE0, 0xF0, 0xF7
MEGABYTE = 1 << 20
GROWTH = 16 * MEGABYTE
"""What a daemon may grow by while it is warming up."""


def send(keyboard: Keyboard, messages: Iterable[Sequence[int]], at_once: int = 50) -> None:
    """Send 10,000 messages a second, so many at once; of more, JACK itself drops some."""
    for number, message in enumerate(messages):
        if number % at_once == 0:
            time.sleep(0.005)
        keyboard.send(*message)


def flood(keyboard: Keyboard, count: int) -> None:
    """Turn every wheel and many controllers."""
    turned = ([CONTROL | number % 16, 1 + number % 19, number // 57 % 128] for number in range(count // 2))
    bent = ([BEND | number % 16, number % 128, number // 48 % 128] for number in range(count // 2))
    send(keyboard, chain.from_iterable(zip(turned, bent, strict=True)))


def test_notes_are_answered_in_a_flood_of_controllers(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "Flood", "--channel", "2", cwd=tmp_path) as running, Keyboard("Flood") as pianist:
        flood(pianist, 5_000)
        pianist.press(NoteOn(60, 80, 1))
        pianist.press(NoteOff(60, 1))
        before = memory(running)
        for number in range(1, 10):
            flood(pianist, 1_500)
            pianist.press(NoteOn(60 + number, 80, 1))
            flood(pianist, 1_500)
            pianist.press(NoteOff(60 + number, 1))
        messages = [each.event for each in pianist.hear_out(2.0)]
        assert memory(running) < before + GROWTH
        running.stop()
    # On a busy machine JACK itself may drop some of so many; whatever came is answered.
    came = [note.pitch for note in notes(recorded(tmp_path), "Performer")]
    assert len(came) >= 7
    assert set(came) <= {60 + number for number in range(10)}
    assert len(ons(messages)) == len(came)
    assert not sounding(messages)
    check_renders_again(tmp_path)


def crowded() -> Inbox:
    """Return an inbox in which a crowd waits."""
    inbox = Inbox(0.0)
    for _ in range(CROWD):
        inbox.receive([0x90, 1, 1])
    return inbox


def waiting(inbox: Inbox) -> list[list[int]]:
    """Take out what waits behind the crowd."""
    came = []
    while (arrived := inbox.wait(0.0)) is not None:
        assert isinstance(arrived, Packet)
        came.append(list(arrived.data))
    return came[CROWD:]


def test_in_a_crowd_a_controller_waits_with_its_latest_value_only() -> None:
    inbox = crowded()
    for value in range(60):
        inbox.receive([CONTROL, 7, value])
        inbox.receive([CONTROL, 8, value])
        inbox.receive([BEND, value, value])
    assert waiting(inbox) == [[CONTROL, 7, 59], [CONTROL, 8, 59], [BEND, 59, 59]]
    inbox.receive([CONTROL, 7, 60])  # the crowd is gone
    assert inbox.wait(0.0) is not None


def test_in_a_crowd_no_note_no_press_and_no_channel_mode_message_is_dropped() -> None:
    inbox = crowded()
    sent = []
    for _ in range(3):
        for message in ([0x90, 60, 80], [0x80, 60, 0], [CONTROL, 64, 127], [CONTROL, 64, 0], [CONTROL, 123, 0], [0xF8]):
            inbox.receive(message)
            sent.append(message)
    assert waiting(inbox) == sent


def nonsense(chance: random.Random, count: int) -> Iterator[list[int]]:
    """Yield data without a status, system messages of any kind but system exclusive, and messages cut short."""
    for _ in range(count):
        first = chance.choice([chance.randrange(0x80), chance.randrange(SYSEX + 1, 0x100), 0xFE])
        yield [first, *(chance.randrange(256) for _ in range(chance.randrange(3)))]
        status, wrong = chance.randrange(0x80, SYSEX), chance.randrange(0x80, 0x100)
        yield chance.choice([[status], [status, wrong], [status, wrong, 1], [status, 1, wrong]])


def test_nonsense_is_ignored(jack_server: dict[str, str], tmp_path: Path) -> None:
    options = ("--name", "Noise", "--channel", "2", "--no-record")
    with daemon(*options, cwd=tmp_path) as running, Keyboard("Noise") as pianist:
        pianist.press(NoteOn(60, 80, 1))
        pianist.hear(2)
        before = memory(running)
        send(pianist, nonsense(random.Random(4), 20_000))  # noqa: S311  nonsense needn't be secret
        send(pianist, [[SYSEX, *[1] * 8_000]] * (MEGABYTE // 8_000), at_once=1)  # it comes in pieces
        pianist.send(SYSEX, 1, SYSEX_END)
        pianist.press(NoteOn(64, 80, 1))
        assert isinstance(pianist.hear(1)[0], NoteOn)
        assert memory(running) < before + GROWTH
        running.stop()


def test_own_notes_that_come_back_are_not_answered(jack_server: dict[str, str], tmp_path: Path) -> None:
    # Each a step or more after the other: none would pass for a chord's.
    options = ("--name", "Loop", "--when", "onset", "--seed", "3")
    with daemon(*options, cwd=tmp_path) as running, Keyboard("Loop") as pianist:
        subprocess.run(["jack_connect", "Loop out:Loop out", "Loop in:Loop in"], check=True)
        for pitch in (60, 64, 67):
            pianist.press(NoteOn(pitch, 80, 1))
            assert not sounding(pianist.hear(2))
        assert next_within(pianist, QUIET) is None
        running.stop()


def test_two_in_a_ring_are_bounded(jack_server: dict[str, str], tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with (
        daemon("--name", "One", cwd=folders[0]) as one,
        daemon("--name", "Other", cwd=folders[1]) as other,
        Keyboard("One") as pianist,
    ):
        subprocess.run(["jack_connect", "One out:One out", "Other in:Other in"], check=True)
        subprocess.run(["jack_connect", "Other out:Other out", "One in:One in"], check=True)
        pianist.play([(60 + number % 5, 0.1) for number in range(60)])  # 20 notes a second stoke it
        came = pianist.hear(1)
        one.stop()
        other.stop()
        came += [each.event for each in pianist.heard()]
        assert not sounding(came)
    for folder in folders:
        played = notes(recorded(folder), "Antiphon")
        assert played
        # Sixteen may be given at once, then one a step.
        assert len(played) <= 16 + 2 + (played[-1].start - played[0].start) / STEP_TICKS
