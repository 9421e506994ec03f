"""The downbeat: where in its bar a phrase began, when the metre is given and nobody hears the barlines.

Most phrases begin with an upbeat, so the first note is a bad guess (in a quarter of the songs it is right). The model
takes the metre as an input: so the phrase's probability is computed with each of the bar's positions as its first, side
by side, as for the key. After the first two bars of validation songs it is right in 88 % in 4/4, 77 % in bars of twelve
steps and 87 % in 2/4; on whole songs, knowing the downbeat saves 0.06 to 0.10 bits per step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.lookahead import bits_of
from antiphon.melody.context import Context, read_on, unread
from antiphon.melody.model import Metre, StepModel
from antiphon.melody.vocabulary import Vocabulary

USUAL = ((1.0, 0.5), (0.0, 0.3), (0.5, 0.1))
"""(Beats, weight): the prior that a phrase begins so many beats before a barline."""
ON_A_BEAT, BETWEEN = 0.05, 0.005
"""Weights: the prior of each other beat, and of each position between the beats."""


@dataclass(frozen=True)
class Downbeat:
    """Where a phrase lies in its bars."""

    position: int
    """Of its first step within its bar, in steps from 0."""
    context: Context
    """After all its steps, read with that metre, one row."""


@dataclass(frozen=True, eq=False)
class Positions:
    """How likely a phrase began at each position of its bar, after some of its steps, as a value."""

    model: StepModel
    """It takes as many rows as a bar has steps, and the metre."""
    context: Context
    """After the steps that were read, a row for each position."""
    bits: npt.NDArray[np.float64]
    """−log2 of the probability of the position and of the steps with it, (position,)."""
    steps: int = 0
    """How many were read."""

    def after(self, token: int) -> Positions:
        """Return what is known after one more step, with its token. It takes a step of the model."""
        bar = len(self.bits)
        bits = self.bits + bits_of(self.context.probabilities[:, token])
        places = Metre((np.arange(bar, dtype=np.int32) + self.steps + 1) % bar, np.full(bar, bar, np.int32))
        context = read_on(self.model, self.context, np.full(bar, token, np.int32), places)
        return Positions(self.model, context, bits, self.steps + 1)

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """The probability of each position, (position,), summing to 1."""
        likely = np.exp2(self.bits.min() - self.bits)
        return np.asarray(likely / likely.sum(), np.float64)


def unread_positions(model: StepModel, vocabulary: Vocabulary, bar: int, beat: int) -> Positions:
    """Return how likely a phrase begins at each position of a bar, before it is heard.

    Args:
        model: takes `bar` rows and the metre.
        vocabulary: the model's.
        bar: steps in a bar.
        beat: steps in a beat.
    """
    places = Metre(np.arange(bar, dtype=np.int32), np.full(bar, bar, np.int32))
    end = np.full(bar, vocabulary.end, np.int32)
    context = read_on(model, unread(model, len(vocabulary), bar), end, places)
    return Positions(model, context, -np.log2(_prior(bar, beat)))


def find_downbeat(
    model: StepModel, vocabulary: Vocabulary, tokens: npt.NDArray[np.int32], bar: int, beat: int
) -> Downbeat:
    """Find where in its bar a phrase began.

    Args:
        model: takes `bar` rows and the metre.
        vocabulary: the model's.
        tokens: of the phrase, one a step, until its last note's end; each takes a step of the model.
        bar: steps in a bar.
        beat: steps in a beat.
    """
    positions = unread_positions(model, vocabulary, bar, beat)
    for token in tokens:
        positions = positions.after(int(token))
    context = positions.context
    # The phrase has ended here, which speaks against positions in which its last note would go on.
    bits = positions.bits + bits_of(1 - context.probabilities[:, vocabulary.hold])
    best = int(bits.argmin())
    return Downbeat(best, context.row(best))


def _prior(bar: int, beat: int) -> npt.NDArray[np.float64]:
    """Return how likely a phrase begins at each position of a bar, before it is heard."""
    positions = np.arange(bar)
    prior = np.where(positions % beat == 0, ON_A_BEAT, BETWEEN)
    for beats, share in USUAL:
        prior[-round(beats * beat) % bar] = share
    return prior
