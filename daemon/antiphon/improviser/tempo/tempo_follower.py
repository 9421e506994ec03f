"""The tempo follower: estimates the tempo, and each note's length in steps, from the times of the onsets alone.

It is a hidden Markov model over (tempo, duration). From note to note the tempo may drift a little; how often a duration
follows another in melodies (`PAIRS`) says which tempo makes of an interval a duration that is likely here. The tempo in
use stays until another, twice as fast perhaps, is clearly likelier.

A melody that moves in quarters looks, note after note, like one in eighths at half the tempo. So the tempo that was set
keeps its weight at every note.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from antiphon.melody.grid import STEPS_PER_BEAT

DURATIONS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 24)
"""Sixteenths from one onset to the next that a melody commonly has."""
PAIRS: tuple[tuple[int, ...], ...] = (
    (335, 269, 53, 93, 34, 15, 3, 5, 1, 0),
    (126, 3213, 157, 881, 234, 89, 38, 32, 3, 0),
    (296, 1, 1, 1, 1, 1, 0, 1, 0, 0),
    (32, 758, 58, 1519, 145, 270, 5, 64, 9, 1),
    (15, 387, 5, 31, 12, 1, 1, 1, 0, 0),
    (2, 66, 12, 256, 19, 173, 1, 18, 43, 5),
    (5, 41, 0, 1, 0, 0, 0, 1, 0, 0),
    (1, 27, 5, 74, 3, 10, 1, 3, 0, 0),
    (0, 1, 1, 6, 3, 38, 0, 2, 14, 4),
    (0, 0, 0, 1, 1, 9, 0, 1, 1, 0),
)
"""How often each duration (column) comes behind each (row), in ten-thousandths of all pairs in the training songs:
`python -m antiphon_trainer.audition.durations prepared/songs/training`.
"""
RARE = 20.0
"""Ten-thousandths, spread over each row as the durations come in any order: what was never seen may still come."""
SLOWEST, FASTEST, TEMPI = 40.0, 220.0, 86
"""BPM, BPM and how many tempi between them are looked at: neighbours are 2 % apart."""
PRIOR_SPREAD = 0.3
"""Standard deviation of the tempo, as a logarithm, around the one that is set."""
PRIOR_WEIGHT = 0.2
"""Exponent of the set tempo's prior, by which it counts again at each note, against the durations' evidence.

Of the intervals of 219 songs 99 % come out right, and 94 % if half or double the tempo counts as wrong; without it 97 %
and 80 %. With more, a tempo far from the set one is taken for half or double of it.
"""
TAPPED_SPREAD = 0.04
"""`PRIOR_SPREAD` around a tempo that was tapped."""
DRIFT = 0.03
"""Standard deviation, as a logarithm, of what the tempo changes by from one note to the next."""
ONSET_SPREAD = 0.0115
"""Standard deviation, in seconds, of when an onset comes: fingers within 20 ms."""
OUTLIER_DENSITY = 0.005
"""Likelihood, a second, of an interval that is none of the durations; that of an onset exactly in its place is 25."""
OUTLIER_SIGMA = 5.0
"""Standard deviations from every duration; an interval farther off is an outlier, and is only rounded to steps."""
SAME_TEMPO = 0.12
"""Difference of logarithms; tempi as near as this are one, played freely."""
HELD_ON = 0.25
"""Probability; the tempo in use stays while tempi near it (`NEAR`) are more probable: so it jumps in one song of 25.

