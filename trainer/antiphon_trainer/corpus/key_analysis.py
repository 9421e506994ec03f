"""The key of a song whose score doesn't record it: by its signature where the notes agree, else by the notes alone.

The analysis is that of Krumhansl and Schmuckler with the profiles of Aarden and Essen (Sapp, `keycor`), as music21's
`analyze("key")`: the correlation of a melody's pitch classes, weighted by how long they sound, with each key's profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from antiphon.melody.keys import normalised
from antiphon_trainer.corpus.score import KeySource, Mode, NoScore, WrittenNote

_PROFILES: dict[Mode, tuple[float, ...]] = {
    "major": (
        *(17.7661, 0.145624, 14.9265, 0.160186, 19.8049, 11.3587),
        *(0.291248, 22.062, 0.145624, 8.15494, 0.232998, 4.95122),
    ),
    "minor": (
        *(18.2648, 0.737619, 14.0499, 16.8599, 0.702494, 14.4362),
        *(0.702494, 18.6161, 4.56621, 1.93186, 7.37619, 1.75623),
    ),
}
"""Mode → the weight of each pitch class, from the tonic up in semitones."""
_MAJOR_SCALE = frozenset((0, 2, 4, 5, 7, 9, 11))


def key_of_notes(notes: Sequence[WrittenNote]) -> tuple[int, Mode]:
    """Return the likeliest key: its signature in sharps, −5…6, and its mode.

    Raises:
        NoScore: no note sounds.
    """
    classes = _classes(notes)
    if not any(classes):
        raise NoScore("no notes", "nothing but rests")
    # Of equals, the later pitch class, and minor: so music21 sorts them.
    _, tonic, mode = max(
        (_correlation(classes, profile, tonic), tonic, mode)
        for mode, profile in _PROFILES.items()
        for tonic in range(12)
    )
    return normalised(7 * (tonic + 3 * (mode == "minor"))), mode


def key_of_signature(sharps: int, notes: Sequence[WrittenNote]) -> tuple[int, KeySource, Mode]:
    """Return the key that a written signature without a mode says, in sharps, where from, and its mode if known.

    A signature without sharps and flats is also what files have whose writer never set one: it counts unless
    another signature, the analysis', leaves less of the song outside its scale.
    """
    if sharps:
        return sharps, "signature", ""
    found, mode = key_of_notes(notes)
    if found and outside(found, notes) < outside(0, notes):
        return found, "analysis", mode
    return 0, "signature", ""


def key_without_record(notes: Sequence[WrittenNote]) -> tuple[int, KeySource, Mode]:
    """Return the key by analysis, in sharps, with its source and its mode."""
    found, mode = key_of_notes(notes)
    return found, "analysis", mode


def outside(sharps: int, notes: Sequence[WrittenNote]) -> float:
    """Return how many quarter lengths of the notes are no degrees of the major scale with this signature."""
    tonic = 7 * sharps % 12
    return sum(length for place, length in enumerate(_classes(notes)) if (place - tonic) % 12 not in _MAJOR_SCALE)


def _classes(notes: Sequence[WrittenNote]) -> list[float]:
    """Return how long each pitch class sounds, in quarter lengths."""
    classes = [0.0] * 12
    for note in notes:
        if note.pitch is not None:
            classes[note.pitch % 12] += note.quarter_length
    return classes


def _correlation(classes: Sequence[float], profile: Sequence[float], tonic: int) -> float:
    mean, middle = sum(profile) / 12, sum(classes) / 12
    weights = [profile[(place - tonic) % 12] - mean for place in range(12)]
    spread = sqrt(sum(w * w for w in weights) * sum((c - middle) ** 2 for c in classes))
    return sum(w * (c - middle) for w, c in zip(weights, classes, strict=True)) / spread if spread else 0.0
