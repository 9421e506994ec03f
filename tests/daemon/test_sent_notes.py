"""Wires that lose messages: what is sent a second time, what isn't, and that no note hangs."""

import json
import runpy
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.improviser.input.loopback import LoopbackFilter
from antiphon.midi.messages import ControlChange, Message, NoteOff, NoteOn
from antiphon.midi.protocol import ALL_NOTES_OFF, SUSTAIN
from antiphon.midi.sent_notes import QUIET_SECONDS, REPEAT_SECONDS, THIRD_SECONDS, SentNotes
from tests.conftest import reserved_name
from tests.daemon.faults import patched_daemon
from tests.daemon.live import PATIENCE, Keyboard, check_renders_again, daemon, ons, recorded, sounding

LOSSY = Path(__file__).parents[2] / "bench" / "lossy.py"
THRU = 5
SOON, AFTER = 0.001, 1e-9
"""Seconds: until the playing thread looks again, and more than a sum of floats is off by."""


@dataclass(frozen=True)
class Pause:
    """So many seconds pass."""

    seconds: float


places = st.tuples(st.sampled_from([60, 61]), st.sampled_from([1, 2]))
note_ons = places.map(lambda place: NoteOn(place[0], 80, place[1]))
note_offs = places.map(lambda place: NoteOff(*place))
pauses = st.sampled_from([0.0, 0.001, 0.02, REPEAT_SECONDS, 0.1, QUIET_SECONDS, 1.0]).map(Pause)
performances = st.lists(st.one_of(note_ons, note_offs, pauses), max_size=40)
losses = st.sets(st.integers(0, 60), max_size=8)


class Wire:
    """Sends what is played and what is due again, as the playing thread does, over a wire that loses some of it.

    Args:
        lost: which messages are lost, by number.
        tells: whether late cycles are counted where one is.
    """

    def __init__(self, lost: set[int] = frozenset(), tells: bool = False) -> None:  # type: ignore[assignment]
        self._lost = lost
        self._tells = tells
        self.notes = SentNotes()
        self.notes.send_once(THRU)
        self.now = 0.0
        self.late_cycles = 0
        self.left: list[tuple[float, Message]] = []
        self.repeats: list[tuple[float, Message]] = []
        self.repeat_numbers: set[int] = set()
        """Which of those that left are repeats."""
        self.sounding: dict[tuple[int, int], NoteOn] = {}
        """At the other end, as a synthesiser has it."""

    def play(self, performance: list[Message | Pause]) -> None:
        for each in performance:
            if isinstance(each, Pause):
                self.wait(each.seconds)
            elif self.notes.send(each):
                self._carry(each)

    def wait(self, seconds: float) -> None:
        """Let time pass, in which what is due leaves."""
        until = self.now + seconds
        self._repeat()
        while (moment := self.notes.next_time()) is not None and moment <= until:
            self.now = max(self.now, moment) + AFTER
            self._repeat()
        self.now = max(self.now, until)

    def close(self) -> None:
        for message in self.notes.end_all():
            self._carry(message)
        while messages := self.notes.last_due(self.late_cycles):
            self._carry_again(messages)

    def _repeat(self) -> None:
        self._carry_again(self.notes.due(self.now, self.late_cycles))

    def _carry_again(self, messages: list[Message]) -> None:
        for message in messages:
            self.repeats.append((self.now, message))
            self.repeat_numbers.add(len(self.left))
            self._carry(message)

    def _carry(self, message: Message) -> None:
        number = len(self.left)
        self.left.append((self.now, message))
        if number in self._lost:
            self.late_cycles += self._tells
            return
        if isinstance(message, NoteOn):
            self.sounding[message.channel, message.pitch] = message
        elif isinstance(message, NoteOff):
            self.sounding.pop((message.channel, message.pitch), None)
        elif isinstance(message, ControlChange) and message.controller == ALL_NOTES_OFF:
            self.sounding = {place: note for place, note in self.sounding.items() if place[0] != message.channel}


def hanging(wire: Wire) -> set[tuple[int, int]]:
    """Return what sounds at the other end and not at this one."""
    return set(wire.sounding) - {(note.channel, note.pitch) for note in wire.notes._sounding}


