"""What a network reads, and how it answers: one-hot vectors, tokens or cues; at every step or once a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

from antiphon.errors import UserError
from antiphon.melody.model import Floats
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.network.cues import columns

_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Reading:
    """The interface of a network."""

    kind: Literal["one-hot", "tokens", "cues"]
    length: int | None
    """Steps of a window, where the network reads no others."""
    each_step: bool
    """It predicts after every step, not only after a window's last."""


def reading_of(network: Any, vocabulary: Vocabulary) -> Reading:
    """Find out what a network reads.

    Raises:
        UserError: it isn't a melody network, or predicts other tokens than the vocabulary has.
    """
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise UserError(
            f"the network has {len(network.inputs)} inputs and {len(network.outputs)} outputs; "
            "expected are one, the melody so far, and one, the next token's probabilities"
        )
    read, answer = network.inputs[0].shape, network.outputs[0].shape
    size = len(vocabulary)
    if len(answer) not in (2, 3) or answer[-1] != size:
        raise UserError(
            f"the network predicts {answer[-1]} tokens, but the mapping has {size} symbols; "
            "take the mapping that was written with the model"
        )
    if len(read) == 2:
        return Reading("tokens", read[1], len(answer) == 3)
    if len(read) == 3 and network.inputs[0].name == "cues" and read[2] == len(columns(size)):
        return Reading("cues", read[1], True)
    if len(read) == 3 and read[2] == size:
        return Reading("one-hot", read[1], len(answer) == 3)
    raise UserError(
        f"the network reads {tuple(read[1:])} a melody; expected is (steps, {size}), one-hot vectors, "
        "or (steps), tokens for an Embedding"
    )


def ask(network: Any, reading: Reading, tokens: Any, vocabulary: Vocabulary) -> Any:
    """Call a network on tokens int32 (batch, step); return its answer, (batch, V) or (batch, step, V)."""
    read = keras.ops.one_hot(tokens, len(vocabulary)) if reading.kind == "one-hot" else tokens
    return network(read, training=False)


def check_softmax(network: Any, reading: Reading, vocabulary: Vocabulary, length: int) -> None:
    """Check that a network answers with probabilities.

    Raises:
        UserError: they don't add up to 1.
    """
    if reading.kind == "cues":
        return
    tokens = np.full((1, reading.length or length), vocabulary.end, np.int32)
    answer: Floats = np.asarray(ask(network, reading, tokens, vocabulary))
    if not np.all(answer >= 0) or not np.all(np.abs(answer.sum(axis=-1) - 1) <= _SUM_TOLERANCE):
        raise UserError("the network's answers are no probabilities that add up to 1; its last layer must be a softmax")
