"""The networks: what an LSTM reads at each step, and the probabilities it gives, as Keras functional models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from antiphon_trainer.network.cues import columns, table_size

_WIDTH = 128
"""Numbers that a step's cues become, whatever the vocabulary: what the first LSTM layer reads."""


def build(vocabulary_size: int, units: Sequence[int], dropout: float, with_cues: bool) -> Any:
    """Build a network, untrained.

    Args:
        vocabulary_size: V, the number of tokens.
        units: units of each LSTM layer, the first reads the cues or tokens.
        dropout: share of a layer's outputs that sit out a training step.
        with_cues: whether the network is reminded of earlier bars and of the metre (`cues`); otherwise it reads
            nothing but the tokens, as the tutorial's does.

    Returns:
        A Keras model, probabilities of the next token float32 (batch, step, V), from cues int32 (batch, step, cue) or
        from tokens int32 (batch, step).
    """
    return _with_cues(vocabulary_size, units, dropout) if with_cues else _plain(vocabulary_size, units, dropout)


def _plain(vocabulary_size: int, units: Sequence[int], dropout: float) -> Any:
    """One-hot vectors exist inside the graph only: a corpus of one-hot windows would not fit into memory."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    signal = keras.ops.one_hot(tokens, vocabulary_size)
    for layer, size in enumerate(units, start=1):
        signal = _remember(signal, layer, size, dropout)
    return keras.Model(tokens, _predict(signal, vocabulary_size), name="melody")


def _with_cues(vocabulary_size: int, units: Sequence[int], dropout: float) -> Any:
    """One row of a table for every cue, summed: the same as one-hot vectors of them all into a dense layer.

    The sum goes around each LSTM layer too, so that what a cue says at once need not be remembered.
    """
    cues = keras.Input((None, len(columns(vocabulary_size))), dtype="int32", name="cues")
    rows = keras.layers.Embedding(table_size(vocabulary_size), _WIDTH, name="table")(cues)
    said = keras.ops.sum(rows, axis=-2)
    signal = said
    for layer, size in enumerate(units, start=1):
        signal = keras.layers.Concatenate(name=f"around_{layer}")([_remember(signal, layer, size, dropout), said])
    return keras.Model(cues, _predict(signal, vocabulary_size), name="melody_with_cues")


def _remember(signal: Any, layer: int, size: int, dropout: float) -> Any:
    signal = keras.layers.LSTM(size, return_sequences=True, name=f"lstm_{layer}")(signal)
    return keras.layers.Dropout(dropout, name=f"dropout_{layer}")(signal)


def _predict(signal: Any, vocabulary_size: int) -> Any:
    return keras.layers.Dense(vocabulary_size, activation="softmax", name="probabilities")(signal)
