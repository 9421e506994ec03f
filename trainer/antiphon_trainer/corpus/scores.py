"""Scores: what the reader of its format reads from a score, as a plain value. Nothing is judged or changed here."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import redirect_stderr
from importlib.metadata import version
from typing import Any

import mido

from antiphon_trainer.corpus.abc_reader import ABC_VERSION, read_abc
from antiphon_trainer.corpus.kern import KERN_VERSION, read_kern
from antiphon_trainer.corpus.kern_count import count_kern
from antiphon_trainer.corpus.score import KeySource, Mode, NoScore, Parsed, Score, Unreadable, WrittenBar, WrittenNote
from antiphon_trainer.corpus.time_limit import within
from antiphon_trainer.corpus.wholeness import require_whole

MUSIC21_VERSION = 3
"""Counts the changes of this module that change what is taken from music21."""
MOST_BEATS = 5000
"""Quarter notes of a MIDI file: half an hour of slow music."""
MOST_BYTES = 4 << 20
"""A larger file is no melody; the longest song of the Essen collection has 12 kB."""
MOST_SECONDS = 60.0
"""What music21 may take for one file: twice what it takes for twelve thousand notes. A damaged one can keep it for
ever."""
TOO_SLOW = "takes too long to read"
"""The reason for a file that took longer; another day, on another machine, it may be read."""

_FORMATS = {".mid": "midi", ".midi": "midi"}


def reader_version(suffix: str) -> str:
    """Say which reader, in which version, reads files with a suffix; a cache keeps what others read apart."""
    if suffix == ".krn":
        return f"kern {KERN_VERSION}"
    if suffix == ".abc":
        return f"abc {ABC_VERSION}"
    return f"music21 {version('music21')}, {MUSIC21_VERSION}"


def parse(content: bytes, suffix: str) -> Parsed:
    """Read one song from a file's bytes; `suffix` (`.krn` …) says the format. Never raises for a bad file."""
    if suffix not in (".krn", ".abc"):
        return _with_music21(content, suffix)
    try:
        text = _checked_text(content, suffix)
        if suffix == ".abc":
            return read_abc(content)
        score = read_kern(text)
        require_whole(score, count_kern(text))
    except NoScore as reason:
        return Unreadable(*reason.args)
    return score


def _with_music21(content: bytes, suffix: str) -> Parsed:
    """Read one song with music21.

    What it says on stderr isn't shown.
    """
    import music21  # noqa: F401  half done at the end of the time, it would be of no use to the next file

    try:
        with redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score = within(MOST_SECONDS, lambda: _read(content, suffix))
    except NoScore as reason:
        return Unreadable(*reason.args)
    except RecursionError:
        return Unreadable("music21 can't read it", "nested too deeply")
    except Exception as error:  # noqa: BLE001 (music21 raises anything; a bad file must not stop the run)
        text = " ".join(str(error).split())
        return Unreadable("music21 can't read it", f"{type(error).__name__}: {text}"[:200])
    if score is None:
        return Unreadable(TOO_SLOW, f"more than {MOST_SECONDS:g} s")
    return score


def _read(content: bytes, suffix: str) -> Score:
    text = _checked_text(content, suffix)
    stream = _stream(content, text, suffix)
    part = next((part for part in stream.parts if part.recurse().notes), None)
    if part is None:
        raise NoScore("no notes")
    sharps, key_source, mode = _key(part)
    metadata = stream.metadata
    return Score(
        title=(metadata.title or "") if metadata else "",
        number="",
        copyright="",
        sharps=sharps,
        key_source=key_source,
        notes=_written_notes(part),
        bars=_written_bars(part),
        mode=mode,
    )


def _checked_text(content: bytes, suffix: str) -> str:
    """Refuse at sight what is no score; return the text of a text format, otherwise nothing."""
    if not content.strip():
        raise NoScore("empty file")
    if len(content) > MOST_BYTES:
        raise NoScore("too large for a melody", f"{len(content) / 1e6:.1f} MB, at most {MOST_BYTES / 1e6:.1f}")
    if suffix not in (".krn", ".abc"):
        return ""
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NoScore("no text file")
    if suffix == ".abc":
        return ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if suffix == ".krn" and not re.search(r"^(\S+\t)*\*\*kern\b", text, re.MULTILINE):
        raise NoScore("no **kern spine")
    return text


