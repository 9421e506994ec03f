"""The tempo follower: estimates the tempo, and each note's length in steps, from the times of the onsets alone.

It is a hidden Markov model. Its state is the tempo, the last duration and the position in the beat:

- From note to note the tempo mostly stays, and now and then moves a little.
- Which duration comes next depends on the last one and the position (`rhythm`), and a little on what was played so far.
- How evenly people play differs by ten times, so an interval's noise has four levels, and each counts by how well it
  has lately explained the intervals.
- The tempo in use stays until another, twice as fast perhaps, is clearly likelier.

A melody that moves in quarters looks, note after note, like one in eighths at half the tempo. So the tempo that was set
or tapped keeps its weight at every note, against those that are farther from it than people set it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon.improviser.tempo.beat_evidence import BeatEvidence
from antiphon.improviser.tempo.rhythm import DURATIONS, Weights, rhythm
from antiphon.melody.grid import STEPS_PER_BEAT

SLOWEST, FASTEST, TEMPI = 25.0, 330.0, 96
"""BPM, BPM and how many tempi between them are looked at: neighbours are 3 % apart. Chopin's étude op. 10/3 is played
at 30 quarter notes a minute, fast jazz at 320."""
BEGIN_SPREAD, TAPPED_SPREAD = 0.3, 0.04
"""Standard deviation of the tempo before the first interval, as a logarithm, around one that is set, and one tapped."""
FREE, FASTER_FREE = 0.25, 0.3
"""Difference of logarithms; a tempo that is so much slower or faster than the set one has nothing against it. Faster
may be more: what is heard at double tempo is all on the grid, what is heard at half isn't."""
SET_SPREAD, SET_FASTER = 0.15, 0.1875
"""Standard deviations, beyond that, of the set tempo's prior on slower and on faster ones."""
COMPOUND_FASTER = 1.5
"""Times the set tempo, before the first interval, of quarter notes whose beat is a dotted one: 3/4 may be taken for 6/8
at half the tempo, whose beats are rarely as slow."""
SET_WEIGHT = 0.3
"""Exponent of the set tempo's prior, by which it counts again at each note, against the durations' evidence."""
STEADY, WANDERING, SHARE_WANDERING = 0.008, 0.06, 0.3
"""Standard deviation, as a logarithm, of what the tempo changes by from one note to the next: mostly, and else; and how
often it is else. With less of it a ritardando in even notes is heard as longer and longer durations."""
NOISE = ((0.009, 0.005), (0.015, 0.047), (0.021, 0.088), (0.027, 0.13))
"""Levels of noise: standard deviation of an onset, in seconds, and of an interval, as a share of it. Neighbours that
should be equal spread by 8 % in Mozart's sonatas and in singing, by 13 % in Chopin, by 25 % in jazz."""
REMEMBERED = 0.9
"""Exponent by which what is believed of the noise is forgotten at each note."""
OUTLIER_DENSITY = 0.05
"""Likelihood, a second, of an interval that is none of the durations; that of an onset exactly in its place is 31."""
OUTLIER_SIGMA = 5.0
"""Standard deviations from every duration; an interval farther off is an outlier, and is only rounded to steps."""
LEARNED, LEARNED_FOR = 0.1, 50.0
"""The weight of a duration that was played, against the whole row of its state in the table, and notes for which it is
remembered."""
SAME_TEMPO = 0.12
"""Difference of logarithms; tempi as near as this are one, played freely."""
HELD_ON = 0.4
"""Probability; the tempo in use stays while tempi near it (`NEAR`) are more probable."""
NEAR = 0.2
"""Difference of logarithms; tempi as near as this count for the tempo in use."""
MOST_TAPS = 8
"""Taps, at most, that a tempo is taken from: the last ones."""
TAPS_FORGOTTEN = 2.0
"""Seconds; after a silence this long, a tap no longer belongs to those before it."""

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
    """Probability of each tempo with each state of the rhythm, (tempo, state), summing to 1; None before a note."""
    noise: Weights | None = field(default=None, repr=False)
    """Probability of each level of `NOISE`, (level,), summing to 1; None before a note."""
    played: Weights | None = field(default=None, repr=False)
    """How often each outcome came in each state, (state, outcome), the latest the most; None before a note."""
    evidence: BeatEvidence = field(default_factory=BeatEvidence, repr=False)
    """Whether there is a beat; without one, the tempo in use is the one that is set."""

    @property
    def certainty(self) -> float:
        """The probability, 0 to 1, that the tempo is the one in use, and not half or twice that or any other one.

        Before the first interval it is 1 for a tempo that was tapped, and 0 for one that was only set; it is 0 where
        the playing shows no beat.
        """
        if self.evidence.is_lost:
            return 0.0
        if self.weights is None:
            return 1.0 if self.is_tapped else 0.0
        return float(self.weights[np.abs(_LOGARITHMS - math.log(self.bpm)) < NEAR].sum())

    def tapped(self, bpm: float) -> TempoFollower:
        """Return what is known once the performer has tapped or set the tempo, in beats a minute."""
        return TempoFollower(_bounded(bpm), self.steps_per_beat, self.steps, is_tapped=True)

    def after(self, interval: float) -> TempoFollower:
        """Return what is known after another onset, `interval` seconds after the last one."""
        if not 0 < interval < math.inf:
            return replace(self, steps=1)
        model, levels = rhythm(), _levels()
        set_bpm = self.bpm if self.set_bpm is None else self.set_bpm
        noise = levels.begin if self.noise is None else self.noise**REMEMBERED
        noise = noise / noise.sum()
        states, outcomes = self._expected(set_bpm)
        off = (np.float32(interval) - levels.seconds) / levels.deviation
        likelihood = np.exp(-0.5 * off * off) / levels.deviation
        expected = states @ outcomes
        of_durations = expected @ model.of_duration
        by_level = likelihood.reshape(len(noise), -1)
        explained = by_level @ of_durations.ravel() + OUTLIER_DENSITY
        by_duration = (noise @ by_level).reshape(of_durations.shape)
        mixed = by_duration + np.float32(OUTLIER_DENSITY)
        joint = expected * mixed.take(model.duration, 1)
        total = joint.sum()
        joint /= total
        evidence = self.evidence.after(interval, float(total) / math.sqrt(2 * math.pi))
        in_use = math.log(_bounded(set_bpm)) if evidence.is_lost else self._in_use(joint.sum(1))
        near = np.abs(_LOGARITHMS - in_use) < SAME_TEMPO
        likeliest = int((of_durations * by_duration)[near].sum(0).argmax())  # what an outlier is, nobody knows
        bpm = math.exp(in_use)
        rounded = max(1, round(interval * bpm * self.steps_per_beat / 60))
        if not evidence.is_lost and np.abs(off[:, near, likeliest]).min() > OUTLIER_SIGMA:
            return replace(self, steps=rounded, evidence=evidence)
        moves = outcomes * (states.T @ mixed).take(model.duration, 1)
        moves /= moves.sum()
        noise = noise * explained
        return replace(
            self,
            bpm=bpm,
            steps=rounded if evidence.is_lost else int(_steps(self.steps_per_beat)[likeliest]),
            set_bpm=set_bpm,
            weights=np.asarray(joint @ model.leads_to, np.float32),
            noise=noise / noise.sum(),
            played=moves if self.played is None else self.played * np.float32(1 - 1 / LEARNED_FOR) + moves,
            evidence=evidence,
        )

    def _expected(self, set_bpm: float) -> tuple[Weights, Weights]:
        """Return how probable each tempo and state is before the note to come, and P(outcome | state)."""
        model = rhythm()
        if self.weights is None:
            center = math.log(_bounded(self.bpm)) + math.log(COMPOUND_FASTER) * model.is_compound
            off = (_LOGARITHMS[:, None] - center) / (TAPPED_SPREAD if self.is_tapped else BEGIN_SPREAD)
            tempi = np.exp(-0.5 * off * off)
            return (tempi / tempi.sum(0) * model.begin).astype(np.float32), model.transitions
        states = (_drift() @ self.weights) * _set_prior(set_bpm)
        states /= states.sum()
        if self.played is None:
            return states, model.transitions
        outcomes = model.transitions + np.float32(LEARNED) * self.played
        return states, outcomes / outcomes.sum(1, keepdims=True)

    def _in_use(self, tempi: Weights) -> float:
        """Return the logarithm of the tempo in use, given each one's probability."""
        if self.weights is not None:
            near = np.abs(_LOGARITHMS - math.log(self.bpm)) < NEAR
            if tempi[near].sum() > HELD_ON:
                tempi = tempi * near
        around = tempi * (np.abs(_LOGARITHMS - _LOGARITHMS[tempi.argmax()]) < SAME_TEMPO)
        return float(around @ _LOGARITHMS / around.sum())


