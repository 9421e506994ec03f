"""Answers: in one batch many are sampled, and the one is chosen that ends best.

    candidates = Candidates(model, vocabulary, context, request, generator)
    while candidates.advance(): ...    # one step of the model each, whenever there is time
    answer = candidates.choose()

A candidate may end wherever a bar ends, less the call's upbeat, so that the next upbeat has its place; and it is the
model's own only if what was drawn next is no hold. Where no candidate closes that is as likely as the median, all of
them are taken back by a bar and go on otherwise, up to `TURNS` times in all; the earlier ones stay in the choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.improviser.answering.choice import Answer, Endings, chosen, endings
from antiphon.improviser.answering.constraints import Booleans, History, new_history
from antiphon.improviser.answering.request import Request
from antiphon.melody.context import Context
from antiphon.melody.model import Floats, Metre, StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary

CANDIDATES = 32
TURNS = 4
"""With one turn alone, 89 % of the answers to first bars of training songs closed; with up to four, 96 %. What fails
at first is mostly 2/4 with an upbeat of an eighth, where a last note of a quarter must start on the barline."""
_LEAST = np.float32(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class _Moment:
    """Where the candidates stand before a step is drawn."""

    context: Context
    course: History


class Candidates:
    """Answers that are being sampled side by side. Only `advance` takes time, about a step of the model each.

    Args:
        model: steps `count` rows at once.
        vocabulary: the model's.
        context: after everything before the answer's first step was read, one row.
        request: what is wanted.
        generator: of the random numbers; the same seed gives the same answer.
        count: of candidates.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        context: Context,
        request: Request,
        generator: np.random.Generator,
        count: int = CANDIDATES,
    ) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._request = request
        self._generator = generator
        self._mask = request.constraints.mask(vocabulary, request.semitones)
        self._thinned = vocabulary.thinned(request.density)
        self._rows = np.arange(count)
        repeated = (np.repeat(each, count, axis=0) for each in (context.probabilities, context.state))
        self._now = _Moment(Context(*repeated), new_history(count))
        self._step = 0
        self._last = request.places[-1]  # what is drawn here tells only whether the longest answer's last note ends
        self._taken_back_to = max(0, self._last - request.bars.length)
        self._then = self._now
        self._turns_left = TURNS if request.temperature > 0 else 1
        self._tokens = np.zeros((self._last + 1, count), np.int32)
        self._bits = np.zeros((self._last + 1, count), np.float32)
        self._earlier: list[tuple[Tokens, Floats]] = []
        self._endings: list[Endings] = []

    def advance(self) -> bool:
        """Draw the next symbol of every candidate. Returns whether there is more to draw."""
        if not self._turns_left:
            return False
        if self._step == self._taken_back_to:
            self._then = self._now
        probabilities = self._now.context.probabilities
        weights = probabilities if self._request.density == 1 else probabilities * self._thinned
        tokens = drawn(weights, self._allowed(), self._request.temperature, self._generator)
        self._tokens[self._step] = tokens
        self._bits[self._step] = -np.log2(np.maximum(probabilities[self._rows, tokens], _LEAST))
        if self._step < self._last:
            self._read(tokens)
        else:
            self._end_turn()
        return self._turns_left > 0

    def choose(self) -> Answer:
        """Return the candidate that ends best, where it does. What hasn't been drawn yet is drawn first."""
        while self.advance():
            pass
        tokens, _ = self._all()
        return chosen(self._request, self._vocabulary, tokens, self._endings)

    def _allowed(self) -> Booleans:
        vocabulary = self._vocabulary
        found = self._request.constraints.allowed(vocabulary, self._mask, self._now.course)
        # An answer begins with a note: nothing of it sounds yet that could go on, and whoever waits for it counts the
        # beat on which it comes. And a song may end only where an answer may.
        found[:, vocabulary.hold] &= self._step > 0
        found[:, vocabulary.rest] &= self._step > 0
        found[:, vocabulary.end] = self._step in self._request.places
        return found

    def _read(self, tokens: Tokens) -> None:
        self._step += 1
        bar, metre = self._request.bar, None
        if bar:
            position = (self._request.position + self._step) % bar
            metre = Metre(np.full(len(tokens), position, np.int32), np.full(len(tokens), bar, np.int32))
        self._now = _Moment(
            Context(*self._model.step(tokens, self._now.context.state, metre)),
            self._now.course.after(tokens, self._vocabulary),
        )

    def _end_turn(self) -> None:
        self._turns_left -= 1
        self._endings = endings(self._request, self._vocabulary, *self._all())
        if any(each.content for each in self._endings):
            self._turns_left = 0
        if self._turns_left:
            self._earlier.append((self._tokens.copy(), self._bits.copy()))
            self._now, self._step = self._then, self._taken_back_to

    def _all(self) -> tuple[Tokens, Floats]:
        """Return the tokens and bits of all turns, (step, row)."""
        turns = [*self._earlier, (self._tokens, self._bits)]
        return np.concatenate([each for each, _ in turns], axis=1), np.concatenate([each for _, each in turns], axis=1)


def choose_answer(
    model: StepModel,
    vocabulary: Vocabulary,
    context: Context,
    request: Request,
    generator: np.random.Generator,
    count: int = CANDIDATES,
) -> Answer:
    """Sample candidates and return the one that ends best, all at once (see `Candidates`)."""
    return Candidates(model, vocabulary, context, request, generator, count).choose()


def drawn(probabilities: Floats, allowed: Booleans, temperature: float, generator: np.random.Generator) -> Tokens:
    """Draw a token in each row, by its share among those that are allowed.

    Args:
        probabilities: (row, V).
        allowed: (row, V), some token in every row.
        temperature: 0 takes the likeliest.
        generator: gives one number for each row, at any temperature.
    """
    weights = np.where(allowed, probabilities, 0).astype(np.float64)
    most = weights.max(axis=1, keepdims=True)
    # Relative to the largest, so that a small temperature can't underflow all of them; where the model rules out
    # whatever is allowed, all of it is as likely.
    weights = np.where(most > 0, weights / np.where(most > 0, most, 1), allowed)
    places = generator.random((len(weights), 1))
    if temperature == 0:
        tokens = weights.argmax(axis=1)
    else:
        summed = (weights if temperature == 1 else weights ** (1 / temperature)).cumsum(axis=1)
        tokens = (summed <= places * summed[:, -1:]).sum(axis=1)
    return np.asarray(tokens, np.int32)
