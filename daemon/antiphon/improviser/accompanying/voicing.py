"""Voicing: which notes a chord is played with, given the last one's: each voice moves as little as it can.

The rules are those of part-writing (Piston, Harmony, 1941, chapters 2 and 3): common tones stay, other voices go to the
nearest tone of the next chord, and no two voices go in parallel fifths or octaves, least of all one of them the bass.
Pitches are as played, MIDI note numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import NamedTuple

LOWEST, HIGHEST, CENTRE = 43, 67, 57
"""MIDI note numbers: the chord lies between the first two, G2 and G4, and rather near the third, A3."""
LOWEST_BASS, HIGHEST_BASS, BASS_CENTRE = 33, 52, 43
"""The same of the bass: A1, E3 and G2."""
WIDEST = 12
"""Semitones from the lowest note of the chord to its highest: within one hand."""
GAP = 3
"""Semitones, at least, from the bass to the chord."""
PARALLEL_WITH_BASS, PARALLEL, INVERTED, FROM_CENTRE = 24.0, 4.0, 8.0, 0.25
"""What costs as much as so many semitones of motion: each parallel fifth or octave with the bass, each between two
other voices, a third in the bass, and each semitone by which the voicing lies off its centre."""
_PERFECT = (0, 7)


class Voicing(NamedTuple):
    """A chord as it is played."""

    bass: int | None
    """None where no bass is played."""
    chord: tuple[int, ...]
    """From the lowest to the highest; empty where no chord is played."""

    @property
    def pitches(self) -> tuple[int, ...]:
        """All of them, from the lowest on."""
        return self.chord if self.bass is None else (self.bass, *self.chord)


def voiced(
    classes: tuple[int, ...], last: Voicing | None, has_bass: bool, has_chord: bool, limits: tuple[int, int]
) -> Voicing | None:
    """Return the voicing of a chord that is best after the last one; None where there is no room for it.

    Args:
        classes: its pitch classes as played, the root first, then the third.
        last: of the chord before, if there was one.
        has_bass: a bass is played.
        has_chord: the chord is played.
        limits: the lowest and the highest pitch that may be played: below the melody.
    """
    found = _voicings(classes, has_bass, has_chord, limits)
    return min(found, key=lambda each: _cost(each, classes, last), default=None)


def parallels(before: Voicing, after: Voicing) -> tuple[int, int]:
    """Return how many pairs of voices go in parallel fifths or octaves: those with the bass, and others."""
    if len(before.pitches) != len(after.pitches):
        return 0, 0
    moves = list(zip(before.pitches, after.pitches, strict=True))
    pairs = [
        index
        for index, (low, high) in enumerate(combinations(moves, 2))
        if (high[0] - low[0]) % 12 == (high[1] - low[1]) % 12 in _PERFECT
        and (low[1] - low[0]) * (high[1] - high[0]) > 0
    ]
    with_bass = 0 if after.bass is None else sum(index < len(moves) - 1 for index in pairs)
    return with_bass, len(pairs) - with_bass


def _voicings(classes: tuple[int, ...], has_bass: bool, has_chord: bool, limits: tuple[int, int]) -> Iterator[Voicing]:
    low, high = limits
    basses = [
        pitch
        for pitch in range(max(low, LOWEST_BASS), min(high, HIGHEST_BASS) + 1)
        if has_bass and pitch % 12 in classes[:2]
    ]
    there = range(max(low, LOWEST), min(high, HIGHEST) + 1)
    tones = [[pitch for pitch in there if pitch % 12 == each] for each in classes]
    chords = [
        chord
        for chord in (tuple(sorted(each)) for each in product(*tones))
        if has_chord and chord[-1] - chord[0] <= WIDEST
    ]
    together = [Voicing(bass, chord) for bass in basses for chord in chords if chord[0] - bass >= GAP]
    # Where there is room for one of them alone, that is played.
    yield from together or [Voicing(bass, ()) for bass in basses] or [Voicing(None, chord) for chord in chords]


def _cost(voicing: Voicing, classes: tuple[int, ...], last: Voicing | None) -> float:
    bass, chord = voicing
    cost = 0.0
    if bass is not None:
        cost += INVERTED * (bass % 12 != classes[0]) + FROM_CENTRE * abs(bass - BASS_CENTRE)
        if last is not None and last.bass is not None:
            cost += abs(bass - last.bass) / 2  # a bass may leap
    if chord:
        cost += FROM_CENTRE * abs(sum(chord) / len(chord) - CENTRE)
        if last is not None and len(last.chord) == len(chord):
            cost += sum(abs(one - other) for one, other in zip(last.chord, chord, strict=True))
    if last is not None:
        with_bass, others = parallels(last, voicing)
        cost += PARALLEL_WITH_BASS * with_bass + PARALLEL * others
    return cost
