"""A context: a model's state after the symbols that it has read, and the probabilities of the next one.

A context is a value. Reading gives a new one and leaves the old as it was, so to go back is to keep the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from antiphon.melody.grid import Place
from antiphon.melody.model import Floats, Metre, StepModel, Tokens


class Mixture(Protocol):
    """What is mixed into a model's predictions, after what has been read, with as many rows as the context.

    What was read is a value; what was learned isn't, and changes with what is learned.
    """

    @property
    def changes(self) -> int:
        """How often what was learned has changed: it mixes the same in as long as this is the same."""

    def after(self, tokens: Tokens) -> Mixture:
        """Return the mixture after one more token in each row, (row,)."""

    def mix(self, probabilities: Floats, place: Place | Metre | None) -> Floats:
        """Return the model's probabilities, (row, V), with something mixed in; `place` is that of the next step."""

    def repeated(self, rows: int) -> Mixture:
        """Return a mixture of one row as one of many rows that are all the same."""


@dataclass(frozen=True, eq=False)
class Context:
    """One row for each melody that is read side by side: the same one in twelve keys, or many candidates."""

    probabilities: Floats
    """Of the next token, (row, V)."""
    state: Floats
    """The model's state, (row, S)."""
    mixture: Mixture | None = None
    """What the probabilities are mixed with, and those after it will be."""

    def row(self, index: int) -> Context:
        """Return one row as a context of its own, with nothing mixed in."""
        return Context(self.probabilities[index : index + 1], self.state[index : index + 1])

    def repeated(self, rows: int) -> Context:
        """Return a context of one row as one of many rows that are all the same."""
        mixture = self.mixture and self.mixture.repeated(rows)
        return Context(np.repeat(self.probabilities, rows, axis=0), np.repeat(self.state, rows, axis=0), mixture)

    def mixed(self, mixture: Mixture | None, place: Place | Metre | None) -> Context:
        """Return a context of the model alone with something mixed in; `place` is that of the step to be predicted."""
        if mixture is None:
            return self
        return Context(mixture.mix(self.probabilities, place), self.state, mixture)


def unread(model: StepModel, vocabulary_size: int, rows: int) -> Context:
    """Return the context before the first symbol, which expects nothing: all its probabilities are 0.

    A fresh performance reads the token of `"/"` from there.
    """
    return Context(np.zeros((rows, vocabulary_size), np.float32), model.initial_state(rows))


def read_on(model: StepModel, context: Context, tokens: Tokens, place: Place | Metre | None = None) -> Context:
    """Return the context after reading one more token in each row.

    Whatever the improviser knows of the next symbol comes from here: what it samples from, and what it expects of the
    performer. What is mixed into the context before it is mixed into the one after.

    Args:
        model: the one that made the context.
        context: what was read before.
        tokens: (row,).
        place: of the step to be predicted, which is the one after the token's: the same in all rows, or each row's own
            (`Metre`); None where the metre is unknown.
    """
    metre = _metre(place, len(tokens)) if isinstance(place, Place) else place
    read = Context(*model.step(tokens, context.state, metre))
    return read if context.mixture is None else read.mixed(context.mixture.after(tokens), place)


@lru_cache(maxsize=1024)
def _metre(place: Place, rows: int) -> Metre:
    return Metre(np.full(rows, place.position, np.int32), np.full(rows, place.bar, np.int32))
