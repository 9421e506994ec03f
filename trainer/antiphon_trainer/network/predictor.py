"""The predictor: a Keras network that is asked for the next token's probabilities, for many melodies at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np

from antiphon.errors import UserError
from antiphon.melody.model import Floats, Tokens
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.network import rebuilding
from antiphon_trainer.network.input_spec import InputSpec, input_spec_of

_WINDOWS = 1024
"""Windows; how many go through the network at once, which bounds the memory that takes."""
_SUM_TOLERANCE = 1e-3
"""Largest distance of the sum of all probabilities from 1, in float32."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A Keras network with its input spec, derived once, and the vocabulary of its tokens."""

    network: Any
    spec: InputSpec
    vocabulary: Vocabulary

    @cached_property
    def for_any_length(self) -> Predictor:
        """The predictor that reads whole melodies and predicts after every step: this one, or one rebuilt from it."""
        if self.spec.is_stream:
            return self
        network = rebuilding.for_any_length(self.network)
        return replace(self, network=network, spec=replace(self.spec, length=None, each_step=True))

    def in_float64(self) -> Predictor:
        """Return the predictor with its network rebuilt to calculate in float64."""
        return replace(self, network=rebuilding.in_float64(self.network))

    def call(self, inputs: Any) -> Any:
        """Run the network.

        Args:
            inputs: int32 (batch, step), tokens, or (batch, step, cue), as the spec says; arrays or tensors.

        Returns:
            Probabilities as a tensor, (batch, step, V) if the network predicts after each step, else (batch, V).
        """
        if self.spec.kind == "one-hot":
            inputs = keras.ops.one_hot(inputs, len(self.vocabulary))
        return self.network(inputs, training=False)

    def over_melodies(self, melodies: Sequence[Tokens]) -> list[Floats]:
        """Predict every step of melodies, each read from its beginning. Only a stream's predictor can.

        Args:
            melodies: the inputs of each, (step,) or (step, cue).

        Returns:
            For each melody the probabilities of the next token, (step, V).
        """
        table = np.zeros((len(melodies), max(map(len, melodies)), *melodies[0].shape[1:]), np.int32)
        for row, melody in zip(table, melodies, strict=True):
            row[: len(melody)] = melody  # the padding behind a shorter melody changes nothing before it
        answers: Floats = np.asarray(self.call(table))
        return [answer[: len(melody)] for answer, melody in zip(answers, melodies, strict=True)]

    def over_windows(self, melodies: Sequence[Tokens], length: int) -> list[Floats]:
        """Predict every step of melodies from the window before it.

        Args:
            melodies: the inputs of each, (step,); the token of `"/"` is assumed before the first.
            length: tokens of a window.

        Returns:
            For each melody the probabilities of the next token, (step, V).
        """
        before = np.full(length - 1, self.vocabulary.end, np.int32)
        windows = np.concatenate(
            [np.lib.stride_tricks.sliding_window_view(np.concatenate([before, melody]), length) for melody in melodies]
        )
        starts = range(0, len(windows), _WINDOWS)
        answers = np.concatenate([self.after_windows(windows[at : at + _WINDOWS]) for at in starts])
        return np.split(answers, np.cumsum([len(melody) for melody in melodies])[:-1])

    def after_windows(self, windows: Tokens) -> Floats:
        """Return the probabilities of the token after each of `windows` (window, step), as (window, V)."""
        answers: Floats = np.asarray(self.call(windows))
        return answers[:, -1] if self.spec.each_step else answers


def predictor_of(network: Any, vocabulary: Vocabulary) -> Predictor:
    """Return the predictor of a loaded network.

    Raises:
        UserError: it isn't a melody network, or predicts another number of tokens than the vocabulary has.
    """
    return Predictor(network, input_spec_of(network, vocabulary), vocabulary)


def check_softmax(predictor: Predictor, length: int) -> None:
    """Check that a network's answers are probabilities, on one window.

    Args:
        predictor: the network; one with cues is this trainer's own and isn't checked.
        length: steps of the window, where the network reads any number.

    Raises:
        UserError: they are negative or don't add up to 1.
    """
    if predictor.spec.kind == "cues":
        return
    window = np.full((1, predictor.spec.length or length), predictor.vocabulary.end, np.int32)
    answer: Floats = np.asarray(predictor.call(window))
    if not np.all(answer >= 0) or not np.all(np.abs(answer.sum(axis=-1) - 1) <= _SUM_TOLERANCE):
        raise UserError("the network's outputs aren't probabilities that add up to 1; its last layer must be a softmax")
