"""The evidence of a beat: whether the playing has one at all, as a value.

The tempo follower says how likely each interval was, knowing the beat so far. Another guess knows no beat: it says that
an interval is about as long as one of the last ones, whichever. Where the follower guesses no better than that over a
hundred notes, there is no beat to be followed: what it finds is a tempo that would fit to anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

REMEMBERED = 48
"""Intervals, the last ones, one of which the next may be like."""
ALIKE = 0.35
"""Standard deviation, as a logarithm, of an interval around the one that it is like."""
UNLIKE, USUAL, USUAL_SPREAD = 8, math.log(0.35), 0.77
"""Intervals as which it counts that one may be like none before; it is then about `USUAL`, the logarithm of seconds."""
AT_FIRST, FORGETS = 0.5, 1 / 128
"""How much better the follower is believed to guess before the first interval, in logarithms an interval, and what an
interval weighs in the mean: without a beat it takes some 170 to 400 notes until that is known."""
MOST = 2.0
"""Logarithms; one interval says no more than that."""
LOST, FOUND = -0.05, 0.1
"""Mean logarithms, below which there is no beat, and above which there is one again. Of performances of the even half,
it falls below the first in none of 180 of Mozart, Chopin, Schubert, beginners and singers, heard as melodies or whole;
in 5 of 80 of virtuosi, and in 1 of 40 jazz solos heard without their rhythm section."""
LEAST = 1e-30
"""Probability density; of less, nothing is known but that it is nearly 0."""
_ROOT = math.sqrt(2 * math.pi)


@dataclass(frozen=True, eq=False)
class BeatEvidence:
    """What is known of it after some intervals."""

    mean: float = AT_FIRST
    """By how much the follower has guessed better lately, in logarithms an interval."""
    is_lost: bool = False
    """There is no beat."""
    recent: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)
    """The logarithms of the last intervals, in seconds."""

    def after(self, interval: float, density: float) -> BeatEvidence:
        """Return what is known after an interval, in seconds, which the follower gave this probability density."""
        logarithm = math.log(interval)
        gain = math.log(max(LEAST, density * interval) / max(LEAST, self._guess(logarithm)))
        mean = self.mean + FORGETS * (min(MOST, max(-MOST, gain)) - self.mean)
        is_lost = mean < (FOUND if self.is_lost else LOST)
        return BeatEvidence(mean, is_lost, np.append(self.recent, logarithm)[-REMEMBERED:])

    def _guess(self, logarithm: float) -> float:
        """Return the probability density of an interval's logarithm, without a beat."""
        unlike = UNLIKE * math.exp(-0.5 * ((logarithm - USUAL) / USUAL_SPREAD) ** 2) / USUAL_SPREAD
        off = (self.recent - logarithm) / ALIKE
        alike = float(np.exp(-0.5 * off * off).sum()) / ALIKE
        return (unlike + alike) / (UNLIKE + len(self.recent)) / _ROOT
