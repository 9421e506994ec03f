"""Plain sampling, the baseline for answers: one draw after each call, ended at the call's length or by the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from antiphon.improviser.answering.candidates import drawn
from antiphon.melody.grid import read
from antiphon.melody.model import Metre, StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.audition.calls import Phrase, Question

LONGEST = 320
"""Steps after which a draw is ended if the model hasn't ended it: 20 bars of 4/4."""


def plain_phrases(
    model: StepModel,
    vocabulary: Vocabulary,
    questions: Sequence[Question],
    generator: np.random.Generator,
    temperature: float,
    batch: int,
) -> tuple[list[Phrase], list[Phrase]]:
    """Draw what follows each call. Return it ended at the call's length, and ended where the model ends the song.

    Args:
        model: must allow a batch of `batch`.
        vocabulary: of its tokens.
        questions: the calls.
        generator: of the draws.
        temperature: of the draws.
        batch: calls that are answered at once.
    """
    by_length, by_end = [], []
    for start in range(0, len(questions), batch):
        chosen = questions[start : start + batch]
        filled = [*chosen, *[chosen[0]] * (batch - len(chosen))]
        table = np.stack(list(_drawn(model, vocabulary, filled, generator, temperature)))
        for row, each in enumerate(chosen):
            ends = np.flatnonzero(table[:, row] == vocabulary.end)
            end = int(ends[0]) if len(ends) else LONGEST
            by_length.append(_phrase(vocabulary, table[:, row], min(end, each.steps)))
            by_end.append(_phrase(vocabulary, table[:, row], end))
    return by_length, by_end


def _drawn(
    model: StepModel,
    vocabulary: Vocabulary,
    questions: Sequence[Question],
    generator: np.random.Generator,
    temperature: float,
) -> Iterator[Tokens]:
    """Yield the tokens of each step, (row,). The first can't be a hold: nothing sounds yet."""
    predicted = np.concatenate([each.context.probabilities for each in questions])
    state = np.concatenate([each.context.state for each in questions])
    position = np.array([each.bars.position for each in questions], np.int32)
    bar = np.array([each.bars.length for each in questions], np.int32)
    allowed = np.ones(predicted.shape, np.bool_)
    allowed[:, vocabulary.hold] = False
    for step in range(1, LONGEST + 2):
        tokens = drawn(predicted, allowed, temperature, generator)
        yield tokens
        allowed[:, vocabulary.hold] = True
        predicted, state = model.step(tokens, state, Metre(((position + step) % bar).astype(np.int32), bar))


def _phrase(vocabulary: Vocabulary, tokens: Tokens, end: int) -> Phrase:
    notes = tuple(read(vocabulary.symbols[token] for token in tokens[:end]))
    return Phrase(notes, own=bool(tokens[end] != vocabulary.hold) and end < LONGEST)
