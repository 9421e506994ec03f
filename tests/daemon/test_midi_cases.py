"""Files that players forgive: what is read of each, what is said about it, and that what is written is valid."""

from __future__ import annotations

import io
import re
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest import approx
from typer.testing import CliRunner

from antiphon.cli import app
from antiphon.errors import UserError
from antiphon.improviser.events import Timed
from antiphon.improviser.input.loopback import LoopbackFilter
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.recording.file_events import quantity
from antiphon.recording.midi_reader import MidiFile, parse_midi_file, read_midi_file
from antiphon.recording.performance_file import Performance, performance_of, read_performance, write_duet
from tests.daemon.mutations import mutated

CASES = Path(__file__).parent / "midi_cases"
ODE = [64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62]
SCALE = [60, 62, 64, 65, 67, 69, 71, 72]
ANSWER = [Timed(0.3, NoteOn(72, 99, 3)), Timed(0.561, NoteOff(72, 3))]


def pitches(performance: Performance) -> list[int]:
    return [event.pitch for _, event in performance.events(keep_tempo=False) if isinstance(event, NoteOn)]


def written(performance: Performance, folder: Path) -> bytes:
    write_duet(folder / "out.mid", performance, ANSWER)
    return (folder / "out.mid").read_bytes()


def check_valid(content: bytes) -> mido.MidiFile:
    """Read a MIDI file with mido, which is strict about bytes, and check what mido doesn't."""
    file = mido.MidiFile(file=io.BytesIO(content))
    assert file.type == 1
    assert file.ticks_per_beat < 0x8000
    for track in file.tracks:
        kinds = [message.type for message in track]
        assert kinds.index("end_of_track") == len(kinds) - 1
        assert not any(0xF0 < message.bytes()[0] < 0xFF for message in track)  # no system message but sysex
    return file


@pytest.mark.parametrize(
    ("name", "heard", "said"),
    [
        ("drums-first", SCALE, []),
        ("drums-type0", SCALE, []),
        ("realtime-f8", [*ODE, 60], [r"a system message .* is skipped"]),
        ("common-f1", [*ODE, 60], [r"a system message .* is skipped"]),
        ("key-mode255", ODE, ["a key signature that makes no sense is skipped"]),
        ("tsig-2-bytes", ODE, ["a time signature that makes no sense is skipped"]),
        ("alien-chunk", ODE, [r"a chunk of an unknown kind \('XFIH'\) is skipped"]),
        ("riff", ODE, []),
        ("count-more", ODE, ["the header says 5 tracks, 2 are there"]),
        ("len-too-long", ODE, ["a track's length is wrong.*"]),
        ("type2", SCALE, ["its sequences .* one after the other"]),
        ("names", None, []),
        ("sysex-escape", ODE, []),
        ("repeat-overlap", None, []),
        ("30ms-chords", [72, 60] * 40, []),
    ],
)
def test_what_players_forgive_is_read_with_a_word_and_written_as_a_valid_file(
    tmp_path: Path, name: str, heard: list[int] | None, said: list[str]
) -> None:
    performance = read_performance(CASES / f"{name}.mid")
    if heard is not None:
        assert pitches(performance) == heard
    assert len(performance.file.notices) == len(said)
    for notice, wanted in zip(performance.file.notices, said, strict=True):
        assert re.fullmatch(wanted, notice)
    assert performance.file.is_whole == (name != "count-more")
    content = written(performance, tmp_path)
    if name != "sysex-escape":  # mido takes an escape for a message
        check_valid(content)
    again = parse_midi_file(content)
    assert again.notices == []
    kept = performance_of(tmp_path / "out.mid", again, first_tracks=len(again.tracks) - 1)
    assert pitches(kept) == pitches(performance)
    times = [time for time, _ in performance.events(keep_tempo=False)]
    assert [time for time, _ in kept.events(keep_tempo=False)] == approx(times)


@pytest.mark.parametrize(("name", "why"), [("smpte", "counts in film frames"), ("division-0", "0 ticks per quarter")])
def test_a_file_without_beats_is_refused_in_its_own_words(name: str, why: str) -> None:
    with pytest.raises(UserError, match=why) as refused:
        read_performance(CASES / f"{name}.mid")
    assert str(refused.value).startswith(str(CASES / name))
    assert ("film" in str(refused.value)) == (name == "smpte")


def test_sequences_follow_each_other_at_the_beat_in_their_own_tempos() -> None:
    file = read_midi_file(CASES / "type2.mid")
    starts = [note.start for track in file.tracks for note in track.notes()]
    assert starts == [96 * beat for beat in range(8)]
    first = b"\xff\x51\x03\x0f\x42\x40"  # 60 BPM, in the first sequence alone
    own = (CASES / "type2.mid").read_bytes().replace(b"\0\0\0\x24\0\x90\x3c", b"\0\0\0\x2b\0" + first + b"\0\x90\x3c")
    slow = parse_midi_file(own)
    assert [slow.tempo_map.time_of(96 * beat) for beat in (1, 4, 5)] == approx([1.0, 4.0, 4.5])


