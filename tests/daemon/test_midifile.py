import contextlib
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon.errors import UserError
from antiphon.improviser.events import TempoChange, Timed
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.recording import midi_chunks
from antiphon.recording.midi_reader import read_midi_file
from antiphon.recording.performance_file import read_performance, write_duet
from antiphon.recording.tempo_map import TempoMap, microseconds_a_beat


def save(path: Path, *tracks: list[mido.Message], ticks_per_beat: int = 96) -> Path:
    file = mido.MidiFile(ticks_per_beat=ticks_per_beat)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    file.save(path)
    return path


def on(pitch: int, time: int = 0, channel: int = 0, velocity: int = 64) -> mido.Message:
    return mido.Message("note_on", note=pitch, velocity=velocity, channel=channel, time=time)


def off(pitch: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=pitch, channel=channel, time=time)


def tempo(bpm: float, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm), time=time)


@given(st.lists(st.tuples(st.integers(1, 10_000), st.floats(20, 400)), max_size=5), st.integers(0, 100_000))
def test_ticks_and_seconds_are_inverse(changes: list[tuple[int, float]], tick: int) -> None:
    tempo_map, at = TempoMap(ticks_per_beat=96), 0
    for distance, bpm in changes:
        at += distance
        tempo_map.change(at, microseconds_a_beat(bpm))
    assert tempo_map.tick_at(tempo_map.time_of(tick)) == tick


def test_tempo_changes_give_the_notes_their_times(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", [tempo(60), tempo(120, 96)], [on(60), off(60, 96), on(62), off(62, 96)])
    assert read_performance(path).events(keep_tempo=True) == [
        (0.0, TempoChange(60)),
        (0.0, NoteOn(60, 64, 1)),
        (1.0, TempoChange(120)),
        (1.0, NoteOff(60, 1)),
        (1.0, NoteOn(62, 64, 1)),
        (1.5, NoteOff(62, 1)),
    ]


def test_drums_are_no_melody_and_a_note_on_without_velocity_is_an_end(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", [on(60), on(36, channel=9), on(60, 96, velocity=0), off(36, channel=9)])
    assert read_performance(path).events(keep_tempo=False) == [(0.0, NoteOn(60, 64, 1)), (0.5, NoteOff(60, 1))]


def test_a_duet_keeps_the_performance_and_its_tempo(tmp_path: Path) -> None:
    performer = [mido.MetaMessage("track_name", name="p"), on(60), off(60, 24), on(62), off(62, 96)]
    source = save(tmp_path / "a.mid", [tempo(60), tempo(120, 24)], performer, ticks_per_beat=24)
    answer = [Timed(0.5, NoteOn(72, 99, 3)), Timed(0.561, NoteOff(72, 3)), Timed(2.0, NoteOn(74, 98, 3))]
    write_duet(tmp_path / "b.mid", read_performance(source), answer)
    written = mido.MidiFile(tmp_path / "b.mid")
    assert [track.name for track in written.tracks] == ["Tempo", "p", "Antiphon"]
    before, after = read_performance(source), read_performance(tmp_path / "b.mid")
    assert [after.file.tempo_map.time_of(480 * beat) for beat in range(9)] == approx(
        [before.file.tempo_map.time_of(24 * beat) for beat in range(9)]
    )
    mine = [pair for pair in after.events(True) if getattr(pair[1], "channel", 1) == 1]
    assert mine == [(approx(time), event) for time, event in before.events(True)]
    theirs = [(time, event) for time, event in after.events(False) if event.channel == 3]  # type: ignore[union-attr]
    assert theirs == [(approx(timed.time, abs=0.001), timed.message) for timed in answer]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no MIDI file"),
        (b"RIFF....WAVEfmt ", "no MIDI file"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x00\x60MTrk\x00\x00\x00\x20\x00\x90\x40", "no MIDI file"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x00\x00\x60", "no note"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x00\xe7\x28", "film frames"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x00\x00\x00", "0 ticks per quarter"),
    ],
)
def test_what_is_no_midi_file_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(content)
    with pytest.raises(UserError, match=complaint) as refused:
        read_performance(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        read_performance(tmp_path / "missing.mid")
    with pytest.raises(UserError, match="is a folder; a file is needed there"):
        read_performance(tmp_path)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.mid"
    path.write_bytes(b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x00\x60MTrk" + len(noise).to_bytes(4, "big") + noise)
    with contextlib.suppress(UserError):
        assert read_performance(path).channels


@pytest.mark.parametrize("tracks", [1, 3])
def test_a_file_of_too_many_events_is_refused_before_it_fills_the_memory(
    tracks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(midi_chunks, "MIDI_FILE_EVENTS", 3000)
    path = tmp_path / "tune.mid"
    events = 3000 // tracks - 1

    def write(events: int) -> None:
        track = b"\0\x90\x3c\x40" + b"\1\x3c\0" * (events - 1) + b"\0\xff\x2f\0"
        chunk = b"MTrk" + len(track).to_bytes(4, "big") + track
        path.write_bytes(b"MThd\0\0\0\6\0\1\0" + bytes([tracks]) + b"\1\xe0" + chunk * tracks)

    write(events)
    assert len(read_midi_file(path).tracks) == tracks
    write(events + 2)
    with pytest.raises(UserError, match="has more than 3,000 events and tracks"):
        read_midi_file(path)
