"""ABC's fields that say how notes are read: key, clef and transposition, metre, unit length, the name of a voice.

After the ABC standard 2.1, sections 3.1.6 (metre), 3.1.7 (unit length), 3.1.14 (key) and 4.6 (clef, transposition).
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from antiphon_trainer.corpus.score import KeySource, Mode, NoScore

SHARPS = "FCGDAEB"
"""The letters in the order in which sharps come into a signature; flats come in the opposite one."""

_MODES = {"maj": 0, "ion": 0, "mix": -1, "dor": -2, "min": -3, "m": -3, "aeo": -3, "phr": -4, "loc": -5, "lyd": 1}
"""Mode → sharps of its signature, on the tonic whose major has none."""
_TONIC = re.compile(r"([A-G])([#b♯♭]?)(?:\s*((?i:maj|min|aeo|dor|phr|lyd|mix|loc|ion)[a-zA-Z]*|m(?![a-zA-Z])))?")
_ACCIDENTAL = re.compile(r"(\^\^|\^|__|_|=)([A-Ga-g])")
_CLEF = re.compile(r"(?:^|\s)(?:clef=)?(treble|alto|tenor|bass|soprano|perc|none)(\d?)([+-](?:8|15))?(?=\s|$)", re.I)
_OCTAVE = re.compile(r"(?:^|\s)octave=\s*([+-]?\d)")
_TRANSPOSE = re.compile(r"(?:^|\s)(?:transpose|t)=\s*([+-]?\d{1,2})")
_COMPOUND = re.compile(r"(6|9|12)/")
_ALTERATIONS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2, "": None}


class Key(NamedTuple):
    """A key signature as a `K:` field names it."""

    alterations: dict[str, int]
    """Letter, `A` to `G` → semitones, in all octaves."""
    sharps: int
    """Of the signature; flats are negative. Of one that is no usual one, of the one most like it."""
    source: KeySource | None
    """None where no key is named: `K:none`."""
    mode: Mode = ""


class Shift(NamedTuple):
    """How far what sounds lies above what is written, in semitones, and whether it has pitches at all."""

    semitones: int = 0
    is_percussion: bool = False


NO_KEY = Key({}, 0, None)
UNMOVED = Shift()


def alteration(sign: str) -> int | None:
    """Return the semitones of an accidental sign; None where there is no sign."""
    return _ALTERATIONS[sign]


def signature(sharps: int) -> dict[str, int]:
    """Return letter → semitones of a signature of up to seven sharps (positive) or flats, doubled beyond."""
    altered: dict[str, int] = {}
    order, step = (SHARPS, 1) if sharps > 0 else (SHARPS[::-1], -1)
    for count in range(abs(sharps)):
        letter = order[count % 7]
        altered[letter] = altered.get(letter, 0) + step
    return altered


def moved_sharps(sharps: int, semitones: int) -> int:
    """Return the signature of a key that is transposed, at most six sharps or five flats where it changes."""
    return sharps if semitones % 12 == 0 else (sharps + 7 * semitones + 5) % 12 - 5


def read_key(text: str, line: int) -> Key | None:
    """Read a `K:` field; None where it names a clef alone, which leaves the key as it is.

    Raises:
        NoScore: it names no key.
    """
    text = re.sub(r'"[^"]*"', " ", text).strip()
    if text.lower().startswith("none") or not text:
        return Key(dict(_explicit(text)), 0, None)
    if text[:2] in ("HP", "Hp"):
        # Highland pipes have these two sharps and no other notes; `Hp` prints them and `HP` doesn't.
        return Key(signature(2), 2, "record")
    if _CLEF.match(text) or re.match(r"[a-z]+=", text):
        return None
    tonic = _TONIC.match(text)
    rest = text[tonic.end() :] if tonic else ""
    if tonic is None or (rest and not re.match(r"[\s_=^]", rest)):
        raise NoScore("a key that ABC doesn't know", f"K:{text[:20]} in line {line}; it looks like K:G or K:A minor")
    fifths = SHARPS.index(tonic[1]) - 1 + 7 * ("#♯".find(tonic[2] or " ") >= 0) - 7 * ("b♭".find(tonic[2] or " ") >= 0)
    name = (tonic[3] or "maj").lower()[:3]
    sharps = fifths + _MODES[name]
    mode: Mode = "major" if name in ("maj", "ion") else "minor" if name in ("min", "m", "aeo") else ""
    changes = dict(_explicit(rest))
    if re.match(r"\s*exp\b", rest):
        return _altered(changes)
    return _altered(signature(sharps) | changes) if changes else Key(signature(sharps), sharps, "record", mode)


def _altered(alterations: dict[str, int]) -> Key:
    """Return the key of a signature with accidentals of its own; its sharps are those of the signature most like it."""

    def differences(sharps: int) -> int:
        common = signature(sharps)
        return sum(common.get(letter, 0) != alterations.get(letter, 0) for letter in SHARPS)

    sharps = min(range(-7, 8), key=lambda count: (differences(count), abs(count)))
    return Key({letter: semitones for letter, semitones in alterations.items() if semitones}, sharps, "record")


def _explicit(text: str) -> list[tuple[str, int]]:
    accidentals = _ACCIDENTAL.findall(re.sub(r"[a-zA-Z]+=\S+", " ", text))  # `clef=bass` holds no natural
    return [(letter.upper(), _ALTERATIONS[sign] or 0) for sign, letter in accidentals]


def read_shift(text: str) -> Shift | None:
    """Read clef, `octave=` and `transpose=` of a `K:` or `V:` field; None where there is none of them."""
    text = re.sub(r'"[^"]*"', " ", text)
    clef, octave, transpose = _CLEF.search(text), _OCTAVE.search(text), _TRANSPOSE.search(text)
    if not (clef or octave or transpose):
        return None
    octaves = {"+8": 12, "-8": -12, "+15": 24, "-15": -24}.get((clef[3] or "") if clef else "", 0)
    semitones = octaves + 12 * int(octave[1] if octave else 0) + int(transpose[1] if transpose else 0)
    return Shift(semitones, bool(clef and clef[1].lower() == "perc"))


def read_unit(text: str, line: int) -> Fraction:
    """Read an `L:` field: the length of a note without a number, in whole notes.

    Raises:
        NoScore: it is none.
    """
    match = re.fullmatch(r"(\d{1,4})(?:\s*/\s*(\d{1,4}))?", text)
    if match is None or not int(match[1]) or (match[2] and not int(match[2])):
        raise NoScore("a unit length that ABC doesn't know", f"L:{text[:20]} in line {line}")
    return Fraction(int(match[1]), int(match[2] or 1))


def read_metre(text: str, line: int) -> tuple[Fraction | None, bool]:
    """Read an `M:` field: a bar's length in whole notes, None in free metre, and whether the metre is compound.

    Raises:
        NoScore: it is no metre.
    """
    text = text.strip()
    if text in ("C", "C|"):
        return Fraction(1), False
    if text.lower() in ("", "none", "free"):
        return None, False
    match = re.fullmatch(r"\(?(\d{1,3}(?:\s*\+\s*\d{1,3}){0,15})\)?\s*/\s*(\d{1,3})", text)
    beats = sum(int(number) for number in match[1].split("+")) if match else 0
    if match is None or not beats or not int(match[2]):
        raise NoScore("a metre that ABC doesn't know", f"M:{text[:20]} in line {line}")
    return Fraction(beats, int(match[2])), bool(_COMPOUND.match(text))


def voice_name(text: str) -> str:
    """Return the name of the voice that a `V:` field is about."""
    return (text.split() or ["1"])[0]
