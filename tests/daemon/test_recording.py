"""Recording, and reading back: the same bits, after any crash."""

from __future__ import annotations

import errno
import io
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from antiphon.errors import UserError
from antiphon.improviser.events import Event, Timed
from antiphon.midi.codec import decode
from antiphon.recording import journal as journal_module
from antiphon.recording import recorder as recorder_module
from antiphon.recording.entries import (
    Entry,
    KeyHeard,
    Marker,
    ModelChanged,
    PortBack,
    PortLost,
    Press,
    Received,
    Resumed,
    Sent,
    Set,
    TempoHeard,
)
from antiphon.recording.midi_reader import in_order
from antiphon.recording.performance_file import read_performance
from antiphon.recording.recorder import Recorder, recover
from antiphon.recording.session_file import Track, build, message_event, read_session, read_summary
from antiphon.recording.tempo_map import TICKS_PER_BEAT, TempoMap, microseconds_a_beat
from tests.daemon.full_disk import full_disk
from tests.daemon.midi_files import received, sent
from tests.daemon.test_improviser import improviser
from tests.daemon.test_journal import wait_for

ON, OFF, ANSWER = [0x90, 60, 64], [0x80, 60, 0], [0x90, 72, 64]
HEADER = {"model": "essen", "seed": 7}


def begin(folder: Path, said: list[str] | None = None, bpm: float = 100) -> Recorder:
    return Recorder(folder, HEADER, bpm, (said if said is not None else []).append)


def played(folder: Path) -> Path:
    recorder = begin(folder)
    recorder.add(*received(recorder.enter(0.5), ON))
    recorder.add(*sent(0.5, ANSWER))
    path = recorder.close()
    assert path is not None
    return path


# What is entered is what is read.

seven_bits = st.integers(0, 127)
channel_messages = st.one_of(
    st.tuples(st.sampled_from([0x80, 0x90, 0xA0, 0xB0, 0xE0, 0x9F]), seven_bits, seven_bits),
    st.tuples(st.sampled_from([0xC3, 0xD0]), seven_bits),
)
system_messages = st.one_of(
    st.sampled_from([(0xF8,), (0xFA,), (0xFB,), (0xFC,), (0xFF,), (0xF6,)]),
    st.tuples(st.just(0xF2), seven_bits, seven_bits),
    st.tuples(st.sampled_from([0xF1, 0xF3]), seven_bits),
    st.lists(seven_bits, max_size=200).map(lambda content: (0xF0, *content, 0xF7)),
)
doings = st.one_of(
    (channel_messages | system_messages).map(lambda data: Received(bytes(data), decode(data))),
    channel_messages.map(lambda data: Sent(bytes(data), decode(data))),
    st.builds(TempoHeard, st.floats(3, 2000)),
    st.builds(KeyHeard, st.integers(-7, 7)),
    st.builds(Marker, st.text(max_size=10)),
    st.builds(PortLost, st.text(st.characters(exclude_categories=("Cs",)), max_size=20)),
    st.builds(Set, st.sampled_from(["temperature", "key"]), st.floats(0, 10) | st.text("abc")),
    st.sampled_from([Press("tap"), ModelChanged("essen"), Resumed(0.1), PortBack("here"), Set("record", value=True)]),
)
# Mostly forward, sometimes back: RtMidi's thread and the performing one needn't agree.
waits = st.floats(-0.01, 3) | st.floats(-1, 0) | st.floats(0, 20_000) | st.just(0.0)


class Kept:
    """A journal in memory, in the real one's place: the disk isn't what is asked about here."""

    def __init__(self, *_: Any) -> None:
        self.entries: list[bytes] = []
        self.append = self.entries.append