@given(performances, st.integers(0, 60))
def test_whichever_message_is_lost_nothing_hangs_after_the_repeat(
    performance: list[Message | Pause], lost: int
) -> None:
    wire = Wire({lost})
    wire.play(performance)
    wire.wait(REPEAT_SECONDS + SOON)
    assert not hanging(wire)


@given(performances, losses)
def test_losses_that_no_two_messages_of_a_pitch_share_leave_nothing_hanging(
    performance: list[Message | Pause], lost: set[int]
) -> None:
    wire = Wire(lost)
    wire.play(performance)
    wire.wait(REPEAT_SECONDS + SOON)
    for channel, pitch in hanging(wire):
        ends = [i for i, (_, each) in enumerate(wire.left) if each == NoteOff(pitch, channel)]
        assert set(ends[-2:]) <= lost


@given(performances, losses)
def test_where_losses_are_told_nothing_hangs_after_the_phrase_unless_its_silencing_is_lost_twice(
    performance: list[Message | Pause], lost: set[int]
) -> None:
    wire = Wire(lost, tells=True)
    wire.play(performance)
    wire.wait(QUIET_SECONDS + REPEAT_SECONDS + SOON)
    busy = {note.channel for note in wire.notes._sounding}
    for channel, _ in hanging(wire):
        silencing = [i for i, (_, each) in enumerate(wire.left) if each == ControlChange(ALL_NOTES_OFF, 0, channel)]
        assert channel in busy or (silencing and set(silencing[-2:]) <= lost)


@given(performances, losses)
def test_where_losses_are_told_nothing_hangs_in_mid_phrase_unless_three_messages_are_lost(
    performance: list[Message | Pause], lost: set[int]
) -> None:
    wire = Wire(lost, tells=True)
    wire.play(performance)
    wire.wait(REPEAT_SECONDS + THIRD_SECONDS + SOON)
    for channel, pitch in hanging(wire):
        ends = [i for i, (_, each) in enumerate(wire.left) if each == NoteOff(pitch, channel)]
        assert len(ends) >= 3 or channel == THRU
        assert set(ends[-3:]) <= lost


@given(performances)
def test_each_note_off_is_repeated_once_unless_its_pitch_starts_anew(performance: list[Message | Pause]) -> None:
    wire = Wire()
    wire.play(performance)
    wire.wait(1.0)
    expected = []
    for index, (moment, message) in enumerate(wire.left):
        if isinstance(message, NoteOff) and index not in wire.repeat_numbers:
            again = [
                when
                for when, each in wire.left[index + 1 :]
                if isinstance(each, NoteOn) and (each.pitch, each.channel) == (message.pitch, message.channel)
            ]
            if not again or again[0] >= moment + REPEAT_SECONDS:
                expected.append(message)
    assert [message for _, message in wire.repeats] == expected
    assert wire.notes.next_time() is None  # and whoever waits for it sleeps


@given(performances, losses)
def test_no_repeat_ends_a_younger_note(performance: list[Message | Pause], lost: set[int]) -> None:
    wire = Wire(lost, tells=True)
    for each in performance:
        wire.play([each])
        sounds = {(note.channel, note.pitch) for note in wire.notes._sounding}
        ended = {(each.channel, each.pitch) for _, each in wire.repeats if isinstance(each, NoteOff)}
        silenced = {each.channel for _, each in wire.repeats if isinstance(each, ControlChange)}
        assert not ended & sounds
        assert not silenced & {channel for channel, _ in sounds}
        wire.repeats.clear()


def on_and_off(pitch: int, channel: int) -> list[Message | Pause]:
    return [NoteOn(pitch, 80, channel), Pause(0.1), NoteOff(pitch, channel)]


def test_what_is_passed_on_is_never_repeated() -> None:
    wire = Wire({1}, tells=True)
    wire.play([*on_and_off(60, THRU), Pause(1.0)])
    assert not wire.repeats
    wire.play([*on_and_off(60, 1), Pause(1.0)])
    assert {message.channel for _, message in wire.repeats if isinstance(message, NoteOff | ControlChange)} == {1}


def test_a_process_that_stood_still_repeats_no_earlier_after_the_first() -> None:
    notes = SentNotes()
    notes.send(NoteOn(60, 80, 1))
    assert notes.due(1.0) == []
    notes.send(NoteOff(60, 1))  # … and then it stands still, for a second
    assert notes.due(2.0) == []
    assert notes.next_time() == 2.0 + REPEAT_SECONDS
    assert notes.due(2.0 + REPEAT_SECONDS) == [NoteOff(60, 1)]
    assert notes.next_time() is None


