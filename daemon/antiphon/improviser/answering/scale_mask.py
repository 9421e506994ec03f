"""The scale mask: until the key is sure, answers keep to the pitch classes that the likely keys agree on.

A pitch class is agreed on where it is in the scales of nearly all of the belief in keys. Where hardly any is, as after
one note, those are that are in most of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from antiphon.improviser.answering.constraints import WHITE_KEYS
from antiphon.improviser.answering.weighing import shared_anew
from antiphon.melody.model import Floats
from antiphon.melody.vocabulary import Vocabulary

AGREED = 0.95
"""Belief in the keys whose scales a pitch class is in, from which answers may have it: with 0.9, a first note is taken
for a tonic, and its leading note may answer it."""
SURE = 0.98
"""Belief in one key, from which all notes may be played that the model plays in it, its chromatic ones too."""
FEWEST = 4
"""Pitch classes that are left in any case."""
OUTSIDE = 1e-7
"""What is left of the probability of all others, less than what consonance weighs: where a narrow range holds nothing
else, they are played."""

Classes = frozenset[int]
"""Pitch classes as played, 0 is C."""

_IN_SCALE = np.isin((np.arange(12)[:, None] + np.arange(12)) % 12, WHITE_KEYS)
"""Whether a pitch class is in the scale of a key, by the semitones from there to the model's, (semitones, 12)."""


def agreed_classes(belief: npt.NDArray[np.float64], transpositions: npt.NDArray[np.intp]) -> Classes | None:
    """Return the pitch classes, as played, that the likely keys agree on; None where one key is sure.

    Args:
        belief: how likely each key is, (key,).
        transpositions: semitones from the performer's pitches to the model's in each key, (key,).
    """
    if belief.max() >= SURE:
        return None
    believed = belief @ _IN_SCALE[transpositions % 12]
    enough = min(AGREED, np.sort(believed)[-FEWEST])
    return frozenset(np.flatnonzero(believed >= enough).tolist())


class ScaleMask:
    """Weighs a model's distributions so that what is agreed on is played.

    Args:
        vocabulary: of the distributions.
        classes: what is agreed on.
        semitones: from the model's pitches to those that are played.
    """

    def __init__(self, vocabulary: Vocabulary, classes: Classes, semitones: int) -> None:
        self._tokens = vocabulary.pitch_tokens
        weights = np.full(12, OUTSIDE)
        weights[list(classes)] = 1.0
        self._weights = weights[(vocabulary.pitch_numbers + semitones) % 12]

    def weighed(self, probabilities: Floats) -> Floats:
        """Return distributions over tokens, (…, V), in which all pitches together have the share that they had."""
        return shared_anew(probabilities, self._tokens, probabilities[..., self._tokens] * self._weights)
