"""One window: a Keras network as a function `(token, state) → (probabilities, state)`, whose state is the window."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import keras

from antiphon.errors import UserError
from antiphon_trainer.network.predictor import Predictor


class OneWindow:
    """A network that reads the last tokens anew for every prediction.

    Args:
        predictor: of one-hot vectors or tokens.
        length: tokens of a window, where the network reads any number.

    Raises:
        UserError: the network reads cues.
    """

    inputs: ClassVar[list[Literal["position", "bar"]]] = []
    """The inputs beside the token and the state: none."""

    def __init__(self, predictor: Predictor, length: int) -> None:
        self._predictor = predictor
        if predictor.spec.kind == "cues":
            raise UserError("a network with cues remembers the whole song; it can't be converted with --context window")
        self.state_size = predictor.spec.length or length
        """S: tokens of the window. A fresh one is filled with the token of `"/"`, as in training."""

    def __call__(self, token: Any, state: Any) -> tuple[Any, Any]:
        """Read `token` (1,) after the window `state` (1, S); return probabilities (1, V) and the window after it."""
        window = keras.ops.concatenate([state[:, 1:], keras.ops.cast(token, "float32")[:, None]], axis=1)
        answer = self._predictor.call(keras.ops.cast(window, "int32"))
        return answer[:, -1] if self._predictor.spec.each_step else answer, window
