"""kern: one song from a `**kern` file, the first voice of the top part.

Humdrum writes the lowest part first, so the top part is the last `**kern` spine that has notes; its first voice is
its leftmost column. A row of notes comes where the notes before them end, which all parts must agree on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from antiphon_trainer.corpus.humdrum import DAMAGED, NULL, Column, rows
from antiphon_trainer.corpus.key_analysis import key_of_signature, key_without_record
from antiphon_trainer.corpus.score import KeySource, Mode, NoScore, Score, WrittenBar, WrittenNote

KERN_VERSION = 2
"""Counts the changes of this module, of `humdrum` and of `key_analysis` that change what is read."""
LONGEST_BAR = 1024
"""Quarter lengths; a longer bar is a slip of the pen, and its steps wouldn't fit the dataset's integers."""

_RECORD = re.compile(r"^!!!(OTL|SCT|YE[CM])(?:@+\w+)?: *(.*\S)", re.MULTILINE)
_PITCH = re.compile(r"[a-gA-G]+")
_ACCIDENTAL = re.compile(r"#+|-+|n+")
_LENGTH = re.compile(r"(\d{1,9})(?:%(\d{1,9}))?(\.*)")
_METRE = re.compile(r"\*M(\d{1,9})/(\d{1,9})")
_SIGNATURE = re.compile(r"\*k\[((?:[a-g](?:#+|-+|n))*)\]")
_KEY = re.compile(r"\*([A-Ga-g])([#-]?):(ion|dor|phr|lyd|mix|aeo|loc|)")
_OF_LETTER = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
"""Letter → sharps of the major key on it."""
_CLASSES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_MODES = {"ion": 0, "dor": -2, "phr": -4, "lyd": 1, "mix": -1, "aeo": -3, "loc": -5}
"""Mode → how many sharps more its signature has than that of the major key on the same tonic."""


class _Sound(NamedTuple):
    """What a token says: the top note of a chord, or a rest; a grace note takes no time."""

    pitch: int | None
    length: Fraction
    tied: bool


@dataclass
class _Part:
    """What is read of a spine."""

    notes: list[WrittenNote] = field(default_factory=list)
    end: Fraction = Fraction(0)
    """Of the first voice, in quarter lengths."""
    sounds: bool = False
    signature: int | None = None
    """The first that is written, in sharps."""
    key: tuple[str, int, str] | None = None
    """The first that is recorded: letter, sharps of its accidental (7, 0 or −7), mode if it is neither."""
    metres: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    """From where, a bar's length."""
    bars: list[Fraction] = field(default_factory=list)
    """Where the barlines stand."""


def read_kern(text: str) -> Score:
    """Read a song from the text of a file that holds one piece.

    Raises:
        NoScore: it is none, or it can't be read as a whole.
    """
    part = _top_part(text)
    records: dict[str, str] = {}
    for match in _RECORD.finditer(text):
        records.setdefault(match[1][:2], match[2])
    sharps, source, mode = _key(part)
    return Score(
        title=records.get("OT", ""),
        number=records["SC"].split()[0] if "SC" in records else "",
        copyright=records.get("YE", ""),
        sharps=sharps,
        key_source=source,
        notes=part.notes,
        bars=_bars(part),
        mode=mode,
    )


def _top_part(text: str) -> _Part:
    parts: dict[int, _Part] = {}
    now = Fraction(0)
    uneven = 0  # the line of the last barline, where a voice goes on over it, or one has lost a note
    for row in rows(text):
        cells = [(column, token) for column, token in row.cells if column.kind == "kern"]
        for column, _ in cells:
            parts.setdefault(column.spine, _Part())
        if row.kind == "data":
            now = _row_of_notes(cells, parts, now, row.line)  # refuses it where a voice has lost a note
            uneven = 0
            continue
        ends = [column.end for column, _ in cells if not column.is_loose]
        place = min(ends, default=now) if row.kind == "barline" else max(ends, default=now)
        if row.kind == "barline" and len(set(ends)) > 1:
            uneven = row.line
        for column, token in cells:
            if row.kind == "barline":
                parts[column.spine].bars.append(place)
            else:
                _interpret(parts[column.spine], token, place, row.line)
    if uneven:
        raise NoScore(DAMAGED, f"the voices don't come to the last barline, in line {uneven}, together")
    if not parts:
        raise NoScore("no **kern spine")
    sounding = [part for _, part in sorted(parts.items()) if part.sounds]
    if not sounding:
        raise NoScore("no notes")
    return sounding[-1]


def _row_of_notes(
    cells: Sequence[tuple[Column, str]], parts: dict[int, _Part], before: Fraction, line: int
) -> Fraction:
    """Add a row's notes to their parts; return where they begin, which is `before` where there are none."""
    started = [(column, _sound_of(token, line)) for column, token in cells if token != NULL]
    started = [(column, sound) for column, sound in started if sound.length]
    if not started:
        return before
    ends = {column.end for column, _ in started if not column.is_loose}
    if len(ends) > 1:
        raise NoScore(DAMAGED, f"a note in line {line} begins before the one before it ends")
    sustained = [column.end for column, _ in cells if column.end > before and not column.is_loose]
    now = ends.pop() if ends else min(sustained, default=before)
    heard = set[int]()
    new = {id(column): sound for column, sound in started}
    for column, _ in cells:
        sound = new.get(id(column))
        if sound is None:
            column.is_loose = column.is_loose or column.end <= now
        else:
            column.end, column.is_loose = now + sound.length, False
        if column.spine not in heard:  # its first voice
            heard.add(column.spine)
            if sound is not None:
                _add(parts[column.spine], sound, now, line)
    return now


