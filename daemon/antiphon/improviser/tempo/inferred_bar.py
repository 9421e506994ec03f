"""The inferred bar: how many beats it has and where it begins, where nobody says so, as a value.

Long notes begin on downbeats more often than on other beats. The lengths of the notes that start on a beat are summed
by that beat, modulo twelve; each bar of 2, 3 or 4 beats that begins on one of its beats is as likely as those sums are,
if each beat of length has fallen where it has by the shares that songs have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CYCLE = 12
"""Beats; the least common multiple of the bars that are told apart."""
SHARES = {2: (0.61, 0.39), 3: (0.54, 0.26, 0.20), 4: (0.37, 0.17, 0.25, 0.21)}
"""Of the lengths of notes that start on a beat, by the beats in a bar: the share of each. From 121 validation songs."""
PRIOR = {2: 0.2, 3: 0.5, 4: 0.3}
"""How likely a bar has so many beats, before a note: about as in those songs. At their ends, played at 75 to 150 BPM by
onsets within 12 ms, 98 are rightly duple or triple, and 77 have the right beats."""
HALF_LIFE = 32
"""Beats after which a note counts half."""
LONGEST = 3.0
"""Beats; a longer note counts as so long."""
NEARLY = 0.05
"""Difference of probabilities; of barlines that are as likely but for this, the first counts."""
BARS = tuple((beats, first) for beats in SHARES for first in range(beats))
"""What may be: beats in a bar, and which beat of twelve is its first, modulo these."""


class BarGuess(NamedTuple):
    """A bar that seems likely."""

    beats: int
    certainty: float
    """Probability that it is duple (2 or 4 beats), or that it is triple, whichever it is."""


class Barline(NamedTuple):
    """A beat on which a bar may begin."""

    beats: int
    """From the first one that was asked about."""
    bar: int
    """Beats in the bar."""
    certainty: float
    """Probability that a bar begins there."""


@dataclass(frozen=True)
class InferredBar:
    """What is known of the bar after some notes.

    Args:
        beat: steps in a beat.
    """

    beat: int
    step: int = 0
    """Of the last note, modulo `CYCLE` beats."""
    lengths: tuple[float, ...] = ()
    """Beats for which notes lasted that started at each step, or empty."""

    def after(self, steps: int) -> InferredBar:
        """Return what is known after another note, so many steps behind the last one."""
        share = 0.5 ** (steps / self.beat / HALF_LIFE)
        lengths = [each * share for each in self.lengths or (0.0,) * (CYCLE * self.beat)]
        lengths[self.step] += min(steps / self.beat, LONGEST)
        return InferredBar(self.beat, (self.step + steps) % (CYCLE * self.beat), tuple(lengths))

    def guess(self) -> BarGuess | None:
        """Return the likeliest bar; None before a second note."""
        if not self.lengths:
            return None
        likely = {beats: float(self._likely[_lengths() == beats].sum()) for beats in SHARES}
        duple = likely[2] + likely[4]
        if likely[3] > duple:
            return BarGuess(3, likely[3])
        return BarGuess(4 if likely[4] > likely[2] else 2, duple)

    def barline(self, steps: int) -> Barline | None:
        """Return the likeliest of the beats on which a bar may begin.

        None before a second note, and where most length fell on other steps than these beats: then one is wrong, the
        beat or the count of the steps.

        Args:
            steps: from the last note to the first of these beats; the others follow it, up to a bar.
        """
        if not self.lengths or (self.step + steps - self._column) % self.beat:
            return None
        first = (self.step + steps - self._column) // self.beat
        begins = (first + np.arange(max(SHARES))[:, None] - _firsts()) % _lengths() == 0
        certainties = begins @ self._likely
        best = int((certainties >= certainties.max() - NEARLY).argmax())
        bar = int(_lengths()[(self._likely * begins[best]).argmax()])
        return Barline(best, bar, float(certainties[best]))

    @cached_property
    def _by_step(self) -> Floats:
        """The lengths, (beat, step in it)."""
        return np.array(self.lengths).reshape(CYCLE, self.beat)

    @cached_property
    def _column(self) -> int:
        """The step of a beat at which beats seem to be: the one on which most length fell."""
        return int(self._by_step.sum(0).argmax())

    @cached_property
    def _likely(self) -> Floats:
        """The probability of each of `BARS`, (bar,)."""
        scores = _logarithms() @ self._by_step[:, self._column] + _prior()
        likely = np.exp(scores - scores.max())
        return np.asarray(likely / likely.sum(), np.float64)


@cache
def _lengths() -> npt.NDArray[np.intp]:
    """Return the beats of each of `BARS`, (bar,)."""
    return np.array([beats for beats, _ in BARS])


@cache
def _firsts() -> npt.NDArray[np.intp]:
    """Return the first beat of each of `BARS`, (bar,)."""
    return np.array([first for _, first in BARS])


@cache
def _prior() -> Floats:
    """Return the logarithm of how likely each of `BARS` is before a note, (bar,)."""
    return np.log([PRIOR[beats] / beats for beats, _ in BARS])


@cache
def _logarithms() -> Floats:
    """Return how much likelier length is on each of twelve beats than if it were spread evenly, (bar, beat)."""
    rows = [[math.log(SHARES[beats][(each - first) % beats] * beats) for each in range(CYCLE)] for beats, first in BARS]
    return np.array(rows)
