"""The path since the last onset: at every step, what the model expects if the note is held, or if a rest began."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.melody.context import Context, read_on
from antiphon.melody.model import Floats, StepModel
from antiphon.melody.vocabulary import Vocabulary

_SMALLEST = np.float32(1e-30)
"""A softmax may round to 0, of which there is no logarithm."""


def bits_of(probabilities: Floats) -> npt.NDArray[np.float64]:
    """Return −log2 of probabilities, of the same shape, in bits."""
    return -np.log2(np.maximum(probabilities, _SMALLEST)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Expectation:
    """What is expected at a step, and the bits, (row,), that the holds and rests on the way there cost."""

    context: Context
    bits: npt.NDArray[np.float64]


class Path:
    """Expectations at the steps after an onset, made when asked for and then kept.

    A path is a value for whoever holds it: what it answers for a step never changes. Asking early, in the time
    between two notes, makes hearing the second a look-up.

    Args:
        model: reads on.
        vocabulary: its vocabulary.
        onset: the context after the onset's symbol.
    """

    def __init__(self, model: StepModel, vocabulary: Vocabulary, onset: Context) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._held = [Expectation(onset, np.zeros(len(onset.state)))]
        self._rested: list[Expectation] = []
        self._rest_at: int | None = None

    @property
    def onset(self) -> Context:
        """The context after the onset's symbol."""
        return self._held[0].context

    def at(self, step: int, rest_at: int | None) -> Expectation:
        """Return what is expected `step` steps (at least 1) after the onset.

        Args:
            step: 1 is the step after the onset.
            rest_at: the step in which silence began (1 … `step` − 1), or None if the note is held until `step`.
        """
        if rest_at is None:
            return self._follow(self._held, step)
        if rest_at != self._rest_at:
            self._rest_at = rest_at
            self._rested = [self._read(self._follow(self._held, rest_at), self._vocabulary.rest)]
        return self._follow(self._rested, step - rest_at)

    def _follow(self, chain: list[Expectation], length: int) -> Expectation:
        while len(chain) < length:
            chain.append(self._read(chain[-1], self._vocabulary.hold))
        return chain[length - 1]

    def _read(self, expectation: Expectation, token: int) -> Expectation:
        context = expectation.context
        tokens = np.full(len(context.state), token, np.int32)
        bits = expectation.bits + bits_of(context.probabilities[:, token])
        return Expectation(read_on(self._model, context, tokens), bits)