def test_what_is_rendered_keeps_tracks_names_and_channels_apart(tmp_path: Path) -> None:
    performance = read_performance(CASES / "names.mid")
    file = check_valid(written(performance, tmp_path))
    assert [track.name for track in file.tracks] == ["Song", "Flute", "Bass", "Antiphon"]
    assert [{m.channel for m in track if m.type == "note_on"} for track in file.tracks] == [set(), {0}, {1}, {2}]
    assert [m.type for m in file.tracks[0]][1:3] == ["set_tempo", "time_signature"]


def test_an_escape_is_kept_as_it_is(tmp_path: Path) -> None:
    content = written(read_performance(CASES / "sysex-escape.mid"), tmp_path)
    assert b"\0\xf7\x02\xf3\x01" in content
    assert b"\xf0" not in content


def test_a_tempo_on_a_later_track_is_written_on_the_first(tmp_path: Path) -> None:
    source = mido.MidiFile(ticks_per_beat=96)
    source.add_track("Song").append(mido.MetaMessage("set_tempo", tempo=600_000))
    late = mido.MetaMessage("set_tempo", tempo=300_000, time=96)
    source.add_track("Flute").extend([mido.Message("note_on", note=60), late, mido.Message("note_off", note=60)])
    source.save(tmp_path / "in.mid")
    file = check_valid(written(read_performance(tmp_path / "in.mid"), tmp_path))
    assert [m.tempo for m in file.tracks[0] if m.type == "set_tempo"] == [600_000, 300_000]
    assert not [m for track in file.tracks[1:] for m in track if m.type == "set_tempo"]


def test_repeated_notes_that_overlap_are_cut_at_the_next() -> None:
    [track] = read_midi_file(CASES / "repeat-overlap.mid").tracks
    notes = track.notes()
    assert [(note.pitch, note.start) for note in notes[::2]] == [(60, 0), (62, 192), (64, 384)]
    assert notes[0].end == notes[1].start == 96
    assert all(note.channel == 1 and note.velocity == 80 for note in notes)


def test_signatures_as_values() -> None:
    file = file_of(b"\0\xff\x59\x02\xfd\x01\x60\xff\x59\x02\x04\x00\0\xff\x58\x04\x06\x03\x18\x08")
    assert file.key_signatures() == [(0, -3, True), (96, 4, False)]
    assert file.time_signatures() == [(96, 6, 8)]


def file_of(events: bytes, *, length: int | None = None, end: bytes = b"\0\xff\x2f\0", head: bytes = b"") -> MidiFile:
    """Read a file of one track."""
    events += end
    chunk = b"MTrk" + (len(events) if length is None else length).to_bytes(4, "big") + events
    return parse_midi_file(b"MThd\0\0\0\6\0\0\0\1\0\x60" + head + chunk)


NOTE, NOTE_OFF = b"\0\x90\x3c\x40", b"\x60\x80\x3c\0"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (lambda: file_of(NOTE + b"\x60\x3c\0"), []),  # running status
        (lambda: file_of(NOTE + b"\0\xff\x01\x01a\x60\x3c\0"), []),  # … over a meta event
        (lambda: file_of(NOTE + NOTE_OFF, length=3), ["a track's length is wrong; .*"]),
        (lambda: file_of(NOTE + NOTE_OFF, length=999_999), ["a track's length is wrong; .*"]),
        (lambda: file_of(NOTE + NOTE_OFF, end=b""), ["a track has no end of track"]),
        (lambda: file_of(NOTE + NOTE_OFF, end=b"\0\xff\x2f\0\0\x90\x40\x40"), ["what stands behind .* is skipped"]),
        (lambda: file_of(NOTE + NOTE_OFF, head=b"junk"), ["bytes that belong to no track are skipped"]),
        (lambda: file_of(NOTE + b"\0\xc0\x80" + NOTE_OFF), ["a value above 127 is taken as 127"]),
        (lambda: file_of(NOTE + b"\0\xf8" * 3 + NOTE_OFF), [r"a system message .* is skipped \(3 times\)"]),
        (lambda: file_of(b"\0\xff\x51\x03\0\0\0" + NOTE + NOTE_OFF), ["a tempo that makes no sense is skipped"]),
        (
            lambda: file_of(b"\0\xff\x54\x05\0\x90\0\0\0" + NOTE + NOTE_OFF),
            ["a SMPTE offset that makes no sense is skipped"],
        ),
        (lambda: file_of(b"\0\xff\x51\x05\x07\xa1\x20\0\0" + NOTE + NOTE_OFF), []),
        (lambda: file_of(b"\0\xff\x90\x01a" + NOTE + NOTE_OFF), ["a meta event that makes no sense is skipped"]),
    ],
)
def test_bytes_that_are_forgiven(file: object, said: list[str]) -> None:
    read = file()  # type: ignore[operator]
    assert [(note.start, note.end, note.pitch) for note in read.tracks[0].notes()] == [(0, 96, 60)]
    assert len(read.notices) == len(said)
    assert all(re.fullmatch(wanted, notice) for wanted, notice in zip(said, read.notices, strict=True))


