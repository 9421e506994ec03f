"""What music21 reads from a score, in every format, and what is no score."""

import io
from pathlib import Path

import mido
import pytest

from antiphon.budgets import SCORE_BYTES
from antiphon_trainer.corpus.encoding import encode
from antiphon_trainer.corpus.score import Score, Unreadable, WrittenNote
from antiphon_trainer.corpus.scores import parse

from .conftest import SCORES

DURATIONS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)

ABC = b"""X:1
T:Scale
N:A0001
M:2/4
L:1/8
K:Eb
E2 FG | A2 z2 |
"""

MUSICXML = b"""<?xml version="1.0"?>
<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>2</divisions><key><fifths>-3</fifths><mode>major</mode></key>
<time><beats>2</beats><beat-type>4</beat-type></time></attributes>
<note><pitch><step>E</step><alter>-1</alter><octave>4</octave></pitch><duration>2</duration></note>
<note><pitch><step>F</step><octave>4</octave></pitch><duration>1</duration></note>
<note><pitch><step>G</step><octave>4</octave></pitch><duration>1</duration></note></measure>
<measure number="2">
<note><pitch><step>A</step><alter>-1</alter><octave>4</octave></pitch><duration>2</duration></note>
<note><rest/><duration>2</duration></note></measure></part></score-partwise>
"""

KERN = b"**kern\n*k[b-e-a-]\n*E-:\n*M2/4\n4e-\n8f\n8g\n=1\n4a-\n4r\n==\n*-\n"


def midi() -> bytes:
    """The same melody as a MIDI file with its key."""
    track = mido.MidiTrack([mido.MetaMessage("key_signature", key="Eb")])
    for pitch, ticks in ((63, 480), (65, 240), (67, 240), (68, 480)):
        track.append(mido.Message("note_on", note=pitch, velocity=80, time=0))
        track.append(mido.Message("note_off", note=pitch, time=ticks))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()


def read(name: str) -> Score:
    score = parse((SCORES / name).read_bytes(), Path(name).suffix)
    assert isinstance(score, Score)
    return score


@pytest.mark.parametrize(
    ("content", "suffix"),
    [(KERN, ".krn"), (ABC, ".abc"), (MUSICXML, ".musicxml"), (MUSICXML, ".xml"), (midi(), ".mid")],
    ids=["kern", "abc", "musicxml", "xml", "midi"],
)
def test_every_format_reads_the_same_melody(content: bytes, suffix: str) -> None:
    score = parse(content, suffix)
    assert isinstance(score, Score)
    assert (score.sharps, score.key_source) == (-3, "record")
    assert " ".join(encode(score, DURATIONS)).startswith("60 _ _ _ 62 _ 64 _ 65 _ _ _ r")


def test_records_of_a_kern_file() -> None:
    score = read("amazing-grace.krn")
    assert (score.title, score.number, score.sharps) == ("Amazing Grace", "T0003", 1)


def test_a_minor_key_is_the_records_not_an_analysis() -> None:
    assert (read("god-rest-you-merry.krn").sharps, read("god-rest-you-merry.krn").key_source) == (1, "record")


def test_grace_notes_take_no_part_and_ties_stay_as_written() -> None:
    notes = read("amazing-grace.krn").notes
    assert all(note.quarter_length > 0 for note in notes)
    assert WrittenNote(74, 3.0, True) in notes
    assert notes[notes.index(WrittenNote(74, 3.0, True)) + 1] == WrittenNote(74, 1.0)
    assert notes[-1] == WrittenNote(None, 1.0)


def test_without_a_record_the_signature_tells_and_without_signature_an_analysis() -> None:
    signature = parse(KERN.replace(b"*E-:\n", b""), ".krn")
    analysis = parse(KERN.replace(b"*E-:\n", b"").replace(b"*k[b-e-a-]\n", b"*k[]\n"), ".krn")
    assert isinstance(signature, Score) and (signature.sharps, signature.key_source) == (-3, "signature")
    assert isinstance(analysis, Score) and analysis.key_source == "analysis"


def test_a_chord_is_its_top_note() -> None:
    score = parse(b"**kern\n*C:\n4c 4e 4g\n4d\n*-\n", ".krn")
    assert isinstance(score, Score)
    assert [note.pitch for note in score.notes] == [67, 62]


def test_of_two_spines_the_first_is_heard() -> None:
    score = parse(b"**kern\t**kern\n*C:\t*C:\n4c\t4e\n4d\t4f\n*-\t*-\n", ".krn")
    assert isinstance(score, Score) and len(score.notes) == 2


@pytest.mark.parametrize(
    ("content", "suffix", "reason"),
    [
        (b"", ".krn", "empty file"),
        (b" \n\n", ".abc", "empty file"),
        (b"\x00\x01\x02" * 40, ".krn", "no text file"),
        (b"Dear diary,\ntoday I sang.\n", ".krn", "no **kern spine"),
        (b"**text\nla\n*-\n", ".krn", "no **kern spine"),
        (b"X:1\nT:no key\nabc\n", ".abc", "no ABC tune (no field K:)"),
        (b"**kern\n*C:\n4c\n4zz\n4d\n*-\n", ".krn", "a note that can't be read"),
        (b"**kern\n*C:\n=1\n*-\n", ".krn", "no notes"),
        (b"MThd but no more", ".mid", "a MIDI file that can't be read"),
        (b"<html>", ".musicxml", "no MusicXML"),
        (b"no archive", ".mxl", "no MusicXML"),
        (b"**kern\n*C:\n" + b"4c\n" * (SCORE_BYTES // 3), ".krn", "too large for a melody"),
    ],
)
def test_what_is_no_score_has_a_reason(content: bytes, suffix: str, reason: str) -> None:
    found = parse(content, suffix)
    assert isinstance(found, Unreadable)
    assert found.reason == reason


def test_music21_says_nothing_on_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    assert isinstance(parse(KERN.replace(b"*M2/4", b"*MX"), ".krn"), Score)
    assert capfd.readouterr() == ("", "")


def test_a_midi_file_that_waits_for_hours_is_refused_at_once() -> None:
    file = mido.MidiFile()
    track = file.add_track()
    track.append(mido.Message("note_on", note=60, time=0))
    track.append(mido.Message("note_off", note=60, time=0xFFF_FFFF))
    content = io.BytesIO()
    file.save(file=content)
    found = parse(content.getvalue(), ".mid")
    assert isinstance(found, Unreadable)
    assert "too long" in str(found)


@pytest.mark.parametrize("cut", [4, 14, 20, 30])
def test_a_midi_file_that_is_cut_off_is_refused(cut: int) -> None:
    assert isinstance(parse(midi()[:cut], ".mid"), Unreadable)
