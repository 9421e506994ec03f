"""The choice between `stream` and `window`: what a network allows, and where it allows both, what melodies say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.model import Floats
from antiphon_trainer.conversion.one_step import OneStep, Unsteppable
from antiphon_trainer.conversion.one_window import OneWindow
from antiphon_trainer.conversion.options import ContextChoice
from antiphon_trainer.dataset.melody import Melody
from antiphon_trainer.evaluation.measure import bits_of
from antiphon_trainer.network.predictor import Predictor

WORTH = 0.02
"""Bits per step that windows must save to be chosen: a stream can listen for the key, and is tens of times faster."""


@dataclass(frozen=True)
class Choice:
    """A context, the network as a function of one step in it, and the reason for the choice."""

    step: OneStep | OneWindow
    context: Literal["stream", "window"]
    reason: str


def choose(predictor: Predictor, requested: ContextChoice, length: int, melodies: Sequence[Melody]) -> Choice:
    """Choose the context that a network plays in.

    Args:
        predictor: the network.
        requested: what the user asked for.
        length: tokens of a window, where the network reads any number.
        melodies: to measure both contexts with, where the network allows both.

    Raises:
        UserError: the network can't be played in the requested context, or not at all.
    """
    try:
        stream = OneStep(predictor)
    except Unsteppable as obstacle:
        if requested == "stream":
            raise UserError(f"{obstacle}; it can't be a stream: convert with --context window") from None
        return Choice(OneWindow(predictor, length), "window", str(obstacle))
    if requested == "stream":
        return Choice(stream, "stream", "as asked for")
    if requested == "window":
        return Choice(OneWindow(predictor, length), "window", "as asked for")
    if predictor.spec.is_stream:
        return Choice(stream, "stream", "it reads melodies of any length and predicts at every step")
    return _better(predictor, stream, OneWindow(predictor, length), melodies)


def _better(predictor: Predictor, stream: OneStep, window: OneWindow, melodies: Sequence[Melody]) -> Choice:
    """Return the window if it saves at least `WORTH`, else the stream."""
    inputs = [melody.inputs for melody in melodies]
    stream_bits = _mean_bits(melodies, predictor.for_any_length.over_melodies(inputs))
    window_bits = _mean_bits(melodies, predictor.over_windows(inputs, window.state_size))
    measured = (
        f"{stream_bits:.3f} bits per step as a stream, {window_bits:.3f} in windows of {window.state_size} "
        f"on {len(melodies)} melodies"
    )
    if window_bits < stream_bits - WORTH:
        return Choice(window, "window", measured)
    return Choice(stream, "stream", f"{measured}; a stream is faster and can listen for the key")


def _mean_bits(melodies: Sequence[Melody], answers: Sequence[Floats]) -> float:
    pairs = zip(melodies, answers, strict=True)
    return float(np.concatenate([bits_of(melody.tokens, answer) for melody, answer in pairs]).mean())
