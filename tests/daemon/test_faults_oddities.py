"""MPE, what came with MIDI 2.0, and what hardly anybody sends: each is read rightly or ignored."""

import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import pytest

from antiphon.improviser.events import Event, Timed
from antiphon.improviser.input.routing import InputRouting
from antiphon.midi.codec import decode
from antiphon.midi.messages import (
    ChannelPressure,
    ControlChange,
    Expression,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SongPosition,
    Transport,
)
from tests.daemon.faults import memory
from tests.daemon.live import PHRASE, Keyboard, check_renders_again, daemon, notes, ons, recorded, sounding
from tests.daemon.players import STEP, check_sounding, improviser
from tests.daemon.players import ons as ons_at
from tests.daemon.test_faults_input import GROWTH, send

Bytes = Sequence[int]
MANAGERS = (1, 16)
"""The channels of MPE's lower and upper zone on which all of a zone is configured; the others are the members."""


def rpn(channel: int, number: int, value: int) -> list[Bytes]:
    """Return the messages that set a registered parameter."""
    status = 0xB0 | channel - 1
    return [[status, 101, number >> 7], [status, 100, number & 0x7F], [status, 6, value], [status, 38, 0]]


def mpe_set_up() -> list[Bytes]:
    """Return what an MPE keyboard says when it is switched on: both zones, and how far its notes bend."""
    said = [message for channel in MANAGERS for message in rpn(channel, 6, 7)]
    return said + [message for channel in range(1, 17) for message in rpn(channel, 0, 48)]


