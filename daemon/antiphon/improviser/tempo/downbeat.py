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
    positions, bars = np.arange(bar, dtype=np.int32), np.full(bar, bar, np.int32)
    end = np.full(bar, vocabulary.end, np.int32)
    context = read_on(model, unread(model, len(vocabulary), bar), end, Metre(positions, bars))
    bits = -np.log2(_prior(bar, beat))
    for step, token in enumerate(tokens):
        bits += bits_of(context.probabilities[:, token])
        context = read_on(model, context, np.full(bar, token, np.int32), Metre((positions + step + 1) % bar, bars))
    # The phrase has ended here, which speaks against positions in which its last note would go on.
    bits += bits_of(1 - context.probabilities[:, vocabulary.hold])
    best = int(bits.argmin())
    return Downbeat(best, context.row(best))


def _prior(bar: int, beat: int) -> npt.NDArray[np.float64]:
    """Return how likely a phrase begins at each position of a bar, before it is heard."""
    positions = np.arange(bar)
    prior = np.where(positions % beat == 0, ON_A_BEAT, BETWEEN)
    for beats, share in USUAL:
        prior[-round(beats * beat) % bar] = share
    return prior
