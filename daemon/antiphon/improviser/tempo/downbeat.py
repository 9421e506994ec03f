"""The phase: where in its bar a phrase began, when the metre is given and nobody hears the downbeat.

Most phrases begin with an upbeat, so the first note is a bad guess (in a quarter of the songs it is right). The model
takes the metre as an input: so it is asked how well the phrase goes with each of the bar's places as its first, side by
side, as for the key. After the first two bars of validation songs the right place has been found in 88 % in 4/4, 77 %
in bars of twelve steps and 87 % in 2/4; on whole songs what it found was worth 0.06 to 0.10 bits a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.lookahead import bits_of
from antiphon.melody.context import Context
from antiphon.melody.model import Metre, StepModel
from antiphon.melody.vocabulary import Vocabulary

USUAL = ((1.0, 0.5), (0.0, 0.3), (0.5, 0.1))
"""How likely a phrase begins so many beats before a barline …"""
ON_A_BEAT, BETWEEN = 0.05, 0.005
"""… or on any other beat, or between the beats."""


@dataclass(frozen=True)
class Downbeat:
    """Where the first of some steps stands: its `position` within its bar; and the context after them all, one row,
    with that metre."""

    position: int
    context: Context


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
    probabilities, state = model.step(
        np.full(bar, vocabulary.end, np.int32), model.initial_state(bar), Metre(positions, bars)
    )
    bits = -np.log2(_prior(bar, beat))
    for step, token in enumerate(tokens):
        bits += bits_of(probabilities[:, token])
        metre = Metre((positions + step + 1) % bar, bars)
        probabilities, state = model.step(np.full(bar, token, np.int32), state, metre)
    # The phrase has ended here: in a bar in which its last note would go on, it hasn't.
    bits += bits_of(1 - probabilities[:, vocabulary.hold])
    best = int(bits.argmin())
    return Downbeat(best, Context(probabilities, state).row(best))


def _prior(bar: int, beat: int) -> npt.NDArray[np.float64]:
    """Return how likely a phrase begins at each position of a bar, before it is heard."""
    positions = np.arange(bar)
    prior = np.where(positions % beat == 0, ON_A_BEAT, BETWEEN)
    for beats, share in USUAL:
        prior[-round(beats * beat) % bar] = share
    return prior
