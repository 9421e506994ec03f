"""A context: what a model remembers of the symbols that it has read, and what it expects next.

A context is a value. Reading gives a new one and leaves the old as it was, so going back is keeping it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from antiphon.melody.grid import Place
from antiphon.melody.model import Floats, Metre, StepModel, Tokens


@dataclass(frozen=True, eq=False)
class Context:
    """One row for each melody that is read side by side (the same one in twelve keys, or many candidates)."""

    probabilities: Floats
    """Of the next token, (row, V)."""
    state: Floats
    """The model's memory, (row, S)."""

    def row(self, index: int) -> Context:
        """Return one row as a context of its own."""
        return Context(self.probabilities[index : index + 1], self.state[index : index + 1])


def read_on(model: StepModel, context: Context, tokens: Tokens, place: Place | None = None) -> Context:
    """Return the context after reading one more token in each row.

    Args:
        model: the one that made the context.
        context: what was read before.
        tokens: (row,).
        place: of the step to be predicted, the one after the token's; None where the metre is unknown.
    """
    return Context(*model.step(tokens, context.state, None if place is None else _metre(place, len(tokens))))


@lru_cache(maxsize=1024)
def _metre(place: Place, rows: int) -> Metre:
    return Metre(np.full(rows, place.position, np.int32), np.full(rows, place.bar, np.int32))