@settings(max_examples=300, deadline=None)
@given(bpm=st.floats(3, 2000), steps=st.lists(st.tuples(waits, doings), max_size=60))
def test_what_is_read_back_has_the_very_times_that_were_entered(
    bpm: float, steps: list[tuple[float, Entry]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder_module, "Journal", Kept)
        recorder = begin(Path("nowhere"), bpm=bpm)
    now, entered = 0.0, list[tuple[float, Any]]()
    for wait, entry in steps:
        now += wait
        if isinstance(entry, Sent | TempoHeard | KeyHeard | Marker | PortBack):
            recorder.add(now, entry)
            continue
        time = recorder.enter(now)
        recorder.add(time, entry)
        if entry != Set("record", value=True):
            entered.append((time, entry.data if isinstance(entry, Received) else entry))
    path = tmp_path_factory.getbasetemp() / "session.mid"
    path.write_bytes(build(recorder_module._decoded(recorder._journal.entries))[0])  # type: ignore[attr-defined]
    session = read_session(path)
    assert session.events == entered
    assert all(before[0] <= after[0] for before, after in pairwise(entered))
    assert session.header is not None
    assert session.header | HEADER == session.header
    check_form(mido.MidiFile(path))
    # The reader of any MIDI file gives the same ticks the same times.
    if any(given[0] & 0xF0 == 0x90 and given[2] for _, given in entered if isinstance(given, bytes)):
        other = read_performance(path)
        times = {other.file.tempo_map.time_of(tick) for tick, _ in in_order(other.tracks)}
        assert {time for time, _ in entered} <= times


def check_form(file: mido.MidiFile) -> None:
    """Check what other programs count on."""
    assert (file.type, file.ticks_per_beat) == (1, TICKS_PER_BEAT)
    assert [track.name for track in file.tracks] == ["Tempo", "Performer", "Antiphon"]
    for number, track in enumerate(file.tracks):
        assert [message.type for message in track].index("end_of_track") == len(track) - 1
        assert all(message.time <= 0x0FFFFFFF for message in track)
        assert not number or not any(message.type in ("set_tempo", "key_signature", "marker") for message in track)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 0xFFFFFF)), max_size=8), st.integers(0, 10**7))
def test_a_tick_is_found_again_by_its_time(changes: list[tuple[int, int]], tick: int) -> None:
    tempo_map, at = TempoMap(), 0
    for distance, microseconds in changes:
        at += distance
        tempo_map.change(at, microseconds)
    assert tempo_map.tick_at(tempo_map.time_of(tick)) == tick


def test_rounding_moves_a_time_by_half_a_tick_at_most() -> None:
    tempo_map = TempoMap(microseconds_a_beat(100))
    for time in (0.0, 0.1, 1.23456, 1000.0001):
        assert tempo_map.time_of(tempo_map.tick_at(time)) == approx(time, abs=0.6 / TICKS_PER_BEAT / 2 + 1e-12)
    assert tempo_map.tick_at(-1) == 0