def mpe_note(pitch: int, channel: int) -> tuple[list[Bytes], list[Bytes]]:
    """Return how an MPE keyboard starts a note on a channel of its own and moves it, and how it ends it."""
    low = channel - 1
    moved = [[0xE0 | low, bend % 128, bend // 128] for bend in range(0, 1 << 14, 1 << 10)]
    pressed = [[0xD0 | low, pressure] for pressure in range(0, 128, 8)]
    slid = [[0xB0 | low, 74, place] for place in range(0, 128, 8)]
    start = [[0xE0 | low, 0, 64], [0xB0 | low, 74, 64], [0xD0 | low, 0], [0x90 | low, pitch, 80]]
    return [*start, *moved, *pressed, *slid], [[0xD0 | low, 0], [0x80 | low, pitch, 64]]


ODDITIES: dict[str, list[Bytes]] = {
    "MIDI-CI: discovery, to everybody": [[0xF0, 0x7E, 0x7F, 0x0D, 0x70, 0x02, *[0x01] * 24, 0xF7]],
    "MIDI-CI: a profile is switched on": [[0xF0, 0x7E, 0x03, 0x0D, 0x24, 0x02, *[0x7E] * 14, 0xF7]],
    "a device says who it is": [[0xF0, 0x7E, 0x7F, 0x06, 0x01, 0xF7]],
    "per-note controllers, as universal system exclusive": [[0xF0, 0x7F, 0x7F, 0x0A, 0x01, 0x01, 60, 7, 99, 0xF7]],
    "a tuning dump for single notes": [[0xF0, 0x7F, 0x7F, 0x08, 0x02, 0, 1, 60, 61, 0, 0, 0xF7]],
    "a high-resolution velocity before its note": [[0xB0, 88, 77]],
    "UMP: a MIDI 2.0 note": [[0x40, 0x90, 60, 0, 0xC0, 0, 0, 0], [0, 60, 0x90, 0x40, 0, 0, 0, 0xC0]],
    "UMP: a MIDI 1.0 note": [[0x20, 0x90, 60, 80], [80, 60, 0x90, 0x20]],
    "UMP: a registered per-note controller": [[0x40, 0x00, 60, 3, 0x80, 0, 0, 0]],
    "UMP: a utility message": [[0x00, 0x20, 0x12, 0x34]],
    "MIDI time code": [[0xF1, piece << 4 | 5] for piece in range(8)],
    "song select": [[0xF3, 5]],
    "tune request": [[0xF6]],
    "active sensing": [[0xFE]] * 20,
    "statuses that mean nothing": [[0xF4], [0xF5], [0xF9], [0xFD], [0xF4, 1], [0xF5, 1, 2], [0xF9, 1], [0xFD, 1, 2]],
    "an end of nothing": [[0xF7]],
    "running status without its status": [[60, 80], [60, 0], [64], [60, 80, 64]],
    "two messages in one": [[0x90, 60, 80, 0x90], [0x90, 60, 80, 62, 80], [0x90, 60, 80, 0x80, 60, 0]],
    "messages cut short": [[0x90], [0x90, 60], [0x80, 60], [0xB0], [0xB0, 64], [0xE0, 0], [0xC0], [0xD0], [0xF2, 1]],
    "a clock pulse within a note": [[0x90, 0xF8, 60], [0x90, 60, 0xF8]],
    "modes, and all that ends": [[0xB0, number, 0] for number in (120, 121, 122, 123, 124, 125, 126, 127)],
    "registered and other parameters": [*rpn(1, 6, 15), *rpn(1, 0, 2), [0xB0, 99, 1], [0xB0, 98, 8], [0xB0, 96, 0]],
}
"""By what it is: messages that no note comes of."""


@pytest.mark.parametrize("messages", ODDITIES.values(), ids=ODDITIES)
def test_no_note_comes_of_an_oddity(messages: list[Bytes]) -> None:
    events = [decode(message) for message in messages]
    assert not any(isinstance(event, NoteOn | NoteOff | SongPosition | ProgramChange | Transport) for event in events)


def test_every_status_is_what_midi_says_and_nothing_else_is_anything() -> None:
    for status, length in product(range(256), range(1, 6)):
        found = decode([status, *[60, 80, 64, 1][: length - 1]])
        assert found == expected(status, length), f"{status:#x}, {length} bytes"


def expected(status: int, length: int) -> Event | None:
    """Return what a message of these many bytes is, the first two data bytes being 60 and 80: MIDI 1.0, table 1."""
    channel = (status & 0x0F) + 1
    channel_messages: dict[tuple[int, int], Event] = {
        (0x80, 3): NoteOff(60, channel),
        (0x90, 3): NoteOn(60, 80, channel),
        (0xA0, 3): PolyPressure(60, 80, channel),
        (0xB0, 3): ControlChange(60, 80, channel),
        (0xC0, 2): ProgramChange(60, channel),
        (0xD0, 2): ChannelPressure(60, channel),
        (0xE0, 3): PitchBend(60 + 80 * 128 - 8192, channel),
    }
    if status < 0xF0:
        return channel_messages.get((status & 0xF0, length))
    if (status, length) == (0xF2, 3):
        return SongPosition(60 + 80 * 128)
    # Clock, start, continue and stop are looked at in their own tests.
    return decode([status]) if length == 1 and status in (0xF8, 0xFA, 0xFB, 0xFC) else None


def sendable(messages: list[Bytes]) -> list[Bytes]:
    """Return those that RtMidi sends: longer ones must be system exclusive."""
    return [message for message in messages if len(message) <= 3 or message[0] == 0xF0]


def test_oddities_at_the_port_are_ignored_and_a_session_of_them_renders_again(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    options = ("--name", "Odd", "--channel", "2")
    with daemon(*options, cwd=tmp_path) as running, Keyboard("Odd") as pianist:
        came = []
        for number, messages in enumerate(ODDITIES.values()):
            send(pianist, sendable(messages))
            pianist.press(NoteOn(60 + number % 8, 80, 1))
            pianist.press(NoteOff(60 + number % 8, 1))
            came += pianist.hear(2)
        assert len(ons(came)) == len(ODDITIES)
        assert not sounding(came)
        before = memory(running)
        send(pianist, [message for _ in range(60) for messages in ODDITIES.values() for message in sendable(messages)])
        pianist.press(NoteOn(64, 80, 1))
        pianist.press(NoteOff(64, 1))
        assert ons(pianist.hear(1))
        assert memory(running) < before + GROWTH
        running.stop()
    assert len(notes(recorded(tmp_path), "Performer")) == len(ODDITIES) + 1
    check_renders_again(tmp_path)


@pytest.mark.parametrize("thru", [False, True])
def test_a_melody_on_an_mpe_keyboard_is_answered_note_by_note(
    thru: bool, jack_server: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(f"[hands]\nthru = {str(thru).lower()}\nthru_channel = 3\n")
    with daemon("--name", "Roli", "--channel", "2", cwd=tmp_path) as running, Keyboard("Roli") as pianist:
        send(pianist, mpe_set_up())
        for number, pitch in enumerate(tone for tone, _ in PHRASE if tone is not None):
            start, end = mpe_note(pitch, 2 + number % 14)
            send(pianist, start)
            time.sleep(STEP)  # nearer together they'd be a chord
            send(pianist, end)
        played = number + 1
        came = pianist.hear_out()
        running.stop()
    melody = [each for each in came if getattr(each.event, "channel", None) == 2]
    assert len(ons(melody)) == played
    assert not sounding([each for each in came if isinstance(each.event, NoteOn | NoteOff)])
    passed = [each for each in came if each not in melody]
    assert len(ons(passed)) == (played if thru else 0)
    assert any(isinstance(each.event, Expression) for each in passed) == thru
    check_renders_again(tmp_path)


def on_two_channels() -> Iterator[tuple[float, NoteOn | NoteOff]]:
    """Yield the same pitch on several channels at a time, as an MPE keyboard with two fingers on a key's slide."""
    for number in range(6):
        start = number * 8 * STEP
        for channel in (2, 3, 4):
            yield start + channel * STEP, NoteOn(60 + number, 80, channel)
        for finger, channel in enumerate((3, 2, 4)):
            yield start + 7.5 * STEP + finger * 0.01, NoteOff(60 + number, channel)


@pytest.mark.parametrize("thru", [False, True])
def test_a_pitch_that_sounds_on_several_channels_is_answered_once_for_each_and_ends(thru: bool) -> None:
    player = improviser(channel=9, hands=InputRouting(thru=thru, thru_channel=10))
    messages: list[Timed] = []
    for moment, event in sorted(on_two_channels(), key=lambda each: each[0]):
        messages += player.receive(moment, event)
    messages += player.close(player.now + 1)
    check_sounding(messages)
    assert len([note for _, note in ons_at(messages) if note.channel == 9]) == 18
    assert len([note for _, note in ons_at(messages) if note.channel == 10]) == (18 if thru else 0)
    # What is passed on ends with the last finger, and not with the first.
    ended = {each.message.pitch: each.time for each in messages if each.message == NoteOff(each.message.pitch, 10)}
    assert ended == ({60 + number: (8 * number + 7.5) * STEP + 0.02 for number in range(6)} if thru else {})


# What ends all: a keyboard that is plugged in again says so


def answer_after(last: Sequence[Event], pedal: bool = False) -> list[Timed]:
    """Play a call whose last key (and the pedal) nobody has lifted when `last` comes; return all that is played."""
    player = improviser(3, mode="call-response")
    messages: list[Timed] = []
    if pedal:
        messages += player.receive(0.0, ControlChange(64, 127, 1))
    for beat in range(8):
        messages += player.receive(beat * 4 * STEP, NoteOn(60 + beat, 80, 1))
        if pedal or beat < 7:
            messages += player.receive((beat * 4 + 3) * STEP, NoteOff(60 + beat, 1))
    for event in last:
        messages += player.receive(32 * STEP, event)
    messages += player.advance(32 * STEP + 8)
    return messages + player.close(player.now)


@pytest.mark.parametrize("number", [120, 123, 124, 125, 126, 127])
def test_all_notes_off_ends_the_keys_that_are_down(number: int) -> None:
    released = answer_after([NoteOff(67, 1)])
    assert ons_at(released)
    assert answer_after([ControlChange(number, 0, 1)]) == released


def test_reset_all_controllers_lifts_the_pedal() -> None:
    lifted = answer_after([ControlChange(64, 0, 1)], pedal=True)
    assert ons_at(lifted)
    assert answer_after([ControlChange(121, 0, 1)], pedal=True) == lifted


def test_all_notes_off_of_another_channel_ends_nothing() -> None:
    assert answer_after([ControlChange(123, 0, 5)]) == answer_after([])