def test_all_notes_off_follows_a_phrase_in_which_a_cycle_was_late_and_only_that() -> None:
    silence = ControlChange(ALL_NOTES_OFF, 0, 1)
    wire = Wire({1}, tells=True)
    wire.play([*on_and_off(60, 1), Pause(1.0)])
    assert [message for _, message in wire.repeats] == [NoteOff(60, 1), NoteOff(60, 1), silence, silence]
    after = (
        REPEAT_SECONDS,
        REPEAT_SECONDS + THIRD_SECONDS,
        QUIET_SECONDS,
        QUIET_SECONDS + REPEAT_SECONDS,
    )
    assert [moment for moment, _ in wire.repeats] == [pytest.approx(0.1 + seconds) for seconds in after]
    wire.repeats.clear()
    wire.play([*on_and_off(60, 1), Pause(1.0)])
    assert [message for _, message in wire.repeats] == [NoteOff(60, 1)]


def test_a_note_off_and_its_repeat_may_both_be_lost_in_mid_phrase() -> None:
    wire = Wire({2, 3}, tells=True)
    wire.play([NoteOn(60, 80, 1), NoteOn(64, 80, 1), Pause(0.1), NoteOff(60, 1), Pause(REPEAT_SECONDS + SOON)])
    assert hanging(wire) == {(1, 60)}
    wire.wait(THIRD_SECONDS)
    assert not hanging(wire)
    assert wire.notes.next_time() is None  # not a fourth time


def test_a_note_off_is_sent_a_third_time_only_if_a_cycle_was_late_since_it_left() -> None:
    wire = Wire({0}, tells=True)
    wire.play([NoteOn(60, 80, 1), Pause(0.1), NoteOn(64, 80, 1), NoteOff(60, 1), Pause(1.0)])
    assert [message for _, message in wire.repeats] == [NoteOff(60, 1)]


def test_where_cycles_are_late_without_end_a_channel_that_is_silent_is_left_alone() -> None:
    notes = SentNotes()
    notes.send(NoteOn(60, 80, 1))
    notes.send(NoteOff(60, 1))
    messages = [each for tick in range(100) for each in notes.due(tick * 0.01, late_cycles=tick)]
    assert len(messages) == 4  # its note-off twice, and "all notes off" twice
    assert notes.next_time() is None


def test_all_notes_off_is_not_repeated_once_another_note_sounds() -> None:
    wire = Wire({1}, tells=True)
    wire.play([*on_and_off(60, 1), Pause(QUIET_SECONDS + SOON)])
    assert ControlChange(ALL_NOTES_OFF, 0, 1) in [message for _, message in wire.repeats]
    wire.repeats.clear()
    wire.play([NoteOn(62, 80, 1), Pause(1.0)])
    assert not wire.repeats


@given(performances, st.integers(0, 60))
def test_closing_ends_all_whichever_message_is_lost(performance: list[Message | Pause], lost: int) -> None:
    wire = Wire({lost})
    wire.play(performance)
    wire.close()
    assert not wire.sounding


def test_where_cycles_were_late_closing_ends_what_was_passed_on_too() -> None:
    wire = Wire({0}, tells=True)
    wire.play([ControlChange(SUSTAIN, 127, THRU), NoteOn(60, 80, THRU), NoteOn(64, 80, 1)])
    wire.close()
    assert [message for _, message in wire.left[3:]] == [
        NoteOff(64, 1),
        NoteOff(60, THRU),
        NoteOff(64, 1),
        ControlChange(SUSTAIN, 0, THRU),
        ControlChange(ALL_NOTES_OFF, 0, 1),
        ControlChange(ALL_NOTES_OFF, 0, THRU),
        ControlChange(ALL_NOTES_OFF, 0, 1),
        ControlChange(ALL_NOTES_OFF, 0, THRU),
    ]


