"""Chords: how likely each chord of the key is in a half bar, as a value, by rules of harmony and what is heard.

It is a hidden Markov model over (mode, chord), one step a half bar. What follows what is Piston's table of usual root
progressions (Harmony, 1941, chapter 2), once read in major and once in minor. What is heard in a half bar, or expected
in it, weighs the chords by how well each pitch class fits to them. No weights were trained: the constants were chosen
by the tunes with chords of the even half (`antiphon-trainer audition --chords`).

All is in the model's key: C major, or A minor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float64]


class HalfBarAhead(NamedTuple):
    """What is known of a half bar before it sounds."""

    evidence: Weights
    """How much each pitch class counts that is expected in it, in notes, (12,)."""
    at_barline: bool
    """A barline is before it."""
    place: int | None
    """In its period, in half bars; None before the first barline."""


class Chord(NamedTuple):
    """A chord in the model's key."""

    classes: tuple[int, ...]
    """Its pitch classes, the root first, then third and fifth."""
    in_major: int
    """The degree of its root in major, 1…7."""
    in_minor: int
    """The same in minor."""
    priors: tuple[float, float]
    """How often it comes in major and in minor, beside the others."""


CHORDS = (
    Chord((0, 4, 7), 1, 3, (5.4, 1.2)),
    Chord((2, 5, 9), 2, 4, (1.5, 0.8)),
    Chord((4, 7, 11), 3, 5, (0.4, 0.2)),
    Chord((5, 9, 0), 4, 6, (2.25, 0.6)),
    Chord((7, 11, 2), 5, 7, (2.2, 3.7)),
    Chord((9, 0, 4), 6, 1, (1.0, 3.0)),
    Chord((4, 8, 11), 3, 5, (0.1, 1.2)),
    Chord((2, 6, 9), 2, 4, (0.7, 0.2)),
)
"""The triads of the key, but for the diminished one; the dominant of minor, and the dominant's own dominant."""
PROGRESSIONS: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((4, 5), (6,), (2, 3)),
    2: ((5,), (4, 6), (1, 3)),
    3: ((6,), (4,), (1, 2, 5)),
    4: ((5,), (1, 2), (3, 6)),
    5: ((1,), (4, 6), (2, 3)),
    6: ((2, 5), (3, 4), (1,)),
    7: ((3,), (1,), ()),
}
"""Piston's table: the degree of a root → those that usually follow it, sometimes, and less often."""
USUAL, RARE = (1.0, 0.7, 0.35), 0.25
"""Weights of what follows usually, sometimes and less often, and of all else."""
STAYS_AT_BARLINE, STAYS_MID_BAR = 0.35, 0.6
"""Probability that a harmony goes on across a barline, and across the middle of a bar."""
MODE_CHANGES = 0.01
"""Probability that major becomes minor, or minor major, from one half bar to the next."""
PERIOD = 16
"""Half bars in a period, eight bars: two phrases of four, of which the first ends on the dominant, in a half cadence,
and the second on the tonic, in an authentic one (Schoenberg, Fundamentals of Musical Composition, 1967, chapter 6)."""
OPENS, HALF_CADENCE, CLOSES = 0.3, 1.6, 0.75
"""Logarithms of by how much likelier the tonic is where a phrase begins, the dominant in a cadence, and the tonic where
the period closes; what leads to a dominant is by a share of the first."""
MAJOR = 0.7
"""Probability of major to begin with."""
TONES, SEVENTH, IN_SCALE, OUTSIDE = (0.22, 0.2, 0.2), 0.11, 0.045, 0.012
"""How often each tone of a chord sounds over it (root, third, fifth), and any other: a dominant's seventh, a note of
the key, and one that isn't in it."""
_SEVENTHS = {4: 5, 6: 2, 7: 0}
"""The dominants, by their place among the chords, and the pitch class of the seventh of each."""
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_SMALLEST = 1e-9
"""Probability; no chord is ever ruled out for good."""


