"""Sampling: drawing the next note from a model, symbol by symbol along its chain of holds and rests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.melody.context import Context, read_on
from antiphon.melody.model import Floats, StepModel
from antiphon.melody.vocabulary import Vocabulary

LONGEST_CHAIN = 16
"""Steps after which a note is drawn, or ended, whatever the model would like: a bar of 4/4."""


@dataclass(frozen=True)
class NextNote:
    """A predicted note: `pitch` (MIDI number, in the model's key), its onset in `steps` from the last one."""

    pitch: int
    steps: int
    context: Context
    """After the note's own symbol, one row."""


class Sampler:
    """Draws from probabilities with a temperature; the same seed draws the same.

    Args:
        temperature: 0 always takes the likeliest; 1 takes the model at its word; above, the unlikely gain.
        seed: of the random numbers; None is new every time.
    """

    def __init__(self, temperature: float, seed: int | None) -> None:
        self._temperature = temperature
        self._generator = np.random.default_rng(seed)

    def draw(self, probabilities: Floats, allowed: npt.NDArray[np.intp]) -> int:
        """Return one of the tokens `allowed`, drawn by its share of `probabilities` (V,)."""
        weights = probabilities[allowed].astype(np.float64)
        if self._temperature == 0:
            return int(allowed[weights.argmax()])
        # Raised relative to the largest, so that a small temperature can't underflow all of them to 0.
        weights = (weights / max(weights.max(), 1e-30)) ** (1 / self._temperature)
        summed = weights.cumsum()
        place = np.searchsorted(summed, self._generator.random() * summed[-1], side="right")
        return int(allowed[min(int(place), len(allowed) - 1)])


def sample_note(model: StepModel, vocabulary: Vocabulary, context: Context, sampler: Sampler) -> NextNote:
    """Draw the next note: hold, hold, …, perhaps a rest, until a pitch comes. An end of the song is passed over.

    Args:
        model: the model that made the context.
        vocabulary: its vocabulary.
        context: what has been heard, one row.
        sampler: draws.
    """
    for steps in range(1, LONGEST_CHAIN + 1):
        allowed = vocabulary.going_on if steps < LONGEST_CHAIN else vocabulary.pitch_tokens
        token = sampler.draw(context.probabilities[0], allowed)
        context = read_on(model, context, np.array([token], np.int32))
        if token not in (vocabulary.hold, vocabulary.rest):
            break
    return NextNote(int(vocabulary.symbols[token]), steps, context)


def sample_length(model: StepModel, vocabulary: Vocabulary, context: Context, sampler: Sampler) -> int:
    """Draw how long a note sounds, in steps, from the context after its own symbol (one row)."""
    tokens = np.arange(len(vocabulary))
    hold = np.array([vocabulary.hold], np.int32)
    for steps in range(1, LONGEST_CHAIN):
        if sampler.draw(context.probabilities[0], tokens) != vocabulary.hold:
            return steps
        context = read_on(model, context, hold)
    return LONGEST_CHAIN