def test_an_own_note_off_that_comes_back_twice_ends_no_key_of_the_performers() -> None:
    loopback = LoopbackFilter()
    note, end = NoteOn(64, 80, 1), NoteOff(64, 1)
    loopback.sent(0.0, note)
    assert loopback.is_echo(0.01, note)
    assert loopback.is_echo(0.30, end)
    assert not loopback.is_echo(0.31, NoteOn(64, 70, 1))  # the performer's
    assert loopback.is_echo(0.30 + REPEAT_SECONDS, end)
    assert not loopback.is_echo(0.35, end)  # the performer's


def test_what_does_not_come_back_a_second_time_is_not_waited_for() -> None:
    loopback = LoopbackFilter()
    loopback.sent(0.0, NoteOn(64, 80, 1))
    assert loopback.is_echo(0.01, NoteOn(64, 80, 1))
    assert loopback.is_echo(0.3, NoteOff(64, 1))
    assert not loopback.is_echo(0.3 + 3 * REPEAT_SECONDS, NoteOff(64, 1))


# On real ports


def repeats(pianist: Keyboard) -> list[NoteOff]:
    """Return the note-offs that came a second time by now."""
    came = []
    while not pianist.repeats.empty():
        came.append(pianist.repeats.get().event)
    return [event for event in came if isinstance(event, NoteOff)]


