"""Motifs: how much of a melody is made of the same turns and rhythms as another.

A melody is taken as its intervals (semitones from note to note) and its inter-onset times (steps from note to note, and
to where the last note ends). Three in a row are a trigram; of the trigrams of one melody, the share that the other has
too tells how related it is, wherever it lies and in whichever bar it begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from antiphon.melody.grid import Note

_Trigram = tuple[int, int, int]


@dataclass(frozen=True)
class Relatedness:
    """Shares, 0…1, of a melody's trigrams that another has too; None of a melody too short to have any."""

    intervals: float | None
    rhythm: float | None


@dataclass(frozen=True)
class Motifs:
    """The trigrams of a melody, in their order."""

    intervals: tuple[_Trigram, ...]
    rhythm: tuple[_Trigram, ...]

    def related_to(self, other: Motifs) -> Relatedness:
        """Return how much of this melody is in another: each trigram counts as often as it comes here."""
        return Relatedness(_share(self.intervals, other.intervals), _share(self.rhythm, other.rhythm))


def motifs_of(melody: Sequence[Note]) -> Motifs:
    """Return the trigrams of a melody."""
    pitches, onsets, step = [], [], 0
    for note in melody:
        if note.pitch is not None:
            pitches.append(note.pitch)
            onsets.append(step)
        step += note.steps
    times = pairwise([*onsets, step] if onsets else [])
    return Motifs(
        _trigrams([later - earlier for earlier, later in pairwise(pitches)]),
        _trigrams([later - earlier for earlier, later in times]),
    )


def _trigrams(values: Sequence[int]) -> tuple[_Trigram, ...]:
    return tuple(zip(values, values[1:], values[2:], strict=False))


def _share(trigrams: Sequence[_Trigram], known: Sequence[_Trigram]) -> float | None:
    there = set(known)
    return sum(each in there for each in trigrams) / len(trigrams) if trigrams else None
