"""Kinds of MusicXML files that were once read wrongly."""

import io
import zipfile

import pytest

from antiphon_trainer.corpus.scores import Score, Unreadable, parse

from .conftest import Workplace
from .test_kinds_kern import KINDS, prepared
from .test_scores import MUSICXML

UMLAUT = MUSICXML.decode().replace("Voice", "Stimme für Müller")
NOTE = "<note><pitch><step>{}</step>{}<octave>4</octave></pitch><duration>2</duration>{}</note>"


def document(key: str, notes: str) -> bytes:
    return (
        '<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>V</part-name></score-part></part-list>'
        '<part id="P1"><measure number="1"><attributes><divisions>2</divisions><key>'
        f"{key}</key><time><beats>4</beats><beat-type>4</beat-type></time></attributes>{notes}</measure></part>"
        "</score-partwise>"
    ).encode()


def scored(content: bytes, suffix: str = ".musicxml") -> Score:
    score = parse(content, suffix)
    assert isinstance(score, Score), score
    return score


def test_utf_16_with_a_byte_order_mark(workplace: Workplace) -> None:
    (song,) = prepared(workplace, KINDS / "xml-utf16.musicxml")
    assert len([pitch for pitch, _ in song if pitch is not None]) > 3


def test_a_written_signature_without_a_mode_counts(workplace: Workplace) -> None:
    (song,) = prepared(workplace, KINDS / "xml-no-mode.musicxml")
    assert [pitch for pitch, _ in song if pitch is not None] == [65, 69, 72, 69, 65, 60]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", 'encoding="UTF-8"'),
        ("utf-8-sig", 'encoding="UTF-8"'),
        ("utf-16", 'encoding="UTF-16"'),
        ("utf-16-le", 'encoding="UTF-16"'),
        ("utf-16-be", 'encoding="UTF-16"'),
        ("latin-1", 'encoding="ISO-8859-1"'),
        ("cp1252", 'encoding="windows-1252"'),
        ("latin-1", ""),
        ("utf-8", 'encoding="UTF-16"'),
    ],
)
def test_encodings(encoding: str, declared: str) -> None:
    text = UMLAUT.replace('<?xml version="1.0"?>', f'<?xml version="1.0" {declared}?>')
    content = text.encode(encoding)
    assert scored(content).notes == scored(MUSICXML).notes
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr("song.musicxml", content)
    assert scored(packed.getvalue(), ".mxl").notes == scored(MUSICXML).notes


@pytest.mark.parametrize("mode", ["", "<mode>none</mode>"])
def test_no_sharps_without_a_mode_count_unless_the_notes_contradict(mode: str) -> None:
    white = document(f"<fifths>0</fifths>{mode}", "".join(NOTE.format(step, "", "") for step in "FACF"))
    assert (scored(white).sharps, scored(white).key_source) == (0, "signature")
    flat = "<alter>-1</alter>"
    flats = "".join(NOTE.format(step, flat if step in "EAB" else "", "") for step in "EFGABEBE")
    assert scored(document(f"<fifths>0</fifths>{mode}", flats)).sharps < -1


def test_a_church_mode_keeps_its_signature() -> None:
    score = scored(document("<fifths>0</fifths><mode>dorian</mode>", "".join(NOTE.format(s, "", "") for s in "DFAD")))
    assert (score.sharps, score.mode) == (0, "")


def test_a_chords_top_note_that_is_not_tied_is_struck_again() -> None:
    low = NOTE.format("C", "", '<tie type="start"/>')
    notes = low + NOTE.format("G", "", "").replace("<note>", "<note><chord/>") + NOTE.format("G", "", "")
    assert [(n.pitch, n.tied) for n in scored(document("<fifths>0</fifths>", notes)).notes][:2] == [
        (67, False),
        (67, False),
    ]


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (b"<score-partwise><part>", "no MusicXML", "line 1"),
        (b"<html/>", "no MusicXML", "begins with <html>"),
        (b"<score-timewise/>", "MusicXML by time (score-timewise)", "score-partwise"),
        (b"<score-partwise/>", "no notes", ""),
        (MUSICXML.replace(b"<divisions>2", b"<divisions>0"), "music21 can't read it", "notation program"),
    ],
)
def test_refusals_are_in_plain_words(content: bytes, reason: str, detail: str) -> None:
    found = parse(content, ".xml")
    assert isinstance(found, Unreadable)
    assert found.reason == reason
    assert detail in found.detail
    assert "Error" not in found.detail and "Exception" not in found.detail


@pytest.mark.parametrize("alter", ["0.5", "-1.5"])
def test_quarter_tones_are_refused(alter: str) -> None:
    notes = NOTE.format("C", f"<alter>{alter}</alter>", "") * 4
    assert parse(document("<fifths>0</fifths>", notes), ".musicxml") == Unreadable("quarter tones", "in bar 1")


def test_semitones_with_a_decimal_point_are_read() -> None:
    notes = NOTE.format("C", "<alter>1.0</alter>", "") * 4
    assert [note.pitch for note in scored(document("<fifths>0</fifths>", notes)).notes] == [61] * 4


def test_without_divisions_there_are_no_lengths() -> None:
    content = document("<fifths>0</fifths>", NOTE.format("C", "", "") * 4).replace(b"<divisions>2</divisions>", b"")
    refused = Unreadable("no MusicXML", "it doesn't say how long its notes are (<divisions>)")
    assert parse(content, ".musicxml") == refused
