"""MusicXML: one song from a MusicXML document, plain or packed, by music21: the first voice of the first part."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from contextlib import redirect_stderr
from fractions import Fraction
from importlib.metadata import version
from typing import Any
from xml.etree import ElementTree

from antiphon.budgets import (
    METRE_UNITS,
    PARSING_BYTES,
    QUARTER_DIVISIONS,
    SCORE_BYTES,
    SONG_BARS,
    SONG_NOTES,
    SONG_QUARTERS,
)
from antiphon.memory_limit import limited_memory
from antiphon_trainer.corpus.key_analysis import key_of_signature, key_without_record
from antiphon_trainer.corpus.score import (
    TOO_LARGE,
    TOO_LONG,
    KeySource,
    Mode,
    NoScore,
    Score,
    WrittenBar,
    WrittenNote,
)
from antiphon_trainer.corpus.time_limit import within
from antiphon_trainer.corpus.wholeness import Counted, require_whole

MUSIC_XML_VERSION = f"6, music21 {version('music21')}"
"""Counts the changes of this module that change what is read, and names the library."""
MOST_SECONDS = 60.0
"""What music21 may take for one file: twice what it takes for twelve thousand notes. A damaged one can keep it for
ever."""
TOO_SLOW = "takes too long to read"
"""The reason for a file that took longer; another day, on another machine, it may be read."""

_NO_XML = "no MusicXML"
_FAILED = "music21 can't read it"
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([\w.-]+)["']""")
_NO_MODE = re.compile(r"<mode>\s*(?:none)?\s*</mode>")
_NUMBER = re.compile(r"\d+(?:\.\d*)?")
_PART_OF_SEMITONE = re.compile(r"\.\d*[1-9]")
_MOST_DENOMINATOR = 1 << 16
"""Of the parts of a quarter note: music21 rounds lengths to such fractions."""


def read_music_xml(content: bytes, is_packed: bool) -> Score:
    """Read a song from a file's bytes.

    Args:
        content: the file's.
        is_packed: whether it is an archive (`.mxl`).

    Raises:
        NoScore: it is none, it can't be read as a whole, or takes too long.
    """
    text = _NO_MODE.sub("", _DECLARATION.sub("", _text(_unpacked(content) if is_packed else content)))
    root = _root(text)
    _require_small(root)
    _require_exact(root)
    import music21  # noqa: F401  half done at the end of the time, it would be of no use to the next file

    try:
        with redirect_stderr(io.StringIO()), warnings.catch_warnings(), limited_memory(PARSING_BYTES):
            warnings.simplefilter("ignore")
            score = within(MOST_SECONDS, lambda: _read(text))
    except NoScore:
        raise
    except MemoryError:
        raise NoScore(TOO_LARGE, f"reading it takes more than {PARSING_BYTES:,} bytes of memory") from None
    except RecursionError:
        raise NoScore(_FAILED, "it is nested too deeply") from None
    except Exception:  # noqa: BLE001  music21 raises anything; a bad file must not stop the run
        raise NoScore(_FAILED, "its MusicXML is damaged; open it in a notation program and save it again") from None
    if score is None:
        raise NoScore(TOO_SLOW, f"more than {MOST_SECONDS:g} s")
    counted = _counted(root)
    if counted is not None:
        require_whole(score, counted)
    return score