def _stream(content: bytes, text: str, suffix: str) -> Any:
    from music21 import converter

    if suffix == ".mxl":
        return converter.parse(_unzipped(content), format="musicxml")
    if _FORMATS.get(suffix) == "midi":
        _refuse_endless(content)
    return converter.parseData(text or content, format=_FORMATS.get(suffix, "musicxml"))


def _refuse_endless(content: bytes) -> None:
    """Refuse a MIDI file that waits for hours, as a damaged one may: music21 would write out all of its bars."""
    try:
        file = mido.MidiFile(file=io.BytesIO(content), clip=True)
        beats = max((sum(message.time for message in track) for track in file.tracks), default=0) / file.ticks_per_beat
    except Exception as error:  # noqa: BLE001  mido raises whatever it meets
        raise NoScore("music21 can't read it", f"{type(error).__name__}: {error}") from None
    if not 0 <= beats <= MOST_BEATS:
        raise NoScore("too long for a melody", f"{beats:,.0f} beats, at most {MOST_BEATS:,}")


def _unzipped(content: bytes) -> bytes:
    """Return the MusicXML document inside a `.mxl` archive."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            if not entry.filename.startswith("META-INF/") and entry.filename.endswith((".xml", ".musicxml")):
                if entry.file_size > MOST_BYTES:
                    raise NoScore("too large for a melody", f"{entry.file_size / 1e6:.1f} MB when unpacked")
                return archive.read(entry)
    raise NoScore("no MusicXML in the archive")


def _key(part: Any) -> tuple[int, KeySource, Mode]:
    """Return the key's signature in sharps: the file's record of key and mode, else its signature, else by analysis.

    The mode comes with the signature; a signature alone has none, and of a record only major and minor count.

    A signature without sharps and flats says nothing: it is also what files have whose writer never set one.
    """
    from music21 import key

    signatures = list(part.recurse().getElementsByClass(key.KeySignature))
    record = next((each for each in signatures if isinstance(each, key.Key)), None)
    if record is not None:
        return record.sharps, "record", _mode(record)
    if signatures and signatures[0].sharps:
        return signatures[0].sharps, "signature", ""
    found = part.analyze("key")
    return found.sharps, "analysis", _mode(found)


def _mode(found: Any) -> Mode:
    return found.mode if found.mode in ("major", "minor") else ""


def _written_notes(part: Any) -> list[WrittenNote]:
    """List the notes and rests of a part's first voice by their onsets; a gap between two is a rest."""
    lower = {id(each) for holder in part.recurse(streamsOnly=True, includeSelf=True) for each in _lower_voices(holder)}
    notes: list[WrittenNote] = []
    end = 0.0
    for each in part.flatten().notesAndRests:
        start, length = float(each.offset), float(each.quarterLength)
        if length == 0 or id(each) in lower:
            continue  # grace notes and chord symbols take no time
        if start < end - 1e-6:
            raise NoScore("notes overlap", f"at {start:g} quarter lengths")
        if start > end + 1e-6:
            notes.append(WrittenNote(None, start - end))
        notes.append(_written(each, length))
        end = start + length
    return notes


def _written_bars(part: Any) -> list[WrittenBar]:
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


def _lower_voices(holder: Any) -> list[Any]:
    return [each for voice in list(holder.voices)[1:] for each in voice.recurse()]


def _written(each: Any, length: float) -> WrittenNote:
    if each.isRest:
        return WrittenNote(None, length)
    if not each.pitches:
        raise NoScore("no pitches (percussion)")
    tied = each.tie is not None and each.tie.type in ("start", "continue")
    return WrittenNote(int(max(pitch.midi for pitch in each.pitches)), length, tied)
