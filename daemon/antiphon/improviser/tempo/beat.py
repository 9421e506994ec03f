"""The beat: where the performer's beats fall, from when keys go down, as a value.

It is a hidden Markov model over (tempo, place in the beat). From one onset to the next, a tempo and a place say how
long the wait is if the next onset has a certain place: `PLACES` says how often one follows another, `FURTHER` how many
whole beats pass besides. What is struck together counts once, and says by its size where it may be: chords and basses
fall on the beat. So the beat isn't counted from a first note that may be an upbeat, and survives a miscounted step.

Tempo and place are estimated anew here, and not taken from the steps: an error in these would turn the beat for good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache, cached_property
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon.midi.protocol import HIGHEST

Weights = npt.NDArray[np.float64]

PLACES_IN_BEAT = 12
"""A beat has so many places, its twelfths: halves, quarters, thirds and sixths fall on some of them."""
PLACES = (
    (1598, 44, 137, 601, 194, 11, 1029, 9, 431, 93, 8, 16),
    (13, 3, 17, 17, 16, 4, 15, 2, 12, 1, 0, 1),
    (5, 0, 2, 53, 102, 12, 16, 2, 4, 1, 5, 0),
    (23, 0, 0, 1, 63, 16, 591, 17, 4, 42, 1, 1),
    (9, 0, 0, 0, 1, 19, 149, 14, 190, 5, 5, 1),
    (3, 0, 0, 0, 0, 0, 21, 22, 8, 7, 2, 2),
    (880, 3, 4, 20, 3, 1, 61, 20, 270, 647, 18, 22),
    (7, 2, 1, 0, 0, 0, 0, 0, 24, 18, 20, 14),
    (679, 7, 4, 7, 4, 0, 9, 0, 1, 77, 141, 18),
    (695, 7, 9, 31, 6, 0, 28, 0, 1, 10, 92, 22),
    (196, 16, 19, 11, 3, 1, 7, 0, 1, 1, 0, 36),
    (70, 19, 9, 18, 2, 2, 11, 1, 0, 0, 0, 5),
)
"""How often an onset in a place (column) comes behind one in another (row), in ten-thousandths of all pairs."""
FURTHER = ((8976, 604, 195, 119, 12, 52, 26, 15), (9512, 367, 87, 17, 10, 3, 3, 1))
"""How many whole beats pass besides, 0 to 7, in ten-thousandths: before an onset on a beat, and before another."""
ACCENTS = (
    (0.47, 0.74, 0.66, 1.42, 1.33, 1.96),
    (1.26, 1.07, 1.15, 0.63, 0.52, 1.03),
    (1.63, 1.93, 0.67, 0.62, 0.26, 0.42),
    (1.09, 1.12, 1.59, 0.83, 0.97, 0.37),
    (1.70, 1.36, 0.64, 0.68, 0.43, 0.39),
    (1.65, 0.85, 0.86, 0.61, 0.58, 0.52),
    (1.20, 1.08, 1.42, 1.14, 0.57, 0.54),
    (1.52, 0.99, 0.83, 0.59, 0.71, 0.60),
    (0.82, 0.69, 0.81, 0.52, 1.81, 1.16),
    (1.14, 1.06, 1.47, 0.85, 1.01, 0.33),
    (1.82, 1.77, 0.58, 0.55, 0.21, 0.25),
    (1.45, 1.01, 0.82, 0.92, 0.57, 0.69),
)
"""How much likelier one, two, or more notes struck together are in a place (row) than elsewhere: of each of these first
without, then with a low note. All three tables were counted in folk songs and in performances of the even half."""
RARE = 3e-3
"""Share of all pairs of places that come in any order, as seldom as they were seen."""
LOW, LAST_LOWS = 3, 12
"""Semitones below the median of the last lowest notes, and how many of these: such a note is a low one."""
CHORDS_OF_LAST = 0.08
"""By how much the last onset counts in the share of chords."""
ACCOMPANIED = 0.3
"""Share of chords from which what is struck together tells its place in full: a lone melody has none."""
TOGETHER, LONGEST_ROLL = 0.05, 0.15
"""Seconds; an onset as near to the one before is struck together with it, and as near to the first of these."""
SLOWEST, FASTEST, TEMPI = 28.0, 240.0, 64
"""BPM, BPM and how many tempi between them are looked at: neighbours are 3.4 % apart."""
SET_SPREAD, SET_WEIGHT = 0.4, 0.05
"""Standard deviation of the tempo, as a logarithm, around the one that is set, and the exponent by which that counts
again at each onset."""
TAPPED_SPREAD = 0.04
"""`SET_SPREAD` around a tempo that was tapped."""
ON_TAP = 0.95
"""Probability that a beat is where the performer tapped."""
DRIFT = 0.02
"""Standard deviation, as a logarithm, of what the tempo changes by from one onset to the next."""
ONSET_SPREAD, WAIT_SPREAD = 0.015, 0.03
"""Standard deviation of an onset, in seconds, and of a wait, as a share of it."""
OUTLIER_DENSITY = 0.003
"""Likelihood, a second, of an onset that comes at no time that was expected."""
NEGLIGIBLE = 1e-4
"""Probability of a tempo, below which only the outliers are looked at there."""
NEAR = 1 / 8
"""Beats; moments as near as this are one beat."""
MOST = 200
"""States, the likeliest, among which the next beat is looked for."""
_LOGARITHMS = np.linspace(math.log(SLOWEST), math.log(FASTEST), TEMPI)
_PERIODS = 60 / np.exp(_LOGARITHMS)
_COLUMNS = np.arange(PLACES_IN_BEAT) / PLACES_IN_BEAT


class NextBeat(NamedTuple):
    """When a beat comes."""

    time: float
    """In seconds."""
    period: float
    """Seconds from beat to beat."""
    certainty: float
    """Probability that a beat is there, within an eighth of one, if people played like the tables. Of the surest fifth
    (0.98) 73 % are right on performances of the even half, of the others (0.89, 0.73, 0.57, 0.41) 50, 43, 40, 32."""


class Onset(NamedTuple):
    """What was struck together: a note, a chord, or, without any, a tap of the tempo."""

    first: float
    """Of its first and of its last note, in seconds."""
    last: float
    lowest: int
    """A MIDI note number."""
    notes: int
    is_tap: bool = False
    """A tap is among it, so that it is on a beat."""

    @property
    def time(self) -> float:
        """When it counts as struck, in seconds."""
        return (self.first + self.last) / 2

    def takes(self, time: float) -> bool:
        """Return whether a note at `time`, in seconds, is struck together with it."""
        return time - self.last <= TOGETHER and time - self.first <= LONGEST_ROLL

    def after(self, time: float, pitch: int) -> Onset:
        """Return it with another note."""
        return Onset(self.first, time, min(self.lowest, pitch), self.notes + 1, self.is_tap)


@dataclass(frozen=True, eq=False)
class Beat:
    """What is known of the beat after some notes.

    Args:
        bpm: the tempo that is set, or was tapped, in beats a minute.
        spread: how far the performer's may be from it: a standard deviation, as a logarithm.
    """

    bpm: float
    spread: float = SET_SPREAD
    before: Weights = field(default_factory=lambda: np.zeros(0), repr=False)
    """Probability of each tempo and of each place after the onset before the last, (tempo, place); empty before one."""
    previous: float = -math.inf
    """When that onset was, in seconds."""
    onset: Onset | None = None
    """The last one."""
    lows: tuple[int, ...] = ()
    """The lowest notes of those before it."""
    chords: float = 0.0
    """The share of chords among them."""

    def tapped(self, bpm: float, time: float | None) -> Beat:
        """Return what is known once the performer has set or tapped the tempo.

        Args:
            bpm: the tempo, in beats a minute.
            time: of the last tap, which is a beat, in seconds; None where the tempo was set in another way.
        """
        tap = None if time is None else Onset(time, time, HIGHEST, 0, is_tap=True)
        return Beat(bpm, TAPPED_SPREAD, onset=tap, lows=self.lows, chords=self.chords)

    def finish(self) -> None:
        """Work out `weights`, which is put off so that a note's answer needn't wait for it."""
        _ = self.weights

    def struck(self, time: float, pitch: int) -> Beat:
        """Return what is known after a key went down at `time`, in seconds, no earlier than the one before."""
        onset = self.onset
        if onset is None:
            return Beat(self.bpm, self.spread, onset=Onset(time, time, pitch, 1))
        if onset.takes(time):
            same = self.before, self.previous, onset.after(time, pitch), self.lows, self.chords
            return Beat(self.bpm, self.spread, *same)
        chords, lows = self.chords, self.lows
        if onset.notes:
            chords += CHORDS_OF_LAST * ((onset.notes > 1) - chords)
            lows = (*lows, onset.lowest)[-LAST_LOWS:]
        return Beat(self.bpm, self.spread, self.weights, onset.time, Onset(time, time, pitch, 1), lows, chords)

    @cached_property
    def weights(self) -> Weights:
        """Probability of each tempo and of each place of the last onset, (tempo, place), summing to 1."""
        onset = self.onset
        prior = _around(self.bpm, self.spread)
        if onset is None or not len(self.before):
            weights = np.outer(prior, _model().tapped if onset is not None and onset.is_tap else _model().places)
        else:
            weights = _after(self.before, onset.time - self.previous) * prior[:, None] ** SET_WEIGHT
        if onset is not None and onset.notes:
            weights = weights * self._accent(onset)
        return np.asarray(weights / weights.sum(), np.float64)

    def next(self, time: float) -> NextBeat | None:
        """Return the first beat at `time` (seconds) or later; None before the first onset."""
        if self.onset is None:
            return None
        weights = self.weights.ravel()
        likeliest = np.argpartition(weights, -MOST)[-MOST:]
        likeliest = likeliest[weights[likeliest].argsort()[::-1]]
        share, period = weights[likeliest], np.repeat(_PERIODS, PLACES_IN_BEAT)[likeliest]
        first = self.onset.time - np.tile(_COLUMNS, TEMPI)[likeliest] * period
        beats = first + np.ceil((time - first) / period - 1e-3) * period
        near = np.abs(beats - beats[: MOST // 4, None]) <= NEAR * period
        certainties = near @ share
        best = int(certainties.argmax())
        agreeing = near[best] * share
        middle = (agreeing @ beats, agreeing @ period) / agreeing.sum()
        return NextBeat(max(time, float(middle[0])), float(middle[1]), float(certainties[best]))

    def _accent(self, onset: Onset) -> Weights:
        """Return how much likelier the last onset is in each place than elsewhere, by how many notes it has."""
        lowest = median(self.lows) if self.lows else onset.lowest
        column = 2 * (min(onset.notes, 3) - 1) + (onset.lowest <= lowest - LOW)
        return np.asarray(_model().accents[:, column] ** min(1.0, self.chords / ACCOMPANIED), np.float64)


class _Model(NamedTuple):
    """The tables as probabilities."""

    pairs: Weights
    """P(place, whole beats besides | the place before), (before, place, beats); what is farther than the last counts as
    it does."""
    places: Weights
    """P(place), (place,)."""
    tapped: Weights
    """P(place | a tap is there), (place,)."""
    accents: Weights
    drift: Weights
    """P(tempo | the tempo an onset ago), (after, before)."""
    waits: Weights
    """Beats from one place to the next, up to one, (before, place)."""


@cache
def _model() -> _Model:
    counts = np.array(PLACES, np.float64) / 1e4
    further = np.array(FURTHER, np.float64) + 1
    further = further[[0] + [1] * (PLACES_IN_BEAT - 1)]
    further /= further.sum(1, keepdims=True)
    places = counts.sum(1)
    on_beat = np.arange(PLACES_IN_BEAT) == 0
    pairs = counts / places[:, None] + RARE / PLACES_IN_BEAT
    pairs /= pairs.sum(1, keepdims=True)
    chances = np.exp(-0.5 * ((_LOGARITHMS[:, None] - _LOGARITHMS) / DRIFT) ** 2)
    waits = (_COLUMNS - _COLUMNS[:, None]) % 1
    waits[waits == 0] = 1
    return _Model(
        pairs=pairs[:, :, None] * further,
        places=places / places.sum(),
        tapped=ON_TAP * on_beat + (1 - ON_TAP) * places / places.sum(),
        accents=np.array(ACCENTS),
        drift=chances / chances.sum(0),
        waits=waits,
    )


def _after(weights: Weights, wait: float) -> Weights:
    """Return how probable each tempo and place are after a wait, in seconds, up to a factor, (tempo, place)."""
    model = _model()
    weights = model.drift @ weights
    tempi = weights.sum(1)
    after = OUTLIER_DENSITY * np.outer(tempi, model.places)
    live = np.flatnonzero(tempi > NEGLIGIBLE)  # a dozen, most of the time
    periods = _PERIODS[live]
    beats = (wait / periods)[:, None, None]
    further = np.maximum(0, np.rint(beats - model.waits))
    spread = math.sqrt(2 * ONSET_SPREAD**2 + (WAIT_SPREAD * wait) ** 2)
    off = (beats - model.waits - further) * (periods / spread)[:, None, None]
    which = np.minimum(further, len(FURTHER[0]) - 1).astype(np.intp)
    rows, columns = np.ogrid[:PLACES_IN_BEAT, :PLACES_IN_BEAT]
    likely = np.exp(-0.5 * off**2) / spread * model.pairs[rows, columns, which]
    after[live] += np.einsum("tb,tbp->tp", weights[live], likely)
    return np.asarray(after, np.float64)


def _around(bpm: float, spread: float) -> Weights:
    """Return how probable each tempo is around one, the likeliest 1."""
    middle = math.log(min(FASTEST, max(SLOWEST, bpm)))
    return np.asarray(np.exp(-0.5 * ((_LOGARITHMS - middle) / spread) ** 2), np.float64)
