"""Lookahead: at every step after the last onset, what the model predicts if the note is held, or if a rest began.

Asking early, in the time between two notes, makes hearing the second a look-up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.boundaries import Boundaries, Restart
from antiphon.improviser.memory.learner import Step
from antiphon.melody.context import Context, read_on, unread
from antiphon.melody.grid import Place
from antiphon.melody.model import Floats, StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary

_SMALLEST = np.float32(1e-30)
"""Probability; the least that is counted, since a softmax may round to 0, of which there is no logarithm."""


def bits_of(probabilities: Floats) -> npt.NDArray[np.float64]:
    """Return −log2 of probabilities, of the same shape, in bits."""
    return -np.log2(np.maximum(probabilities, _SMALLEST)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is predicted at a step."""

    context: Context
    """Before the step's symbol, in the tune that is the likelier one."""
    bits: npt.NDArray[np.float64]
    """−log2 of the probability of all holds and rests since the onset, (row,)."""
    vocabulary: Vocabulary
    restart: Restart | None = None
    """If another tune has begun, though nobody paused."""

    @cached_property
    def probabilities(self) -> Floats:
        """Of each token, wherever the tune began, (row, V)."""
        network = self.context.probabilities
        return network if self.restart is None else self.restart.mixed(network)

    @cached_property
    def token_bits(self) -> npt.NDArray[np.float64]:
        """−log2 of the probability of each token, (row, V), in bits."""
        return bits_of(self.probabilities)

    @cached_property
    def class_bits(self) -> npt.NDArray[np.float64]:
        """−log2 of the probability of each pitch class, given that a note starts, (row, 12), in bits."""
        classes = self.probabilities @ self.vocabulary.class_table
        return bits_of(classes) - bits_of(classes.sum(axis=1, keepdims=True))


class Lookahead:
    """Predictions at the steps after an onset, made when asked for and then kept.

    It is a value to whoever holds it: what it answers for a step never changes.

    Args:
        model: reads on.
        vocabulary: its vocabulary.
        before: the context before the onset's symbol.
        tokens: the onset's symbol in each row, (row,).
        place: of the onset within its bar; None where the metre is unknown.
        boundaries: what tells that another tune begins.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        before: Context,
        tokens: Tokens,
        place: Place | None = None,
        boundaries: Boundaries = Boundaries(),  # noqa: B008  it is a value
    ) -> None:
        self._boundaries = boundaries
        self._place = place
        self._model = model
        self._vocabulary = vocabulary
        self._before = before
        self._tokens = tokens
        self._first_place = place and place.later(1)
        self._held: list[Prediction] = []
        self._rested: list[Prediction] = []
        self._rest_at: int | None = None

    def row(self, index: int) -> Context:
        """Return one row of the context after the onset's symbol: an answer in one key need not wait for all."""
        if self._held:
            return self._held[0].context.row(index)
        return read_on(self._model, self._before.row(index), self._tokens[index : index + 1], self._first_place)

    def place_at(self, step: int) -> Place | None:
        """Return where the step `step` after the onset stands in its bar; None where the metre is unknown."""
        return self._place and self._place.later(step)

    def finish(self) -> None:
        """Read the onset's symbol in every row, if that wasn't done yet."""
        if not self._held:
            onset = read_on(self._model, self._before, self._tokens, self._first_place)
            restart = self._boundaries.restart
            if restart is not None:
                read = read_on(self._model, restart.context, self._tokens, self._first_place)
                restart = Restart(read, restart.weight)
            self._held.append(Prediction(onset, np.zeros(len(self._tokens)), self._vocabulary, restart))

    def at(self, step: int, rest_at: int | None) -> Prediction:
        """Return what is predicted `step` steps (at least 1) after the onset.

        Args:
            step: 1 is the step after the onset.
            rest_at: the step in which silence began (1 … `step` − 1), or None if the note is held until `step`.
        """
        self.finish()
        if rest_at is None:
            return self._follow(self._held, step, 0)
        if rest_at != self._rest_at:
            self._rest_at = rest_at
            self._rested = [self._read(self._follow(self._held, rest_at, 0), self._vocabulary.rest, rest_at)]
        return self._follow(self._rested, step - rest_at, rest_at)

    def after(self, step: int, rest_at: int | None, tokens: Tokens, place: Place | None) -> Lookahead:
        """Return the lookahead from the next note on.

        Args:
            step: of that note, counted from the onset.
            rest_at: the step in which silence began, or None.
            tokens: of the note in each row, (row,).
            place: of the note within its bar; None where the metre is unknown.
        """
        prediction, boundaries = self.at(step, rest_at), self._boundaries
        if boundaries.begins:
            boundaries = replace(boundaries, beginning=self.at(1, None).context)
        boundaries = replace(boundaries, restart=prediction.restart)
        before, boundaries = boundaries.at_note(self._vocabulary, prediction.context, tokens, step, rest_at is not None)
        return Lookahead(self._model, self._vocabulary, before, tokens, place, boundaries)

    def steps(self, step: int, rest_at: int | None, tokens: Tokens) -> tuple[Step, ...]:
        """Return what was predicted, and what came, in each step after the onset up to the next note.

        Args:
            step: of the next note.
            rest_at: the step in which silence began, or None.
            tokens: of the next note in each row, (row,).
        """
        held, rest = (np.full(len(tokens), token, np.int32) for token in (self._vocabulary.hold, self._vocabulary.rest))
        found = []
        for each in range(1, step + 1):
            came = tokens if each == step else rest if each == rest_at else held
            predicted = self.at(each, rest_at if rest_at is not None and rest_at < each else None)
            begins = self._boundaries.begins and each == 1
            found.append(Step(predicted.probabilities, came, self.place_at(each), begins))
        return tuple(found)

    def _follow(self, chain: list[Prediction], length: int, start: int) -> Prediction:
        """Return what a chain that begins `start` steps after the onset predicts at its step `length`, from 1."""
        while len(chain) < length:
            chain.append(self._read(chain[-1], self._vocabulary.hold, start + len(chain)))
        return chain[length - 1]

    def _read(self, prediction: Prediction, token: int, step: int) -> Prediction:
        """Read the token of the step `step` after the onset."""
        context = prediction.context
        tokens = np.full(len(context.state), token, np.int32)
        bits = prediction.bits + bits_of(prediction.probabilities[:, token])
        place = self._place and self._place.later(step + 1)
        restart = prediction.restart and prediction.restart.read(self._model, context.probabilities, token, place)
        return Prediction(read_on(self._model, context, tokens, place), bits, self._vocabulary, restart)


def fresh_lookahead(model: StepModel, vocabulary: Vocabulary, rows: int) -> Lookahead:
    """Return the lookahead of a fresh performance, which begins with the symbol `"/"`."""
    before = unread(model, len(vocabulary), rows)
    return Lookahead(
        model, vocabulary, before, np.full(rows, vocabulary.end, np.int32), boundaries=Boundaries(begins=True)
    )
