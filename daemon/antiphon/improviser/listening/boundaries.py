"""Boundaries: where another tune may have begun though nobody paused, and what a model expects if it has.

A model that takes two tunes for one expects less of the second. So after a long note a second context is kept beside
the first, in which a tune begins with the next one, and both are weighed by Bayes's rule: how well has each expected
what came since? Where the second is the likelier, it takes the place of the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

import numpy as np
import numpy.typing as npt

from antiphon.melody.context import Context, read_on
from antiphon.melody.grid import Place
from antiphon.melody.model import Floats, StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary

PRIOR = 0.1
"""Probability that a tune begins after a long note or a rest. On 60 validation songs without a pause between them that
leaves .068 of the .130 bits a step that it costs to take them for one, and costs .001 in single ones; .03 leaves .087,
.2 .070."""
LONG = 2.0
"""How many times as long as its neighbours a note is, at least, that may be a tune's last."""
SHORTEST = 64
"""Steps, four bars of 4/4, that a tune has at least."""
NEIGHBOURS = 24
"""Notes whose median length a note is compared with."""
_LEAST = 0.003
"""Probability; a second context that is less likely is given up, which saves a step of the model at each step."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Restart:
    """The second context, in each row."""

    context: Context
    weight: Doubles
    """How likely it is that the tune began there, (row,)."""

    def mixed(self, probabilities: Floats) -> Floats:
        """Return what is expected, (row, V), where the first context expects `probabilities`."""
        weight = self.weight[:, None].astype(np.float32)
        return weight * self.context.probabilities + (1 - weight) * probabilities

    def read(self, model: StepModel, first: Floats, token: int, place: Place | None) -> Restart | None:
        """Return it after a hold or a rest; None where it is given up.

        Args:
            model: reads on.
            first: what the first context expected, (row, V).
            token: what came, the same in all rows.
            place: of the step to be predicted.
        """
        second = self.weight * self.context.probabilities[:, token]
        weight = _share(second, (1 - self.weight) * first[:, token])
        if weight.max() < _LEAST:
            return None
        return Restart(read_on(model, self.context, np.full(len(weight), token, np.int32), place), weight)


@dataclass(frozen=True, eq=False)
class Boundaries:
    """What tells of a tune's boundaries at a note."""

    begins: bool = False
    """What is read is the `"/"` before a tune."""
    beginning: Context | None = None
    """After that; None where nobody asks for boundaries."""
    waits: tuple[int, ...] = ()
    """Steps from note to note, of the last ones."""
    steps: int = 0
    """Since the tune began."""
    restart: Restart | None = None

    def at_note(
        self, vocabulary: Vocabulary, first: Context, tokens: Tokens, wait: int, rests: bool
    ) -> tuple[Context, Boundaries]:
        """Return the first context before a note and the boundaries at it: the likelier context is the first.

        Args:
            vocabulary: of the tokens.
            first: the context before the note.
            tokens: the note in each row, (row,).
            wait: steps from the note before.
            rests: there was silence between them.
        """
        is_long = bool(self.waits) and (rests or wait >= LONG * median(self.waits))
        found = replace(
            self, begins=False, waits=() if self.begins else (*self.waits, wait)[-NEIGHBOURS:], steps=self.steps + wait
        )
        contexts = self.restart
        if is_long and self.steps >= SHORTEST and self.beginning is not None:
            contexts = _begun(vocabulary, self.beginning, first, contexts, tokens)
        if contexts is None:
            return first, found
        rows = np.arange(len(tokens))
        second = contexts.weight * contexts.context.probabilities[rows, tokens]
        weight = _share(second, (1 - contexts.weight) * first.probabilities[rows, tokens])
        if weight.max() < _LEAST:
            return first, replace(found, restart=None)
        other, swapped = contexts.context, weight > 0.5
        if swapped.any():
            first, other = _chosen(swapped, other, first), _chosen(swapped, first, other)
            found = replace(found, steps=0)
        return first, replace(found, restart=Restart(other, np.where(swapped, 1 - weight, weight)))


def _begun(
    vocabulary: Vocabulary, beginning: Context, first: Context, restart: Restart | None, tokens: Tokens
) -> Restart:
    """Return a restart with a tune that begins with a note of these tokens, in the rows where that is the likelier."""
    expected = first.probabilities if restart is None else restart.mixed(first.probabilities)
    pitches = vocabulary.pitch_tokens
    # When its first note comes depends on the tune before.
    onset = expected[:, pitches].sum(axis=1) / beginning.probabilities[:, pitches].sum(axis=1)
    rows = np.arange(len(tokens))
    new = Context(beginning.probabilities * onset[:, None], beginning.state)
    prior = np.full(len(rows), PRIOR)
    if restart is None:
        return Restart(new, prior)
    second = restart.weight * (1 - PRIOR)
    is_new = prior * new.probabilities[rows, tokens] > second * restart.context.probabilities[rows, tokens]
    return Restart(_chosen(is_new, new, restart.context), np.where(is_new, prior, second))


def _chosen(is_one: npt.NDArray[np.bool_], one: Context, other: Context) -> Context:
    """Return the one context in some rows, the other in the others."""
    rows = is_one[:, None]
    return Context(np.where(rows, one.probabilities, other.probabilities), np.where(rows, one.state, other.state))


def _share(one: Doubles, other: Doubles) -> Doubles:
    whole = np.maximum(one + other, 1e-30)
    found: Doubles = one / whole
    return found