@dataclass(frozen=True, eq=False)
class ChordBelief:
    """How likely each mode and chord is in a half bar."""

    weights: Weights
    """The probability of each, (mode and chord,), summing to 1: all chords in major, then all in minor."""

    def following(self, at_barline: bool) -> ChordBelief:
        """Return the belief for the half bar that follows, of which nothing is known yet.

        Args:
            at_barline: a barline is between the two.
        """
        return ChordBelief(self.weights @ _transitions()[int(at_barline)])

    def hearing(self, evidence: Weights) -> ChordBelief:
        """Return the belief given what sounds in the half bar: how much each pitch class counts, in notes, (12,)."""
        fits = np.tile(_fits() @ evidence, 2)
        return ChordBelief(_shared(np.maximum(self.weights, _SMALLEST) * np.exp(fits - fits.max())))

    def at_place(self, place: int | None) -> ChordBelief:
        """Return the belief given where in its period the half bar is."""
        return self if place is None else ChordBelief(_shared(self.weights * _cadences()[place]))

    def before(self, coming: Sequence[HalfBarAhead]) -> ChordBelief:
        """Return the belief given what is known to come behind the half bar, the next one first: what leads there is
        likelier."""
        likely = np.ones(len(self.weights))
        for each in reversed(coming):
            there = np.exp(np.tile(_fits() @ each.evidence, 2))
            if each.place is not None:
                there = there * _cadences()[each.place]
            likely = _transitions()[int(each.at_barline)] @ _shared(there * likely)
        return ChordBelief(_shared(self.weights * likely))

    @property
    def best(self) -> Chord:
        """The likeliest chord."""
        return CHORDS[int(self.weights.reshape(2, -1).sum(0).argmax())]


def first_belief() -> ChordBelief:
    """Return the belief before anything was heard."""
    priors = np.array([chord.priors for chord in CHORDS]).T
    weights = np.array((MAJOR, 1 - MAJOR))[:, None] * priors / priors.sum(1, keepdims=True)
    return ChordBelief(weights.ravel())


def _shared(weights: Weights) -> Weights:
    return np.asarray(weights / weights.sum(), np.float64)


@cache
def _cadences() -> Weights:
    """Return how much likelier each mode and chord is at each place of a period, (place, mode and chord)."""

    def shares(*of_degree: tuple[int, float]) -> Weights:
        found = dict(of_degree)
        return np.array(
            [found.get(chord.in_major, 0.0) for chord in CHORDS] + [found.get(chord.in_minor, 0.0) for chord in CHORDS]
        )

    tonic, dominant, leading = shares((1, 1.0)), shares((5, 1.0)), shares((2, 1.0), (4, 1.0), (5, 1.0))
    logarithms = np.zeros((PERIOD, 2 * len(CHORDS)))
    logarithms[0] = 1.5 * OPENS * tonic
    logarithms[[1, 8]] = OPENS * tonic
    logarithms[6], logarithms[12] = 0.7 * OPENS * leading, 0.5 * OPENS * leading
    logarithms[[7, 13]] = HALF_CADENCE * dominant
    logarithms[[14, 15]] = CLOSES * tonic
    return np.asarray(np.exp(logarithms), np.float64)


@cache
def _transitions() -> Weights:
    """Return the probability of each mode and chord after each, mid-bar and at a barline, (2, before, after)."""
    changes = np.zeros((2, len(CHORDS), len(CHORDS)))
    for mode in range(2):
        degrees = [(chord.in_major, chord.in_minor)[mode] for chord in CHORDS]
        for before, degree in enumerate(degrees):
            for after, other in enumerate(degrees):
                usual = (weight for weight, ranked in zip(USUAL, PROGRESSIONS[degree], strict=True) if other in ranked)
                changes[mode, before, after] = next(usual, RARE) * CHORDS[after].priors[mode] * (before != after)
    changes /= changes.sum(2, keepdims=True)
    modes = np.array(((1 - MODE_CHANGES, MODE_CHANGES), (MODE_CHANGES, 1 - MODE_CHANGES)))
    found = []
    for stays in (STAYS_MID_BAR, STAYS_AT_BARLINE):
        moves = (1 - stays) * changes + stays * np.eye(len(CHORDS))
        found.append(np.einsum("mn,mbc->mbnc", modes, moves).reshape(2 * len(CHORDS), -1))
    return np.array(found)


@cache
def _fits() -> Weights:
    """Return the logarithm of how often each pitch class sounds over each chord, (chord, 12)."""
    shares = np.full((len(CHORDS), 12), OUTSIDE)
    shares[:, _SCALE] = IN_SCALE
    for index, chord in enumerate(CHORDS):
        shares[index, list(chord.classes)] = TONES
        if index in _SEVENTHS:
            shares[index, _SEVENTHS[index]] = SEVENTH
    return np.asarray(np.log(shares / shares.sum(1, keepdims=True)), np.float64)