def _add(part: _Part, sound: _Sound, now: Fraction, line: int) -> None:
    if now < part.end:
        raise NoScore(DAMAGED, f"a note in line {line} begins before the one before it ends")
    if now > part.end:
        part.notes.append(WrittenNote(None, float(now - part.end)))
    part.notes.append(WrittenNote(sound.pitch, float(sound.length), sound.tied))
    part.end = now + sound.length
    part.sounds = part.sounds or sound.pitch is not None


def _sound_of(token: str, line: int) -> _Sound:
    try:
        return _sound(token)
    except ValueError as error:
        raise NoScore("a note that can't be read", f"{token[:40]!r} in line {line}: {error}") from None


@lru_cache(4096)
def _sound(token: str) -> _Sound:
    """Read a token: a note, a rest, or a chord, whose notes have spaces between.

    Raises:
        ValueError: it is none.
    """
    pitches: list[tuple[int, bool]] = []
    lengths = set[Fraction]()
    graces = 0
    words = token.split()
    for word in words:
        length = _length(word)
        if length is not None:
            lengths.add(length)
        graces += any(sign in word for sign in "qQP")
        if "r" not in word:
            pitches.append((_pitch(word), "[" in word or "_" in word))
    if graces == len(words):
        return _Sound(None, Fraction(0), False)
    if len(lengths) != 1:
        raise ValueError("it has two lengths" if lengths else "it has no length")
    pitch, tied = max(pitches, default=(None, False))
    return _Sound(pitch, lengths.pop(), tied)


def _length(word: str) -> Fraction | None:
    found = _LENGTH.findall(word)
    if len(found) > 1:
        raise ValueError("it has two lengths")
    if not found:
        return None
    (number, divisor, dots) = found[0]
    if divisor:
        if not int(number):
            raise ValueError("its length is divided by zero")
        plain = Fraction(4 * int(divisor), int(number))
    else:
        plain = _whole(number)
    return plain * (2 - Fraction(1, 2 ** min(len(dots), 16)))


def _whole(number: str) -> Fraction:
    """Return the quarter lengths of a number: 4 is a quarter note, 0 a breve, 00 a longa, 000 a maxima."""
    return Fraction(4, int(number)) if int(number) else Fraction(4 * 2 ** min(len(number), 8))


def _pitch(word: str) -> int:
    """Return the MIDI note number of a note's word: c is middle C, cc and C the next ones up and down."""
    found = _PITCH.findall(word)
    accidentals = _ACCIDENTAL.findall(word)
    if len(found) != 1 or len(set(found[0])) != 1:
        raise ValueError("it has two pitches" if found else "it has no pitch")
    if len(accidentals) > 1:
        raise ValueError("it has two accidentals")
    letter, count = found[0][0], len(found[0])
    octave = count - 1 if letter.islower() else -count
    sign = accidentals[0] if accidentals else ""
    pitch = 60 + 12 * octave + _CLASSES[letter.lower()] + sign.count("#") - sign.count("-")
    if not 0 <= pitch <= 127:
        raise ValueError("no instrument is tuned so far from middle C")
    return pitch


def _interpret(part: _Part, token: str, place: Fraction, line: int) -> None:
    if (metre := _METRE.fullmatch(token)) is not None:
        bar = int(metre[1]) * _whole(metre[2])
        if bar > LONGEST_BAR:
            raise NoScore("a metre that can't be", f"{token[2:40]} in line {line}")
        if bar:
            part.metres.append((place, bar))
    elif (signature := _SIGNATURE.fullmatch(token)) is not None and part.signature is None:
        part.signature = signature[1].count("#") - signature[1].count("-")
    elif (key := _KEY.fullmatch(token)) is not None and part.key is None:
        part.key = (key[1], {"#": 7, "-": -7}.get(key[2], 0), key[3])


def _key(part: _Part) -> tuple[int, KeySource, Mode]:
    """Return the key in sharps, where from, and its mode: the record; of a church mode, the signature first."""
    if part.key is None:
        if part.signature is None:
            return key_without_record(part.notes)
        return key_of_signature(part.signature, part.notes)
    letter, accidental, mode = part.key
    tonic = _OF_LETTER[letter.upper()] + accidental
    if not mode:
        return (tonic, "record", "major") if letter.isupper() else (tonic - 3, "record", "minor")
    if part.signature is not None:
        return part.signature, "signature", ""
    return tonic + _MODES[mode], "record", ""


def _bars(part: _Part) -> list[WrittenBar]:
    """Return the bars, from the beginning on; none where there is no barline or no metre."""
    if not part.metres or not part.bars:
        return []
    # The first metre counts from the beginning, wherever it stands.
    metres = [(Fraction(0), part.metres[0][1]), *part.metres[1:]]
    starts = sorted({Fraction(0), *(start for start in part.bars if start < part.end)})
    return [
        WrittenBar(float(start), float([length for since, length in metres if since <= start][-1])) for start in starts
    ]
