"""Weighing: pitches that fit gain from those that don't, whatever the rule is by which they fit."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Floats

Ints = npt.NDArray[np.intp]
Weights = npt.NDArray[np.float64]
_TINY = np.finfo(np.float64).tiny


class Weigher(Protocol):
    """What weighs the pitches of a distribution against each other."""

    def weighed(self, probabilities: Floats) -> Floats:
        """Return a distribution over tokens, (V,), in which all pitches together have the share that they had."""


def shared_anew(probabilities: Floats, pitch_tokens: Ints, wanted: Weights) -> Floats:
    """Return distributions over tokens in which the pitches have shared what they had together anew.

    Args:
        probabilities: (…, V).
        pitch_tokens: those of pitches, (pitch,); all others keep their probabilities.
        wanted: in what proportion the pitches share, (…, pitch).
    """
    whole = probabilities[..., pitch_tokens].astype(np.float64).sum(axis=-1, keepdims=True)
    found = probabilities.copy()
    found[..., pitch_tokens] = wanted * (whole / np.maximum(wanted.sum(axis=-1, keepdims=True), _TINY))
    return found


def best_near(pitch: int, candidates: Ints, weights: Weights, nearness: float) -> int:
    """Return the pitch that a planned one is played as: the candidate that fits best; where there is none, itself.

    Args:
        pitch: as planned.
        candidates: what may be played in its place, near it, (pitch,).
        weights: how well each fits, (pitch,).
        nearness: what is left of a candidate's weight for each semitone that it is away.
    """
    if not len(candidates):
        return pitch
    return int(candidates[np.argmax(weights * nearness ** np.abs(candidates - pitch))])