@pytest.mark.parametrize(
    ("events", "why"),
    [
        (b"\0\x3c\x40", r"byte \d+ is no MIDI event, in track 1"),
        (b"\xff\xff\xff\xff\x00\x90\x3c\x40", r"byte \d+ is no length, in track 1"),
        (b"\0\xff\x01\x70short", "ends too early, in track 1"),
    ],
)
def test_bytes_that_arent_forgiven_are_refused_by_their_place(events: bytes, why: str) -> None:
    with pytest.raises(UserError, match=why):
        file_of(events)


def test_a_file_that_ends_within_a_track_is_refused() -> None:
    content = (CASES / "names.mid").read_bytes()
    for length in range(14, len(content)):
        try:
            read = parse_midi_file(content[:length])
        except UserError:
            continue
        assert not read.is_whole  # cut between two tracks


@given(st.integers(0, 0x0FFF_FFFF))
def test_a_quantity_is_written_as_mido_writes_it(value: int) -> None:
    assert list(quantity(value)) == mido.midifiles.meta.encode_variable_int(value)


def sound_file() -> bytes:
    """Return a valid file with all kinds of events."""
    file = mido.MidiFile(ticks_per_beat=96)
    song, flute = file.add_track("Töne"), file.add_track("Flute")
    for event in (
        *(mido.MetaMessage("key_signature", key="Eb"), mido.MetaMessage("time_signature")),
        *(mido.MetaMessage("set_tempo", tempo=600_000), mido.MetaMessage("smpte_offset")),
        *(mido.MetaMessage("sequence_number"), mido.MetaMessage("midi_port"), mido.MetaMessage("channel_prefix")),
        mido.MetaMessage("sequencer_specific", data=(0x7D, 1, 2)),
    ):
        song.append(event)
    flute.append(mido.Message("sysex", data=(1, 2, 3)))
    for pitch in (63, 65, 67):
        flute += [mido.Message("note_on", note=pitch), mido.Message("note_off", note=pitch, time=96)]
    flute += [mido.Message("pitchwheel", pitch=100), mido.Message("program_change", program=3)]
    place = io.BytesIO()
    file.save(file=place)
    return place.getvalue()


DAMAGE = (
    *(
        b"MThd",
        b"MTrk",
        b"RIFF",
        b"XFIH\0\0\0\4",
        b"\xff\x2f\0",
        b"\xff\x51\3\0\0\0",
        b"\xff\x51\0",
        b"\xff\x59\2\x7f\xff",
    ),
    *(
        b"\xff\x58\4\0\0\0\0",
        b"\xff\xff\xff\xff",
        b"\x8f\xff\xff\x7f",
        b"\xf0\x7f",
        b"\xf7\2\xf3\1",
        b"\xf8",
        b"\xf1\x10",
    ),
    *(b"\xff\x01\4\xff\xfe\x80\x81", b"\xff\0\0", b"\xff\x20\0", b"\xff\x54\5\xff\0\0\0\0", b"\xf4", b"\xe7\x28"),
)
OTHERS_WORDS = re.compile(r"Error|Exception|index|range|codec|decode|None|object|0x|\bint\b|\bstr\b", re.IGNORECASE)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutated(sound_file(), DAMAGE))
def test_any_damage_is_read_and_written_well_or_refused_in_one_plain_line(tmp_path: Path, content: bytes) -> None:
    try:
        performance = performance_of(Path("any.mid"), parse_midi_file(content))
    except UserError as error:
        assert str(error)
        assert "\n" not in str(error)
        assert not OTHERS_WORDS.search(str(error)), str(error)
        return
    for notice in performance.file.notices:
        assert not OTHERS_WORDS.search(notice), notice
    out = written(performance, tmp_path)
    if not any(event[0] in (0xF0, 0xF7) for track in performance.tracks for _, event in track.events):
        check_valid(out)  # mido refuses what it doesn't know of sysex
    again = parse_midi_file(out)
    assert again.notices == []
    assert pitches(performance_of(Path("out.mid"), again, len(again.tracks) - 1)) == pitches(performance)


@pytest.mark.parametrize("command", ["listen", "render"])
def test_the_command_line_says_what_was_forgiven_in_a_line_a_kind(tmp_path: Path, command: str) -> None:
    source = CASES / "key-mode255.mid"
    files = [str(source), *([str(tmp_path / "out.mid")] if command == "render" else [])]
    done = CliRunner().invoke(app, [command, *files])
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [f"{source}: a key signature that makes no sense is skipped"]


def test_chords_as_wide_as_a_chord_may_be_are_all_chords() -> None:
    done = CliRunner().invoke(app, ["listen", str(CASES / "30ms-chords.mid"), "--json"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 40


def test_an_echo_that_comes_at_its_limit_is_one_at_any_time_of_a_set() -> None:
    for tick in range(0, 200_000, 1_600):
        loopback = LoopbackFilter()
        loopback.sent(tick * 0.00125, NoteOn(60, 80, 2))
        assert loopback.is_echo((tick + 40) * 0.00125, NoteOn(60, 80, 2)), tick
