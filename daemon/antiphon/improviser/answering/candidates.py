"""Candidates: many answers are sampled in one batch, and the one that ends best is chosen.

    candidates = Candidates(model, vocabulary, context, request, generator)
    while candidates.prepare(): ...    # one step of the model each, whenever there is time
    answer = candidates.choose()

A candidate may end wherever a bar ends, less the call's upbeat, so that the next upbeat has its place. The model itself
has ended it there only if what was drawn next is no hold. Where no candidate closes that is at least as likely as the
median, all of them go back by a bar and are drawn anew from there, in up to `ROUNDS` rounds; those of earlier rounds
may be chosen as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.improviser.answering.constraints import Booleans, History, new_histories
from antiphon.improviser.answering.ranking import Answer, Endings, chosen, endings
from antiphon.improviser.answering.request import Request
from antiphon.improviser.answering.scale_mask import ScaleMask
from antiphon.melody.context import Context, read_on
from antiphon.melody.grid import Place, spell
from antiphon.melody.model import Floats, StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary

CANDIDATES = 32
"""Answers that are sampled, where nothing else is asked for."""
ROUNDS = 4
"""Rounds of drawing, at most. With a single one, 89 % of the answers to first bars of training songs closed; with up to
four, 96 %. What fails at first is mostly 2/4 with an upbeat of an eighth, where a last note of a quarter must start on
the barline."""
ENOUGH = 5
"""Pitches that a wanted range must leave, of those that are allowed, to count."""
_LEAST = np.float32(np.finfo(np.float32).tiny)
"""Probability; the least that is counted: a softmax may round to 0, of which there is no logarithm."""


@dataclass(frozen=True, eq=False)
class _Moment:
    """Where the candidates stand before a step is drawn."""

    context: Context
    history: History[Tokens]


class Candidates:
    """Answers that are being sampled side by side. Only `prepare` takes time, about a step of the model each.

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
        self._mask = _mask(request, vocabulary)
        self._given = np.array([vocabulary.tokens[symbol] for symbol in spell(request.opening)], np.int32)
        self._density_weights = vocabulary.density_weights(request.density)
        agreed = request.agreed
        self._scale_mask = None if agreed is None else ScaleMask(vocabulary, agreed, request.semitones)
        self._rows = np.arange(count)
        self._now = _Moment(context.repeated(count), new_histories(count))
        self._step = 0
        self._last = request.places[-1]  # what is drawn here tells only whether the longest answer's last note ends
        self._redrawn_from = max(0, self._last - request.bars.length)
        self._round_start = self._now
        self._rounds_left = ROUNDS if request.temperature > 0 else 1
        self._tokens = np.zeros((self._last + 1, count), np.int32)
        self._bits = np.zeros((self._last + 1, count), np.float32)
        self._earlier: list[tuple[Tokens, Floats]] = []
        self._endings: list[Endings] = []

    def prepare(self) -> bool:
        """Draw the next symbol of every candidate. Returns whether there is more to draw."""
        if not self._rounds_left:
            return False
        if self._step == self._redrawn_from:
            self._round_start = self._now
        probabilities = self._now.context.probabilities
        weights = probabilities if self._scale_mask is None else self._scale_mask.weighed(probabilities)
        weights = weights if self._request.density == 1 else weights * self._density_weights
        if self._step < len(self._given):
            tokens = np.full(len(self._rows), self._given[self._step], np.int32)
        else:
            tokens = drawn(weights, self._allowed(), self._request.temperature, self._generator)
        self._tokens[self._step] = tokens
        self._bits[self._step] = -np.log2(np.maximum(probabilities[self._rows, tokens], _LEAST))
        if self._step < self._last:
            self._read(tokens)
        else:
            self._end_round()
        return self._rounds_left > 0

    def choose(self) -> Answer:
        """Return the candidate that ends best, where it does. What hasn't been drawn yet is drawn first."""
        return chosen(self._request, self._vocabulary, *self.finish())

    def finish(self) -> tuple[Tokens, list[Endings]]:
        """Return the tokens of all candidates, (step, row), and what they are worth at each place to end.

        What hasn't been drawn yet is drawn first.
        """
        while self.prepare():
            pass
        return self._all()[0], self._endings

    def _allowed(self) -> Booleans:
        vocabulary = self._vocabulary
        found = self._request.constraints.allowed(vocabulary, self._mask, self._now.history)
        # An answer begins with a note: nothing of it sounds yet that could go on, and whoever waits for it counts the
        # beat on which it comes. And a song may end only where an answer may.
        found[:, vocabulary.hold] &= self._step > len(self._given)
        found[:, vocabulary.rest] &= self._step > 0
        found[:, vocabulary.end] = self._step in self._request.places
        return found

    def _read(self, tokens: Tokens) -> None:
        self._step += 1
        bar = self._request.bar
        place = Place((self._request.position + self._step) % bar, bar) if bar else None
        self._now = _Moment(
            read_on(self._model, self._now.context, tokens, place),
            self._now.history.after(tokens, self._vocabulary),
        )

    def _end_round(self) -> None:
        self._rounds_left -= 1
        self._endings = endings(self._request, self._vocabulary, *self._all())
        if any(each.content for each in self._endings):
            self._rounds_left = 0
        if self._rounds_left:
            self._earlier.append((self._tokens.copy(), self._bits.copy()))
            self._now, self._step = self._round_start, self._redrawn_from

    def _all(self) -> tuple[Tokens, Floats]:
        """Return the tokens and bits of all rounds, (step, row)."""
        rounds = [*self._earlier, (self._tokens, self._bits)]
        tokens, bits = zip(*rounds, strict=True)
        return np.concatenate(tokens, axis=1), np.concatenate(bits, axis=1)


def _mask(request: Request, vocabulary: Vocabulary) -> Booleans:
    """Return the tokens that range and scale allow, and of the pitches those that are wanted, (V,)."""
    mask = request.constraints.mask(vocabulary, request.semitones)
    if request.within is None:
        return mask
    wanted = mask.copy()
    lowest, highest = request.within
    numbers = vocabulary.pitch_numbers
    wanted[vocabulary.pitch_tokens] &= (numbers >= lowest) & (numbers <= highest)
    return wanted if np.count_nonzero(wanted[vocabulary.pitch_tokens]) >= ENOUGH else mask


def choose_answer(
    model: StepModel,
    vocabulary: Vocabulary,
    context: Context,
    request: Request,
    generator: np.random.Generator,
    count: int = CANDIDATES,
) -> Answer:
    """Sample candidates and return the one that ends best, all at once; the arguments are those of `Candidates`."""
    return Candidates(model, vocabulary, context, request, generator, count).choose()


def drawn(probabilities: Floats, allowed: Booleans, temperature: float, generator: np.random.Generator) -> Tokens:
    """Draw a token in each row, by its share of the probabilities, raised to 1 / `temperature`, of those allowed.

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