def test_a_note_off_comes_twice_but_for_what_is_passed_on_and_is_recorded_once(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("[hands]\nthru = true\nthru_channel = 5\n")
    with daemon("--name", "Twice", "--seed", "3", cwd=tmp_path) as running, Keyboard("Twice") as pianist:
        pianist.press(NoteOn(64, 80, 3))
        pianist.press(NoteOff(64, 3))
        came = pianist.hear_until(lambda events: len(ons(events)) == 2 and not sounding(events))
        (answer,) = (note for note in ons(came) if note.channel == 1)
        second = pianist.repeats.get(timeout=PATIENCE)
        assert second.event == NoteOff(answer.pitch, 1)
        (first,) = (each.time for each in came if each.event == second.event)
        assert second.time - first > REPEAT_SECONDS / 2
        pianist.press(NoteOn(67, 80, 3))
        (_, other) = sorted(ons(pianist.hear(2)), key=lambda note: note.channel == 1)
        running.stop()
        ended = {each.event: each.time for each in pianist.heard()}
        again = pianist.repeats.get(timeout=PATIENCE)
        while again.event == second.event != NoteOff(other.pitch, 1):  # a third time, since a cycle was late
            again = pianist.repeats.get(timeout=PATIENCE)
        assert again.event == NoteOff(other.pitch, 1)
        assert again.time - ended[again.event] > REPEAT_SECONDS / 2
        assert set(repeats(pianist)) <= {again.event}
    (track,) = (each for each in mido.MidiFile(recorded(tmp_path)).tracks if each.name == "Antiphon")
    own = [message for message in track if getattr(message, "channel", None) == 0]
    assert [message.type for message in own] == ["note_on", "note_off"] * 2
    check_renders_again(tmp_path)


LATE = """
from antiphon import clock
from antiphon.midi.jack_monitor import JackServerMonitor
JackServerMonitor.late_cycles = property(lambda _: int(clock.now() * 1000))
"""
"""Each millisecond, a cycle is late."""


def test_where_the_server_says_that_cycles_are_late_more_is_sent_again(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with patched_daemon(LATE, "--name", "Late", "--seed", "3", cwd=tmp_path), Keyboard("Late") as pianist:
        pianist.press(NoteOn(64, 80, 3))
        pianist.press(NoteOff(64, 3))
        (note,) = ons(pianist.hear(2))
        again = [pianist.repeats.get(timeout=PATIENCE).event for _ in range(4)]
        assert again == [NoteOff(note.pitch, 1)] * 2 + [ControlChange(ALL_NOTES_OFF, 0, 1)] * 2


DROPS = """
from antiphon.midi.port import Port
start = Port.start
def lossy(self):
    start(self)
    if self.direction == "output":
        send, lost = self.client.send, set()
        def drop(data):
            if data[0] >> 4 == 8 and bytes(data) not in lost:
                lost.add(bytes(data))
            else:
                send(data)
        self.client.send = drop
Port.start = lossy
"""
"""Each pitch's first note-off is lost."""


def test_a_note_whose_first_note_off_is_lost_ends_all_the_same_at_the_sessions_end_too(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    # The bare prediction: two pitches that differ.
    options = ("--name", "Drops", "--channel", "2", "--seed", "5", "--harmony", "0", "--memory", "0")
    with patched_daemon(DROPS, *options, cwd=tmp_path) as running, Keyboard("Drops") as pianist:
        pianist.press(NoteOn(63, 80, 1))
        (note,) = ons(pianist.hear(1))
        pianist.press(NoteOff(63, 1))
        assert pianist.hear(1) == [NoteOff(note.pitch, 2)]
        pianist.press(NoteOn(70, 80, 1))
        (last,) = ons(pianist.hear(1))
        running.stop()
        assert pianist.heard()[0].event == NoteOff(last.pitch, 2)
    assert last.pitch != note.pitch


SLOW_DISK = """
import time
from antiphon.live.recording_switch import RecordingSwitch
close = RecordingSwitch.close
def slow(self):
    time.sleep(2)
    close(self)
RecordingSwitch.close = slow
"""


def test_what_ends_the_last_notes_does_not_wait_for_the_disk(jack_server: dict[str, str], tmp_path: Path) -> None:
    with patched_daemon(SLOW_DISK, "--name", "Disk", cwd=tmp_path) as running, Keyboard("Disk") as pianist:
        pianist.press(NoteOn(63, 80, 1))
        (note,) = ons(pianist.hear(1))
        running.stop()
        ended = time.monotonic()
        again = pianist.repeats.get(timeout=PATIENCE)
    assert again.event == NoteOff(note.pitch, 1)
    assert ended - again.time > 1.5


CLOSES = """
import sys
from antiphon.midi.connection import Connection
from antiphon.midi.messages import NoteOn, Packet
class Nobody:
    def lost(self, what): pass
    def back(self, what, reconnect): pass
connection = Connection("jack", "Closes", "", "", lambda _: None, Nobody())
connection.open()
print("open", flush=True)
sys.stdin.readline()
connection.send(Packet(0.0, bytes([0x90, 64, 80]), NoteOn(64, 80, 1)))
sys.stdin.readline()
assert connection.close()
"""


def test_whoever_closes_a_connection_ends_what_sounds(jack_server: dict[str, str]) -> None:
    command = [sys.executable, "-c", CLOSES]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with Keyboard("Closes") as pianist:
            process.stdin.write("\n")
            assert pianist.hear(1) == [NoteOn(64, 80, 1)]
            process.stdin.write("\n")
            assert pianist.hear(1) == [NoteOff(64, 1)]
            assert pianist.repeats.get(timeout=PATIENCE).event == NoteOff(64, 1)
            assert process.wait(PATIENCE) == 0


def test_the_bench_counts_from_a_notes_own_end_until_it_sounds_no_more() -> None:
    bench = runpy.run_path(str(LOSSY))
    note, ears, past_its_end = bench["Note"], bench["Ears"](), bench["past_its_end"]
    meant = [note(60, 0.0, 0.5), note(62, 0.6, 0.9), note(60, 1.0, 1.5)]
    assert past_its_end(note(60, 0.1, 0.8), meant) == pytest.approx(0.3)
    assert past_its_end(note(60, 1.1, 4.5), meant) == pytest.approx(3.0)  # in mid-phrase or not
    for message in ([0x90, 60, 64], [0x90, 62, 64], [0x90, 60, 64], [0x80, 62, 0], [0x80, 62, 0], [0xB0, 123, 0]):
        ears.hear(message)
    ears.hear([0x90, 65, 64])
    ears.end_all()
    assert [each.pitch for each in ears.sounded] == [60, 62, 60, 65]
    assert dict(ears.came) == {"note-ons": 4, "note-offs": 2, "all notes off": 1}


def test_nothing_hangs_on_a_server_that_drops_messages() -> None:
    """The figures of `bench/lossy.py`, in small; the second core is busy."""
    with reserved_name() as name:
        command = [sys.executable, str(LOSSY), "--notes", "96", "--server", name, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    antiphon = found["antiphon"]
    assert antiphon["played"] == 96
    assert antiphon["hanging"] == 0
    assert antiphon["note-offs"] > 1.5 * antiphon["note-ons"]
    assert found["late cycles"] == 0 or antiphon["all notes off"] > 0
    assert antiphon["lost"] == sum(found["ways"].values())
