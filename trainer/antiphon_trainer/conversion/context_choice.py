"""The choice between `stream` and `window`: what a network allows, and where it allows both, what melodies say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.model import Floats
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.conversion.one_step import OneStep, Unsteppable
from antiphon_trainer.conversion.one_window import OneWindow
from antiphon_trainer.conversion.options import ContextChoice
from antiphon_trainer.dataset.melody import Melody
from antiphon_trainer.evaluation.measure import bits_of
from antiphon_trainer.network.input_spec import reading_of
from antiphon_trainer.network.predictor import over_melodies, over_windows
from antiphon_trainer.network.rebuilding import any_length

WORTH = 0.02
"""Bits a step that windows must save to be worth it: a stream listens for the key, and steps tens of times faster."""


@dataclass(frozen=True)
class Choice:
    """A network as a function of one step, and why in this context."""

    step: OneStep | OneWindow
    context: Literal["stream", "window"]
    reason: str


def choose(
    network: Any, vocabulary: Vocabulary, wanted: ContextChoice, length: int, melodies: Sequence[Melody]
) -> Choice:
    """Choose the context that a network plays in.

    Args:
        network: functional.
        vocabulary: of its tokens.
        wanted: what the user asked for.
        length: tokens of a window, where the network takes any number.
        melodies: to measure with.

    Raises:
        UserError: the network can't be played as it was wanted, or not at all.
    """
    try:
        step = OneStep(network, vocabulary)
    except Unsteppable as obstacle:
        if wanted == "stream":
            raise UserError(f"{obstacle}; it can't be a stream: convert with --context window") from None
        return Choice(OneWindow(network, vocabulary, length), "window", str(obstacle))
    if wanted == "stream":
        return Choice(step, "stream", "as asked for")
    if wanted == "window":
        return Choice(OneWindow(network, vocabulary, length), "window", "as asked for")
    reading = reading_of(network, vocabulary)
    if reading.length is None and reading.each_step:
        return Choice(step, "stream", "it reads melodies of any length and predicts at every step")
    return _measured(network, vocabulary, step, OneWindow(network, vocabulary, length), melodies)


def _measured(
    network: Any, vocabulary: Vocabulary, stream: OneStep, window: OneWindow, melodies: Sequence[Melody]
) -> Choice:
    lines = [melody.read for melody in melodies]
    streamed = _bits(melodies, over_melodies(any_length(network), vocabulary, lines))
    windowed = _bits(melodies, over_windows(network, vocabulary, lines, window.state_size))
    measured = (
        f"{streamed:.3f} bits a step as a stream, {windowed:.3f} in windows of {window.state_size} "
        f"on {len(melodies)} melodies"
    )
    if windowed < streamed - WORTH:
        return Choice(window, "window", measured)
    return Choice(stream, "stream", f"{measured}; a stream is faster and can listen for the key")


def _bits(melodies: Sequence[Melody], answers: Sequence[Floats]) -> float:
    pairs = zip(melodies, answers, strict=True)
    return float(np.concatenate([bits_of(melody.tokens, answer) for melody, answer in pairs]).mean())
