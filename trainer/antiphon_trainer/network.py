"""The network: tokens → one-hot → LSTM layers → dropout → softmax, as a Keras functional model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


def build(vocabulary_size: int, units: Sequence[int], dropout: float) -> Any:
    """Build the network, untrained.

    The one-hot vectors exist inside the graph only: a corpus of one-hot windows would not fit into memory.

    Args:
        vocabulary_size: V, the number of tokens.
        units: units of each LSTM layer, the first reads the tokens.
        dropout: share of a layer's outputs that sit out a training step.

    Returns:
        A Keras model, tokens int32 (batch, step) → probabilities of the next token float32 (batch, step, V).
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    signal = keras.ops.one_hot(tokens, vocabulary_size)
    for layer, size in enumerate(units, start=1):
        signal = keras.layers.LSTM(size, return_sequences=True, name=f"lstm_{layer}")(signal)
        signal = keras.layers.Dropout(dropout, name=f"dropout_{layer}")(signal)
    probabilities = keras.layers.Dense(vocabulary_size, activation="softmax", name="probabilities")(signal)
    return keras.Model(tokens, probabilities, name="melody")
