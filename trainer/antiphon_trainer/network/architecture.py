"""The architecture of the networks: LSTMs from cues or tokens to probabilities, as Keras functional models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from antiphon_trainer.network.cues import columns, table_size

_WIDTH = 128
"""Size of the vector that a step's cues become, whatever the vocabulary: the input of the first LSTM layer."""


def build(vocabulary_size: int, units: Sequence[int], dropout: float, with_cues: bool) -> Any:
    """Build a network, untrained.

    Args:
        vocabulary_size: V, the number of tokens.
        units: units of each LSTM layer, from the input to the output.
        dropout: share of a layer's outputs that are dropped in a training step.
        with_cues: whether the network reads cues (module `cues`: earlier bars, the metre), or the tokens alone.

    Returns:
        A Keras model, probabilities of the next token float32 (batch, step, V), from cues int32 (batch, step, cue) or
        from tokens int32 (batch, step).
    """
    return _with_cues(vocabulary_size, units, dropout) if with_cues else _plain(vocabulary_size, units, dropout)


def _plain(vocabulary_size: int, units: Sequence[int], dropout: float) -> Any:
    """Build a network of tokens. One-hot vectors exist in its graph only: a corpus of them wouldn't fit in memory."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    signal = keras.ops.one_hot(tokens, vocabulary_size)
    for layer, size in enumerate(units, start=1):
        signal = _recurrent(signal, layer, size, dropout)
    return keras.Model(tokens, _predict(signal, vocabulary_size), name="melody")


def _with_cues(vocabulary_size: int, units: Sequence[int], dropout: float) -> Any:
    """Build a network of cues: each is embedded, and the vectors are summed.

    That equals one-hot vectors of all cues into a dense layer. The sum is also concatenated to the output of each LSTM
    layer, so that what a cue says at once needn't pass through the recurrent state.
    """
    cues = keras.Input((None, len(columns(vocabulary_size))), dtype="int32", name="cues")
    rows = keras.layers.Embedding(table_size(vocabulary_size), _WIDTH, name="table")(cues)
    summed = keras.ops.sum(rows, axis=-2)
    signal = summed
    for layer, size in enumerate(units, start=1):
        signal = keras.layers.Concatenate(name=f"around_{layer}")([_recurrent(signal, layer, size, dropout), summed])
    return keras.Model(cues, _predict(signal, vocabulary_size), name="melody_with_cues")


def _recurrent(signal: Any, layer: int, size: int, dropout: float) -> Any:
    signal = keras.layers.LSTM(size, return_sequences=True, name=f"lstm_{layer}")(signal)
    return keras.layers.Dropout(dropout, name=f"dropout_{layer}")(signal)


def _predict(signal: Any, vocabulary_size: int) -> Any:
    return keras.layers.Dense(vocabulary_size, activation="softmax", name="probabilities")(signal)
