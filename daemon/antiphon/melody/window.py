"""The window: in a `window` bundle the state is the last tokens themselves, so it can be made from any melody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from antiphon.melody.context import Context, read_on, unread
from antiphon.melody.model import StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary

HELD, RESTED = -1, -2
"""In a line of pitches, one a step, they stand for a step in which the note is held, and one in which a rest begins."""


def context_of(model: StepModel, vocabulary: Vocabulary, line: Sequence[int]) -> Context:
    """Return the context of a `window` model after a melody, one row.

    Args:
        model: of a `window` bundle.
        vocabulary: its vocabulary.
        line: a step each: a pitch in the model's key, `HELD` or `RESTED`; at least one.
    """
    tokens = tokens_of(vocabulary, line)
    context = unread(model, len(vocabulary), 1)
    size = context.state.shape[1]
    # The last token is the one to be read; "/" stands before the melody, as in a fresh performance.
    before = [vocabulary.end, *tokens[:-1]][-size:]
    context.state[0, size - len(before) :] = before
    return read_on(model, context, np.array(tokens[-1:], np.int32))


def tokens_of(vocabulary: Vocabulary, line: Sequence[int]) -> list[int]:
    """Return the tokens of a line of pitches in the model's key, `HELD` and `RESTED`."""
    tokens: list[int] = tokens_in(vocabulary, line, np.zeros(1, np.intp))[:, 0].tolist()
    return tokens


def tokens_in(vocabulary: Vocabulary, line: Sequence[int], transpositions: npt.NDArray[np.intp]) -> Tokens:
    """Return the tokens of a line in several keys side by side, (step, key).

    Args:
        vocabulary: of the model.
        line: a step each: a pitch, `HELD` or `RESTED`.
        transpositions: from the line's pitches to the model's key, in semitones, (key,).
    """
    steps = np.array(line, np.intp)[:, None]
    tokens = vocabulary.fold(np.maximum(steps, 0) + transpositions)
    for mark, token in ((HELD, vocabulary.hold), (RESTED, vocabulary.rest)):
        tokens = np.where(steps == mark, token, tokens)
    return tokens.astype(np.int32)
