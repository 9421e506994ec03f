"""One window: a Keras network as a function `(token, state) → (probabilities, state)`, the window its state."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from antiphon.errors import UserError
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.network.input_spec import ask, reading_of


class OneWindow:
    """A network that reads, for every prediction, the last tokens anew.

    Args:
        network: a functional model of one-hot vectors or tokens → probabilities.
        vocabulary: of its tokens.
        length: tokens of a window.

    Raises:
        UserError: the network reads windows of another length, or cues.
    """

    inputs: ClassVar[list[Literal["position", "bar"]]] = []
    """What it reads beside the token."""

    def __init__(self, network: Any, vocabulary: Vocabulary, length: int) -> None:
        self._network = network
        self._vocabulary = vocabulary
        self._reading = reading_of(network, vocabulary)
        if self._reading.kind == "cues":
            raise UserError("a network with cues remembers the whole song; it can't be played by the window")
        self.state_size = self._reading.length or length
        """S: the tokens of the window; the token of `"/"` where nothing was played yet, as in training."""

    def __call__(self, token: Any, state: Any) -> tuple[Any, Any]:
        """Read `token` (1,) after the window `state` (1, S); return probabilities (1, V) and the window after it."""
        window = keras.ops.concatenate([state[:, 1:], keras.ops.cast(token, "float32")[:, None]], axis=1)
        answer = ask(self._network, self._reading, keras.ops.cast(window, "int32"), self._vocabulary)
        return answer[:, -1] if self._reading.each_step else answer, window
