"""The blues: the other kind of melody that the key is found in, which neither the model nor the key model has learned.

A blues scale holds three notes that lie a semitone apart and belongs to no key signature, so a line in it looks like a
new key at every turn. So all notes are weighed by two kinds of melody: those that the model knows, and those in one of
twelve blues scales. How likely the second kind is lets it speak for the signature of its minor key.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float64]

SHARE = 0.05
"""Of melodies, that are taken for blues before a note is heard."""
SUREST, LEAST_SURE = 3.0, -15.0
"""Bits, binary logarithms of how much likelier blues is than the other kind; what is surer than that is forgotten."""
CHANCE_TO_MOVE = 0.003
"""Probability that the scale changes from one note to the next."""
TONIC = 9
"""The pitch class of the blues' tonic in the model's key: A, as of its minor songs."""
OF_SCALE = {0: 0.24, 3: 0.17, 5: 0.15, 6: 0.07, 7: 0.17, 10: 0.15}
"""The share of each degree, in semitones above the tonic, among the notes of a blues; set by hand."""
OF_OTHERS = 0.004
"""The share of each other degree, before all are made to sum to 1."""


def _profile() -> Weights:
    shares = np.array([OF_SCALE.get((each - TONIC) % 12, OF_OTHERS) for each in range(12)])
    return np.asarray(shares / shares.sum(), np.float64)


def moved(weights: Weights, chance: float) -> Weights:
    """Return how probable each key is, (key,), once it may have moved to any other with this probability."""
    others = len(weights) - 1
    return weights * (1 - chance) + (1 - weights) * (chance / others) if others else weights


PROFILE = _profile()
"""The share of each pitch class in the model's key, from C on, (12,)."""


@dataclass(frozen=True, eq=False)
class Blues:
    """What speaks for it after some notes, as a value."""

    weights: Weights
    """The probability of each key if it is blues, (key,), summing to 1."""
    bits: float = math.log2(SHARE / (1 - SHARE))
    """The binary logarithm of how much likelier blues is than the kind of melody that the model knows."""

    @property
    def probability(self) -> float:
        """That it is blues."""
        return float(1 / (1 + 2.0**-self.bits))

    def after(self, classes: npt.NDArray[np.intp], known: float) -> Blues:
        """Return what speaks for it after another note.

        Args:
            classes: the note's pitch class in the model's key as it is in each key, (key,).
            known: bits that the note cost if the melody is of the kind that the model knows.
        """
        weights = moved(self.weights, CHANCE_TO_MOVE) * PROFILE[classes]
        likely = float(weights.sum())
        return Blues(weights / likely, min(SUREST, max(LEAST_SURE, self.bits + math.log2(likely) + known)))