If it didn't stay, it would jump in one of 4, for no more right intervals.
"""
NEAR = 0.2
"""Difference of logarithms; tempi as near as this count for the tempo in use."""
MOST_TAPS = 8
"""Taps, at most, that a tempo is taken from: the last ones."""
TAPS_FORGOTTEN = 2.0
"""Seconds; after a silence this long, a tap no longer belongs to those before it."""

Weights = npt.NDArray[np.float64]
_LOGARITHMS = np.linspace(math.log(SLOWEST), math.log(FASTEST), TEMPI)


def tapped_bpm(times: Sequence[float]) -> float | None:
    """Return the tempo that taps show, in beats a minute, or None: it takes two.

    Args:
        times: of the taps, rising, in seconds. Each is a beat; those before a silence of 2 s are forgotten.
    """
    gaps: list[float] = []
    for earlier, later in pairwise(times):
        gaps = [] if later - earlier > TAPS_FORGOTTEN else [*gaps, later - earlier]
    if not gaps:
        return None
    gap = float(np.median(gaps[-MOST_TAPS + 1 :]))
    return None if gap <= 0 else _bounded(60 / gap)


@dataclass(frozen=True, eq=False)
class TempoFollower:
    """What is known of the tempo after some notes, as a value.

    Args:
        bpm: to begin with, in beats (quarter notes) a minute, the one that is set; afterwards the tempo in use.
        steps_per_beat: of the grid.
    """

    bpm: float
    steps_per_beat: float = STEPS_PER_BEAT
    steps: int = 1
    """Of the last interval."""
    is_tapped: bool = False
    """The tempo was tapped."""
    set_bpm: float | None = None
    """The tempo to begin with; None before a note."""
    weights: Weights | None = field(default=None, repr=False)
    """Probability of each tempo and of each last duration, (tempo, duration), summing to 1; None before a note."""

    @property
    def certainty(self) -> float:
        """The probability, 0 to 1, that the tempo is the one in use, and not half or twice that or any other one.

        Before the first interval it is 1 for a tempo that was tapped, and 0 for one that was only set.
        """
        if self.weights is None:
            return 1.0 if self.is_tapped else 0.0
        return float(self.weights.sum(1)[np.abs(_LOGARITHMS - math.log(self.bpm)) < NEAR].sum())

    def tapped(self, bpm: float) -> TempoFollower:
        """Return what is known once the performer has tapped or set the tempo, in beats a minute."""
        return TempoFollower(_bounded(bpm), self.steps_per_beat, self.steps, is_tapped=True)

    def after(self, interval: float) -> TempoFollower:
        """Return what is known after another onset, `interval` seconds after the last one."""
        if not 0 < interval < math.inf:
            return replace(self, steps=1)
        steps, seconds = _lengths(self.steps_per_beat)
        deviation = np.sqrt(2 * ONSET_SPREAD**2 + (0.01 * seconds) ** 2)
        off = (interval - seconds) / deviation
        expected = self._expected()
        joint = expected * (np.exp(-0.5 * off**2) / deviation + OUTLIER_DENSITY)
        joint /= joint.sum()
        in_use = self._in_use(joint.sum(1))
        near = np.exp(-np.abs(_LOGARITHMS - in_use) / SAME_TEMPO) > math.exp(-1)
        likeliest = int(joint[near].sum(0).argmax())
        bpm = math.exp(in_use)
        if np.abs(off[near, likeliest]).min() > OUTLIER_SIGMA:
            nearest = max(1, round(interval * bpm * self.steps_per_beat / 60))
            return replace(self, steps=nearest)
        set_bpm = self.bpm if self.set_bpm is None else self.set_bpm
        return replace(self, bpm=bpm, steps=int(steps[likeliest]), set_bpm=set_bpm, weights=joint)

    def _expected(self) -> Weights:
        """The probability of each tempo and each duration of the note to come."""
        pairs, alone = _shares()
        if self.weights is None:
            tempi = _around(self.bpm, TAPPED_SPREAD if self.is_tapped else PRIOR_SPREAD)
            return np.outer(tempi / tempi.sum(), alone)
        prior = _around(self.set_bpm or self.bpm, PRIOR_SPREAD) ** PRIOR_WEIGHT
        expected = (_drift() @ self.weights @ pairs) * prior[:, None]
        return np.asarray(expected / expected.sum(), np.float64)

    def _in_use(self, tempi: Weights) -> float:
        """Return the logarithm of the tempo in use, given each one's probability."""
        if self.weights is not None:
            near = np.abs(_LOGARITHMS - math.log(self.bpm)) < NEAR
            if tempi[near].sum() > HELD_ON:
                tempi = tempi * near
        around = tempi * (np.abs(_LOGARITHMS - _LOGARITHMS[tempi.argmax()]) < SAME_TEMPO)
        return float(around @ _LOGARITHMS / around.sum())


def _bounded(bpm: float) -> float:
    return min(FASTEST, max(SLOWEST, bpm))


def _around(bpm: float, spread: float) -> Weights:
    """Return how probable each tempo is around one, the likeliest 1."""
    return np.asarray(np.exp(-0.5 * ((_LOGARITHMS - math.log(_bounded(bpm))) / spread) ** 2), np.float64)


@cache
def _shares() -> tuple[Weights, Weights]:
    """Return P(duration | the one before it), (before, after), and P(duration), (duration,)."""
    counts = np.array(PAIRS, np.float64)
    alone = (counts.sum(0) + 1) / (counts.sum(0) + 1).sum()
    pairs = counts + RARE * alone
    return pairs / pairs.sum(1, keepdims=True), alone


@cache
def _drift() -> Weights:
    """Return how probable each tempo is (row) if it was another one (column) a note ago."""
    chances = np.exp(-0.5 * ((_LOGARITHMS[:, None] - _LOGARITHMS) / DRIFT) ** 2)
    return np.asarray(chances / chances.sum(0), np.float64)


@cache
def _lengths(steps_per_beat: float) -> tuple[npt.NDArray[np.int64], Weights]:
    """Return the durations in steps of the grid, and in seconds at each tempo, (tempo, duration)."""
    steps = np.maximum(1, np.rint(np.array(DURATIONS) / STEPS_PER_BEAT * steps_per_beat)).astype(np.int64)
    return steps, steps * 60 / steps_per_beat / np.exp(_LOGARITHMS)[:, None]