class _Levels(NamedTuple):
    """The levels of noise."""

    begin: Weights
    """The probability of each before the first interval, (level,)."""
    seconds: Weights
    """Of each duration at each tempo, (tempo, duration)."""
    deviation: Weights
    """Standard deviation of an interval, in seconds, (level, tempo, duration)."""


def _bounded(bpm: float) -> float:
    return min(FASTEST, max(SLOWEST, bpm))


@cache
def _levels() -> _Levels:
    seconds = np.array(DURATIONS) * 60 / STEPS_PER_BEAT / np.exp(_LOGARITHMS)[:, None]
    onset, share = np.array(NOISE).T[:, :, None, None]
    deviation = np.sqrt(2 * onset**2 + (share * seconds) ** 2)
    begin = np.full(len(NOISE), 1 / len(NOISE), np.float32)
    return _Levels(begin, seconds.astype(np.float32), deviation.astype(np.float32))


@lru_cache(maxsize=64)
def _set_prior(bpm: float) -> Weights:
    """Return by how much the set tempo speaks for each tempo at each note, (tempo, 1)."""
    off = _LOGARITHMS - math.log(_bounded(bpm))
    beyond = np.where(off < 0, np.maximum(0, -off - FREE) / SET_SPREAD, np.maximum(0, off - FASTER_FREE) / SET_FASTER)
    return np.exp(-0.5 * SET_WEIGHT * beyond**2).astype(np.float32)[:, None]


@cache
def _drift() -> Weights:
    """Return how probable each tempo is (row) if it was another one (column) a note ago."""
    off = _LOGARITHMS[:, None] - _LOGARITHMS
    steady, wandering = (np.exp(-0.5 * (off / spread) ** 2) for spread in (STEADY, WANDERING))
    chances = (1 - SHARE_WANDERING) * steady / steady.sum(0) + SHARE_WANDERING * wandering / wandering.sum(0)
    return np.asarray(chances, np.float32)


@cache
def _steps(steps_per_beat: float) -> npt.NDArray[np.int64]:
    """Return the durations in steps of the grid, (duration,)."""
    return np.maximum(1, np.rint(np.array(DURATIONS) / STEPS_PER_BEAT * steps_per_beat)).astype(np.int64)
