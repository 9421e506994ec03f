"""Asking a Keras network about melodies: many at once, as it reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from antiphon.melody.model import Floats, Tokens
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.network.input_spec import ask, reading_of

_WINDOWS = 1024
"""Windows that are read side by side."""


def over_melodies(network: Any, vocabulary: Vocabulary, lines: Sequence[Tokens]) -> list[Floats]:
    """Ask a network for every step of melodies, each read from its beginning.

    Args:
        network: predicts after each of any number of steps, from the steps up to it.
        vocabulary: of its tokens.
        lines: what is read of each melody, (step,) or (step, cue).

    Returns:
        Probabilities of the next token, (step, V), of each melody.
    """
    table = np.zeros((len(lines), max(map(len, lines)), *lines[0].shape[1:]), np.int32)
    for row, line in zip(table, lines, strict=True):
        row[: len(line)] = line  # what follows a shorter melody changes nothing before it
    answers: Floats = np.asarray(ask(network, reading_of(network, vocabulary), table, vocabulary))
    return [answer[: len(line)] for answer, line in zip(answers, lines, strict=True)]


def over_windows(network: Any, vocabulary: Vocabulary, lines: Sequence[Tokens], length: int) -> list[Floats]:
    """Ask a network for every step of melodies by the window before it.

    Args:
        network: reads windows.
        vocabulary: of its tokens.
        lines: what is read of each melody, (step,); `"/"` stands before the first.
        length: tokens of a window.

    Returns:
        Probabilities of the next token, (step, V), of each melody.
    """
    nothing = np.full(length - 1, vocabulary.end, np.int32)
    windows = np.concatenate(
        [np.lib.stride_tricks.sliding_window_view(np.concatenate([nothing, line]), length) for line in lines]
    )
    starts = range(0, len(windows), _WINDOWS)
    answers = np.concatenate([after(network, vocabulary, windows[at : at + _WINDOWS]) for at in starts])
    return np.split(answers, np.cumsum([len(line) for line in lines])[:-1])


def after(network: Any, vocabulary: Vocabulary, windows: Tokens) -> Floats:
    """Return the probabilities of the token after each of `windows` (window, step), as (window, V)."""
    reading = reading_of(network, vocabulary)
    answer: Floats = np.asarray(ask(network, reading, windows, vocabulary))
    return answer[:, -1] if reading.each_step else answer
