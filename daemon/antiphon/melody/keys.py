"""Keys: names, signatures, and the transposition into the model's key signature and back.

The model lives in one key signature, the white keys: songs in major are in C, songs in minor in A minor.
So a key matters only by its signature, counted in sharps (flats are negative), −5…6.
"""

from __future__ import annotations

import re

from antiphon.errors import UserError

SIGNATURES = tuple(range(-5, 7))
"""The twelve key signatures, in sharps: −5 (D♭ major, b♭ minor) … 6 (F♯ major, d♯ minor)."""

_MAJOR_NAMES = ("Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#")
_MINOR_NAMES = ("bb", "f", "c", "g", "d", "a", "e", "b", "f#", "c#", "g#", "d#")
_NAME = re.compile(r"([A-Ga-g])([#b♯♭-]?)\s*(m|min|minor|maj|major)?", re.ASCII)
_SHARPS_OF_LETTER = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}


def normalised(sharps: int) -> int:
    """Bring a number of sharps into −5…6 by enharmonic exchange (7 sharps, C♯ major, are 5 flats, D♭)."""
    return (sharps + 5) % 12 - 5


def parse_key(name: str) -> int:
    """Return the signature, in sharps (−5…6), of a key's name: `Eb`, `F#`, `c`, `c#m`, `Am`, `B minor`.

    A small letter means minor, as does an `m` behind a capital.

    Raises:
        UserError: the name is no key.
    """
    match = _NAME.fullmatch(name.strip())
    if not match or (match[1].islower() and (match[3] or "").startswith("maj")):
        raise UserError(f"{name!r} is no key; say for example Eb, F#, c#m or Am")
    letter, accidental, mode = match[1], match[2], match[3] or ""
    minor = letter.islower() or mode in ("m", "min", "minor")
    sharps = _SHARPS_OF_LETTER[letter.upper()] + {"": 0, "#": 7, "♯": 7}.get(accidental, -7)
    return normalised(sharps - 3 if minor else sharps)


def transposition(sharps: int) -> int:
    """Return the semitones (−6…+5) from a key signature to the model's, by the nearest octave."""
    return (-7 * sharps + 6) % 12 - 6


def major_name(sharps: int) -> str:
    """Return the major key of a signature of −5…6 sharps, as settings say it: `Eb`."""
    return _MAJOR_NAMES[sharps + 5]


def signature_name(sharps: int) -> str:
    """Return how musicians call a signature of −5…6 sharps: `Eb major / c minor`."""
    return f"{major_name(sharps)} major / {_MINOR_NAMES[sharps + 5]} minor"


def spelled(pitch: int, sharps: int) -> tuple[str, int, int]:
    """Return a MIDI pitch as it is written in a key signature: a letter, its alteration (1 is a sharp), its octave.

    Of the line of fifths (… B♭ F C G D …) a key takes the twelve names that hold its scale, three to its left and,
    because minor raises its leading note, two more to its right than that.
    """
    fifths = next(place for place in range(sharps - 3, sharps + 9) if 7 * place % 12 == pitch % 12)
    letter, alter = "FCGDAEB"[(fifths + 1) % 7], (fifths + 1) // 7
    return letter, alter, (pitch - alter) // 12 - 1


def pitch_name(pitch: int, sharps: int, flat: str = "♭", sharp: str = "♯") -> str:
    """Return a MIDI pitch as musicians call it in a key signature: `E♭4`; 60 is C4."""
    letter, alter, octave = spelled(pitch, sharps)
    return f"{letter}{sharp * alter}{flat * -alter}{octave}"