def _text(content: bytes) -> str:
    """Decode a document as its byte order mark says, its declaration, or else as UTF-8 or Latin-1."""
    declared = _ENCODING.match(content)
    encodings = ["utf-8-sig", *([declared[1].decode()] if declared else []), "latin-1"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content[:2] in (b"<\0", b"\0<"):
        encodings = ["utf-16-le" if content[1] == 0 else "utf-16-be"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise NoScore(_NO_XML, "its text can't be decoded")


def _root(text: str) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  expat bounds what entities may grow to
    except ElementTree.ParseError as error:
        raise NoScore(_NO_XML, f"it isn't well-formed in line {error.position[0]}") from None
    if root.tag == "score-timewise":
        raise NoScore("MusicXML by time (score-timewise)", "save it by part (score-partwise)")
    if root.tag != "score-partwise":
        raise NoScore(_NO_XML, f"it begins with <{root.tag[:40]}>, not with <score-partwise>")
    return root


_LIMITS = {
    "beats": METRE_UNITS,
    "beat-type": METRE_UNITS,
    "divisions": QUARTER_DIVISIONS,
    "multiple-rest": SONG_BARS,
    "fifths": 7,
    "staves": 16,
    "duration": SONG_QUARTERS * QUARTER_DIVISIONS,
}
"""Element → the largest number in it: music21 makes beats, bars and staves of whatever number stands there."""


def _require_small(root: ElementTree.Element) -> None:
    """Refuse what music21 would need much memory or time for.

    Raises:
        NoScore: there are more bars or notes than a melody has, or larger numbers.
    """
    for tag, most in (("measure", SONG_BARS), ("note", SONG_NOTES)):
        count = max((sum(1 for _ in part.iter(tag)) for part in root.iter("part")), default=0)
        if count > most:
            raise NoScore(TOO_LONG, f"{count:,} elements <{tag}> in a part, at most {most:,}")
    for each in root.iter():
        limit = _LIMITS.get(each.tag)
        numbers = _NUMBER.findall(each.text or "") if limit is not None else []
        if limit is not None and any(float(number) > limit for number in numbers):
            raise NoScore(_NO_XML, f"<{each.tag}> says {each.text!r:.40}; at most {limit:,} can be read")


def _require_exact(root: ElementTree.Element) -> None:
    """Refuse what music21 would give another pitch or length in silence, in the first part that has pitches."""
    for part in root.iter("part"):
        if part.find(".//pitch") is None:
            continue
        if part.find(".//divisions") is None:
            raise NoScore(_NO_XML, "it doesn't say how long its notes are (<divisions>)")
        for bar in part.iter("measure"):
            if any(_PART_OF_SEMITONE.search(pitch.findtext("alter", "")) for pitch in bar.iter("pitch")):
                raise NoScore("quarter tones", f"in bar {bar.get('number', '?')}")
        return


def _unpacked(content: bytes) -> bytes:
    """Return the MusicXML document inside a `.mxl` archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                if not entry.filename.startswith("META-INF/") and entry.filename.endswith((".xml", ".musicxml")):
                    # Whatever the archive says of the size, no more is unpacked.
                    with archive.open(entry) as member:
                        unpacked = member.read(SCORE_BYTES + 1)
                    if len(unpacked) > SCORE_BYTES:
                        raise NoScore(TOO_LARGE, f"more than {SCORE_BYTES:,} bytes when unpacked")
                    return unpacked
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, zlib.error):
        raise NoScore(_NO_XML, "it is no archive (.mxl), or a damaged one") from None
    raise NoScore(_NO_XML, "the archive holds none")


def _counted(root: ElementTree.Element) -> list[Counted] | None:
    """Count the notes of the first part that has any; nothing where it has more than one voice or staff."""
    for part in root.iter("part"):
        notes = [note for note in part.iter("note") if note.find("pitch") is not None]
        if notes:
            places = {(note.findtext("voice", ""), note.findtext("staff", "")) for note in notes}
            if len(places) > 1 or next(part.iter("backup"), None) is not None:
                return None
            return [
                Counted(f"bar {bar.get('number', '?')}")
                for bar in part.iter("measure")
                for note in bar.iter("note")
                if note.find("pitch") is not None and not any(note.find(tag) is not None for tag in ("chord", "grace"))
            ]
    return None


def _read(text: str) -> Score:
    from music21 import converter

    stream: Any = converter.parseData(text, format="musicxml")
    part = next((part for part in stream.parts if any(each.pitches for each in part.recurse().notes)), None)
    if part is None:
        unpitched = any(part.recurse().notes for part in stream.parts)
        raise NoScore("no pitches (percussion)") if unpitched else NoScore("no notes")
    notes = _notes(part)
    sharps, source, mode = _key(part, notes)
    title = (stream.metadata.title or "") if stream.metadata else ""
    return Score(title, "", "", sharps, source, notes, _bars(part), mode)


def _key(part: Any, notes: list[WrittenNote]) -> tuple[int, KeySource, Mode]:
    """Return the key in sharps, where from, and its mode: the record of key and mode, else the signature."""
    from music21 import key

    signatures = list(part.recurse().getElementsByClass(key.KeySignature))
    record = next((each for each in signatures if isinstance(each, key.Key)), None)
    if record is not None:
        mode: Mode = "major" if record.mode == "major" else "minor" if record.mode == "minor" else ""
        return record.sharps, "record", mode
    return key_of_signature(signatures[0].sharps, notes) if signatures else key_without_record(notes)


def _notes(part: Any) -> list[WrittenNote]:
    """List the notes and rests of a part's first voice by their onsets; a gap between two is a rest."""
    lower = {id(each) for holder in part.recurse(streamsOnly=True, includeSelf=True) for each in _lower_voices(holder)}
    notes: list[WrittenNote] = []
    end = Fraction(0)
    for each in part.flatten().notesAndRests:
        start, length = _exact(each.offset), _exact(each.quarterLength)
        if length == 0 or id(each) in lower:
            continue  # grace notes and chord symbols take no time
        if start < end:
            raise NoScore("notes overlap", f"at {float(start):g} quarter lengths")
        if start > end:
            notes.append(WrittenNote(None, float(start - end)))
        notes.append(_note(each, length))
        end = start + length
    return notes


def _exact(length: Any) -> Fraction:
    return Fraction(length).limit_denominator(_MOST_DENOMINATOR)


def _lower_voices(holder: Any) -> list[Any]:
    return [each for voice in list(holder.voices)[1:] for each in voice.recurse()]


def _note(each: Any, length: Fraction) -> WrittenNote:
    if each.isRest:
        return WrittenNote(None, float(length))
    if not each.pitches:
        raise NoScore("no pitches (percussion)")
    top = max(each.notes, key=lambda note: note.pitch.midi) if each.isChord else each
    tied = top.tie is not None and top.tie.type in ("start", "continue")
    return WrittenNote(int(top.pitch.midi), float(length), tied)


def _bars(part: Any) -> list[WrittenBar]:
    from music21 import meter

    signatures = [
        (float(each.getOffsetInHierarchy(part)), float(each.barDuration.quarterLength))
        for each in part.recurse().getElementsByClass(meter.TimeSignature)
    ]
    if not signatures:
        return []
    starts = sorted({float(measure.offset) for measure in part.getElementsByClass("Measure")})
    # The first signature counts from the beginning, wherever it stands.
    signatures[0] = (min([0.0, *starts]), signatures[0][1])
    return [WrittenBar(start, [length for since, length in signatures if since <= start][-1]) for start in starts]
