"""The window: in a `window` bundle the state is the last tokens themselves, so it can be made from any melody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from antiphon.melody.context import Context
from antiphon.melody.model import StepModel
from antiphon.melody.vocabulary import Vocabulary

HELD = -1
RESTED = -2
"""What stands in a line of pitches for the signs, as in `Listener.line`."""


def context_of(model: StepModel, vocabulary: Vocabulary, line: Sequence[int]) -> Context:
    """Return the context of a `window` model after a melody, one row.

    Args:
        model: of a `window` bundle.
        vocabulary: its vocabulary.
        line: a step each: a pitch in the model's key, `HELD` or `RESTED`; at least one.
    """
    tokens = tokens_of(vocabulary, line)
    state = model.initial_state(1)
    # The last token is the one to be read; "/" stands before the melody, as in a fresh performance.
    before = [vocabulary.end, *tokens[:-1]][-state.shape[1] :]
    state[0, state.shape[1] - len(before) :] = before
    return Context(*model.step(np.array(tokens[-1:], np.int32), state))


def tokens_of(vocabulary: Vocabulary, line: Sequence[int]) -> list[int]:
    """Return the tokens of a line of pitches in the model's key, `HELD` and `RESTED`."""
    signs = {HELD: vocabulary.hold, RESTED: vocabulary.rest}
    return [signs[each] if each in signs else int(vocabulary.fold(np.array([each]))[0]) for each in line]