@settings(deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.floats(-0.02, 0.4),  # notes come late for the clock, too
            st.none() | st.tuples(st.sampled_from([0x80, 0x90]), st.integers(55, 75), st.integers(0, 127)),
            st.none() | st.floats(90, 110),
        ),
        max_size=60,
    )
)
def test_a_recorded_session_is_answered_as_it_was_live(
    steps: list[tuple[float, tuple[int, int, int] | None, float | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder_module, "Journal", Kept)
        recorder = begin(Path("nowhere"))
    live, again = improviser(), improviser()
    answer, now = list[Timed](), 0.0
    for wait, message, bpm in steps:
        now += wait
        if bpm is not None:
            recorder.add(now, TempoHeard(bpm))
        time = recorder.enter(now)
        if message is None:
            answer += live.advance(time)
        else:
            recorder.add(*received(time, message))
            answer += live.receive(time, heard(message))
    path = tmp_path_factory.getbasetemp() / "session.mid"
    path.write_bytes(build(recorder_module._decoded(recorder._journal.entries))[0])  # type: ignore[attr-defined]
    rendered = [t for time, given in read_session(path).events for t in again.receive(time, heard(given))]
    end = recorder.enter(now + 10)
    assert rendered + again.close(end) == answer + live.close(end)


def heard(given: Any) -> Event:
    event = decode(given)
    assert event is not None
    return event


def test_a_tempo_leaves_the_times_that_were_entered(tmp_path: Path) -> None:
    recorder = begin(tmp_path, bpm=60)
    time = recorder.enter(10.0)
    recorder.add(5.0, TempoHeard(120))  # decided late
    recorder.add(*received(time, ON))
    path = recorder.close()
    assert path is not None
    assert read_session(path).events == [(10.0, bytes(ON))]


def test_a_tempo_comes_after_the_one_before(tmp_path: Path) -> None:
    recorder = begin(tmp_path, bpm=60)
    recorder.add(2.0, TempoHeard(120))
    recorder.add(1.0, TempoHeard(30))
    time = recorder.enter(4.0)
    recorder.add(*received(time, ON))
    path = recorder.close()
    assert path is not None
    assert time == 4.0
    assert read_session(path).events == [(time, bytes(ON))]


# What a file holds.


def test_a_session_as_other_programs_see_it(tmp_path: Path) -> None:
    recorder = begin(tmp_path / "new")
    recorder.add(0, KeyHeard(-3))
    recorder.add(0, Marker("next-note"))
    recorder.add(*received(recorder.enter(0.6), ON))
    recorder.add(*sent(0.61, ANSWER))
    recorder.add(1.2, TempoHeard(120))
    recorder.add(*received(recorder.enter(1.2), OFF))
    recorder.add(*received(recorder.enter(1.2), [0xF8]))
    recorder.add(*sent(1.7, [0x80, 72, 0]))
    recorder.add(1.7, Marker("port “Digital Piano” is gone"))
    path = recorder.close()
    assert path is not None
    assert [file.name for file in (tmp_path / "new").iterdir()] == [path.name]
    assert path.suffix == ".mid"
    file = mido.MidiFile(path)
    check_form(file)
    tempo, performer, antiphon = file.tracks
    kinds = [message.type for message in tempo]
    wanted = "track_name text text set_tempo key_signature marker set_tempo marker end_of_track"
    assert kinds == wanted.split()
    assert [message.key for message in tempo if message.type == "key_signature"] == ["Eb"]
    assert [message.text for message in tempo if message.type == "marker"] == [
        "next-note",
        "port ?Digital Piano? is gone",
    ]
    assert [m.type for m in performer][1:] == ["note_on", "note_off", "sequencer_specific", "end_of_track"]
    assert [m.type for m in antiphon][1:] == ["note_on", "note_off", "end_of_track"]
    assert file.length == approx(1.7, abs=0.001)
    header, summary = read_summary(path)
    assert header is not None
    assert (header["model"], header["seed"]) == ("essen", 7)
    assert (summary.seconds, summary.played, summary.answered) == (approx(1.7, abs=0.001), 1, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such permissions")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = played(tmp_path / "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_where_the_performer_played_nothing_there_is_no_file(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.add(*sent(1, ANSWER))
    recorder.add(*received(recorder.enter(1), [0xF8]))
    recorder.add(*received(recorder.enter(1), [0x90, 60, 0]))
    assert recorder.close() is None
    assert list(tmp_path.iterdir()) == []


def test_names_are_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(recorder_module.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Stopped:
            return cls(2026, 1, 2, 3, 4, 5)

    monkeypatch.setattr(recorder_module, "datetime", Stopped)
    both = [begin(tmp_path), begin(tmp_path)]
    for recorder in both:
        recorder.add(*received(recorder.enter(0), ON))
    paths = {recorder.close() for recorder in both} | {played(tmp_path)}
    assert paths == {tmp_path / f"2026-01-02 03-04-05{number}.mid" for number in ("", " (2)", " (3)")}
    assert paths == set(tmp_path.iterdir())


@pytest.mark.parametrize(
    "message",
    [
        *([], [60], [0x90], [0x90, 60], [0x90, 60, 200], [0x90, 200, 60], [0x90, 60, 64, 64], [0xC0, 1, 2]),
        *([0xF0], [0xF0, 1], [0xF0, 200, 0xF7], [0xF0, *[1] * 10_000, 0xF7], [0xF2, 1], [0xF8, 1]),
        *([0xF4], [0xF7], [0xF9], [0xFE]),
    ],
)
def test_what_is_malformed_or_of_no_concern_is_left_out(message: list[int]) -> None:
    assert message_event(message) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 255), max_size=6))
def test_any_bytes_leave_a_whole_file(message: list[int]) -> None:
    event = message_event(message)
    if event is None:
        return
    content, _ = build([(Track.PERFORMER, 0, event), (Track.PERFORMER, 1, bytes(ON))])
    assert [m.bytes() for m in mido.MidiFile(file=io.BytesIO(content)).tracks[1] if not m.is_meta][-1] == ON


def test_a_wait_of_days_is_one_that_a_file_can_say(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.add(*received(recorder.enter(0), ON))
    recorder.add(*received(recorder.enter(300_000), OFF))
    path = recorder.close()
    assert path is not None
    check_form(mido.MidiFile(path))
    assert read_session(path).events == [(0.0, bytes(ON)), (approx(300_000), bytes(OFF))]


def test_a_file_by_others_has_no_header(tmp_path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=96)
    file.add_track("a").append(mido.Message("note_on", note=60, velocity=1, time=96))
    file.add_track("b").append(mido.Message("control_change", control=1, value=2, time=48))
    file.save(tmp_path / "a.mid")
    session = read_session(tmp_path / "a.mid")
    assert session.header is None
    assert session.events == [(0.25, b"\xb0\x01\x02"), (0.5, b"\x90\x3c\x01")]


@pytest.mark.parametrize("content", [b"", b"RIFF....WAVEfmt ", b"MThd\0\0\0\6\0\1\0\1\xe7\x28"])
def test_what_is_no_midi_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"no MIDI file|film frames"):
        read_session(path)
    with pytest.raises(UserError, match="No such file"):
        read_session(tmp_path / "missing.mid")


# Crashes.

ENDLESS = """
import sys
from pathlib import Path
from antiphon.midi.codec import encode
from antiphon.midi.messages import NoteOn
from antiphon.recording.entries import Received, Sent
from antiphon.recording.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]), {"model": "essen"}, 100, print)
number = 0
while True:
    seconds = recorder.enter(number / 10)
    recorder.add(seconds, Received(encode(note := NoteOn(number % 128, 64, 1)), note))
    recorder.add(seconds, Sent(encode(note := NoteOn(number % 128, 65, 1)), note))
    number += 1
    print(number, flush=True)
    sys.stdin.readline()
"""


class Child:
    """A process that records a note whenever it is told to."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self.play()

    def play(self) -> int:
        """Let it play one more note; return how many it has played before."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        number = int(self.process.stdout.readline())
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return number

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        self.process.communicate()
        if sys.platform != "win32":
            assert self.process.returncode == -signal.SIGKILL


def notes_in(journal: Path) -> int:
    return sum(entry[9:10] == b"\x90" for entry in journal_module.records(journal.read_bytes()))


def test_a_session_that_was_killed_is_recovered(tmp_path: Path) -> None:
    child = Child(tmp_path)
    for _ in range(50):
        told = child.play()
    wait_for(lambda: [j for j in tmp_path.glob("*.journal") if notes_in(j) >= 2 * told])
    # Another Antiphon that starts meanwhile leaves it alone.
    said: list[str] = []
    assert recover(tmp_path, said.append) == []
    assert said == []
    for _ in range(20):
        told = child.play()  # perhaps within the second that may be lost
    child.kill()
    [path] = recover(tmp_path, said.append)
    assert list(tmp_path.iterdir()) == [path]
    assert len(said) == 1
    assert str(path) in said[0]
    events = read_session(path).events
    assert 50 <= len(events) <= told + 1
    assert [given for _, given in events] == [bytes([0x90, number, 64]) for number in range(len(events))]
    answer = [message for message in mido.MidiFile(path).tracks[2] if not message.is_meta]
    assert sum(m.type == "note_on" for m in answer) == sum(m.type == "note_off" for m in answer) >= 50
    assert recover(tmp_path, said.append) == []


def test_a_journal_cut_at_any_length_is_recovered(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    for number in range(4):
        recorder.add(*received(recorder.enter(number), ON))
        recorder.add(*sent(number, ANSWER))
    assert recorder._journal.finish(20)
    recorder._journal.leave()
    [journal] = tmp_path.iterdir()
    content = journal.read_bytes()
    journal.unlink()
    counts = set()
    for length in range(len(content) + 1):
        journal.write_bytes(content[:length])
        said: list[str] = []
        found = recover(tmp_path, said.append)
        assert list(tmp_path.iterdir()) == found
        assert len(said) == len(found)
        events = [read_session(path).events for path in found]
        counts.add(len(events[0]) if events else 0)
        for path in found:
            path.unlink()
    assert counts == {0, 1, 2, 3, 4}


def test_a_crash_between_writing_and_removing_gives_one_file(tmp_path: Path) -> None:
    path = played_and_left(tmp_path)
    content = path.read_bytes()
    assert recover(tmp_path, lambda _: None) == [path]
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == content


def played_and_left(folder: Path) -> Path:
    """Record a session whose end is cut short: file and journal are both there."""
    recorder = begin(folder)
    recorder.add(*received(recorder.enter(0.5), ON))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder._journal, "remove", recorder._journal.leave)
        path = recorder.close()
    assert path is not None
    assert path.with_suffix(".journal").exists()
    return path


def test_recovering_overwrites_nothing(tmp_path: Path) -> None:
    path = played_and_left(tmp_path)
    path.write_bytes(b"something else")
    [found] = recover(tmp_path, lambda _: None)
    assert found.name == f"{path.stem} (2).mid"
    assert path.read_bytes() == b"something else"


def test_what_isnt_a_journal_is_said_and_left(tmp_path: Path) -> None:
    strange = tmp_path / "strange.journal"
    strange.write_bytes(b"dear diary")
    said: list[str] = []
    assert recover(tmp_path, said.append) == []
    assert recover(tmp_path / "missing", said.append) == []
    assert [strange] == list(tmp_path.iterdir())
    assert len(said) == 1


# Faults of the disk.


def test_a_full_disk_ends_no_playing_and_loses_nothing_once_there_is_room(tmp_path: Path) -> None:
    with full_disk(tmp_path) as (folder, ballast):
        said: list[str] = []
        recorder = begin(folder, said)
        count = 0
        while not said:  # as long as it takes to fill the disk
            for _ in range(500):
                recorder.add(*received(recorder.enter(count / 100), ON))
                count += 1
            wait_for(lambda: said or not recorder._journal._unwritten)
        recorder.add(*received(recorder.enter(count / 100), OFF))
        assert recorder.close() is None
        assert len(said) == 2  # that it can't record, and at the end where the recording is
        assert "No space left" in said[0]
        assert "playing goes on" in said[0]
        [journal] = folder.glob("*.journal")
        assert str(journal) in said[1]
        assert sorted(folder.iterdir()) == sorted([ballast, journal])  # nothing half written
        ballast.unlink()
        [path] = recover(folder, said.append)
        events = read_session(path).events
        assert 0 < len(events) <= count + 1
        assert all(given == bytes(ON) for _, given in events[:count])


@pytest.mark.parametrize("fault", ["a file in its place", "removed", "removed and a file in its place"])
def test_a_folder_that_cant_be_written_ends_no_playing(tmp_path: Path, fault: str) -> None:
    folder, said = tmp_path / "sessions", list[str]()
    if fault == "a file in its place":
        folder.write_text("")
    recorder = begin(folder, said)
    recorder.add(*received(recorder.enter(0), ON))
    if fault != "a file in its place":
        wait_for(lambda: [j for j in folder.glob("*.journal") if notes_in(j) == 1])
        [journal] = folder.iterdir()
        journal.unlink()
        folder.rmdir()
        if fault != "removed":
            folder.write_text("")
    recorder.add(*received(recorder.enter(1), OFF))
    wait_for(lambda: said)
    recorder.add(*received(recorder.enter(2), ON))
    path = recorder.close()
    assert len([line for line in said if "playing goes on" in line]) == 1
    if fault == "removed":
        assert path is not None
        assert [given for _, given in read_session(path).events] == [bytes(ON), bytes(OFF), bytes(ON)]
    else:
        assert path is None
        assert len(said) <= 2


def test_a_folder_that_refuses_ends_no_playing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:  # the superuser writes to any folder, so the system is asked to refuse
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(journal_module.os, "open", refuse)
    said: list[str] = []
    recorder = begin(tmp_path, said)
    recorder.add(*received(recorder.enter(0), ON))
    wait_for(lambda: said)
    assert recorder.close() is None
    assert len(said) == 1
    assert "Read-only file system" in said[0]


def test_a_disk_that_is_read_only_ends_no_playing(tmp_path: Path) -> None:
    with full_disk(tmp_path) as (folder, ballast):
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        said: list[str] = []
        recorder = begin(folder, said)
        recorder.add(*received(recorder.enter(0), ON))
        wait_for(lambda: said)
        recorder.add(*received(recorder.enter(1), OFF))
        assert recorder.close() is None
        assert len(said) == 1
        assert "Read-only file system" in said[0]


def test_a_slow_disk_doesnt_hold_up_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = begin(tmp_path, said := [])
    recorder.add(*received(recorder.enter(0), ON))
    monkeypatch.setattr(recorder._journal, "finish", lambda _seconds: False)
    assert recorder.close() is None
    assert "next start" in said[0]


def test_no_call_fails_after_the_end(tmp_path: Path) -> None:
    recorder = begin(tmp_path)
    recorder.add(*received(recorder.enter(0), ON))
    recorder.close()
    calls: list[Callable[[], object]] = [
        lambda: recorder.add(*received(recorder.enter(1), ON)),
        lambda: recorder.add(*sent(1, ON)),
        lambda: recorder.add(1, TempoHeard(90)),
        lambda: recorder.add(1, Marker("late")),
    ]
    for call in calls:
        call()


# Recordings of other formats.


def in_format(number: bytes, path: Path, told: bytes = b"") -> Path:
    """Make a recording one of another format; `told` stands in it as what was told in no message."""
    content = path.read_bytes().replace(b"Antiphon session 2 ", b"Antiphon session " + number + b" ")
    track = content.index(b"MTrk", content.index(b"MTrk") + 1)
    length = int.from_bytes(content[track + 4 : track + 8], "big") + len(told)
    path.write_bytes(content[: track + 4] + length.to_bytes(4, "big") + told + content[track + 8 :])
    return path


def test_a_recording_by_an_older_antiphon_is_read_where_all_was_played(tmp_path: Path) -> None:
    session = read_session(in_format(b"1", played(tmp_path)))
    assert session.header is not None
    assert [given for _, given in session.events] == [bytes(ON)]


@pytest.mark.parametrize(
    ("number", "told", "which"),
    [(b"1", b"\0\xff\x7f\x0b\x7d\0key auto!", "an older"), (b"3", b"", "a newer"), (b"x", b"", "a newer")],
)
def test_a_recording_of_another_format_is_listed_and_refused_in_a_line(
    tmp_path: Path, number: bytes, told: bytes, which: str
) -> None:
    path = in_format(number, played(tmp_path), told)
    header, summary = read_summary(path)
    assert header is not None
    assert (header["model"], summary.played) == ("essen", 1)
    with pytest.raises(UserError, match=f"recorded by {which} Antiphon"):
        read_session(path)
