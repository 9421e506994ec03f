"""The input spec: what a Keras network reads at each step, how many steps, and when it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from antiphon.errors import UserError
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.network.cues import columns


@dataclass(frozen=True)
class InputSpec:
    """What a network reads, and after which steps it predicts."""

    kind: Literal["one-hot", "tokens", "cues"]
    length: int | None
    """Steps of a window, where the network reads windows of one length only; None is any number."""
    each_step: bool
    """Whether it predicts after every step, or only after a window's last."""

    @property
    def is_stream(self) -> bool:
        """Whether it reads whole melodies, of any length, and predicts after every step."""
        return self.each_step and self.length is None


def input_spec_of(network: Any, vocabulary: Vocabulary) -> InputSpec:
    """Derive the input spec from the shapes of a network's input and output.

    Args:
        network: a functional Keras model.
        vocabulary: of the tokens that it predicts.

    Raises:
        UserError: it isn't a melody network, or predicts another number of tokens than the vocabulary has.
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
        return InputSpec("tokens", read[1], len(answer) == 3)
    if len(read) == 3 and network.inputs[0].name == "cues" and read[2] == len(columns(size)):
        return InputSpec("cues", read[1], True)
    if len(read) == 3 and read[2] == size:
        return InputSpec("one-hot", read[1], len(answer) == 3)
    raise UserError(
        f"the network reads {tuple(read[1:])} of each melody; expected is (steps, {size}), one-hot vectors, "
        "or (steps), tokens for an Embedding"
    )
