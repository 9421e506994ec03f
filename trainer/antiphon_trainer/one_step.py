"""One step: a Keras network over sequences, taken apart into the function `(token, state) → (probabilities, state)`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import keras

from antiphon.errors import UserError
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.cue_step import STATE_SIZE, cue_step


def load_network(path: Path) -> Any:
    """Load a Keras file. Code that the file may carry is not run.

    Raises:
        UserError: the file can't be read, or asks for code of its own.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; 'antiphon-trainer train' writes one")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # noqa: BLE001 (Keras raises anything for a damaged file)
        text = " ".join(str(error).split())
        raise UserError(f"{path}: is no Keras model that can be read: {text[:200]}") from None


class OneStep:
    """A network's layers, each for a single step; the recurrent states travel packed into one array.

    Args:
        network: a chain of one-hot, LSTM, Dropout and Dense layers, tokens (batch, step) → probabilities.

    Raises:
        UserError: the network holds something else.
    """

    inputs: ClassVar[list[Literal["position", "bar"]]] = []
    """What it reads beside the token."""

    def __init__(self, network: Any) -> None:
        if len(network.inputs) != 1 or len(network.outputs) != 1:
            raise UserError(f"the network has {len(network.inputs)} inputs; one is expected, the token")
        self._layers = [
            _one_layer(each) for each in network.operations if not isinstance(each, keras.layers.InputLayer)
        ]
        self.vocabulary_size = int(network.outputs[0].shape[-1])
        self.state_size = sum(size for _, size in self._layers)
        """S: h and c of every LSTM, in their order."""
        if not self.state_size:
            raise UserError("the network has no recurrent layer; it can't remember what it heard")

    def __call__(self, token: Any, state: Any, position: Any = None, bar: Any = None) -> tuple[Any, Any]:
        """Read `token` (batch,) in `state` (batch, S); return probabilities (batch, V) and the state after it."""
        signal, states, first = token, [], 0
        for layer, size in self._layers:
            signal, after = layer(signal, state[:, first : first + size])
            first += size
            if size:
                states.append(after)
        return signal, keras.ops.concatenate(states, axis=1)


class OneStepWithCues:
    """A network that reads cues (`network.build`), for a single step: the cues are found here, from the token.

    Args:
        network: the network.
        vocabulary: of its tokens.

    Raises:
        UserError: the vocabulary is another network's.
    """

    inputs: ClassVar[list[Literal["position", "bar"]]] = ["position", "bar"]

    def __init__(self, network: Any, vocabulary: Vocabulary) -> None:
        self._table = network.get_layer("table")
        self._layers = [each.cell for each in network.layers if isinstance(each, keras.layers.LSTM)]
        self._predict = network.get_layer("probabilities")
        self._vocabulary = vocabulary
        self.vocabulary_size = int(network.outputs[0].shape[-1])
        self.state_size = STATE_SIZE + sum(2 * cell.units for cell in self._layers)
        """S: what the cues remember, then h and c of every LSTM, in their order."""

    def __call__(self, token: Any, state: Any, position: Any = None, bar: Any = None) -> tuple[Any, Any]:
        """Read `token`, and the metre of the step to be predicted, all (batch,), in `state` (batch, S)."""
        cues, remembered = cue_step(token, position, bar, state[:, :STATE_SIZE], self._vocabulary)
        said = keras.ops.sum(self._table(cues), axis=1)
        signal, states, first = said, [remembered], STATE_SIZE
        for cell in self._layers:
            output, after = _lstm(cell)(signal, state[:, first : first + 2 * cell.units])
            first += 2 * cell.units
            states.append(after)
            signal = keras.ops.concatenate([output, said], axis=1)
        return self._predict(signal), keras.ops.concatenate(states, axis=1)


def one_step(network: Any, vocabulary: Vocabulary) -> OneStep | OneStepWithCues:
    """Take a network apart into the function of one step.

    Raises:
        UserError: it holds what can't be played step by step, or predicts other tokens than the vocabulary has.
    """
    size = int(network.outputs[0].shape[-1])
    if size != len(vocabulary):
        raise UserError(
            f"the network predicts {size} tokens, but the mapping has {len(vocabulary)} symbols; "
            "take the mapping that was written with the model"
        )
    return OneStepWithCues(network, vocabulary) if reads_cues(network) else OneStep(network)


def reads_cues(network: Any) -> bool:
    """Tell whether a network reads cues, or tokens alone."""
    return [each.name for each in network.inputs] == ["cues"]


Layer = Callable[[Any, Any], tuple[Any, Any]]
"""(signal, its part of the state) → (signal, that part after the step)."""


def _one_layer(each: Any) -> tuple[Layer, int]:
    """Return a layer as a function of one step, and how much state it keeps."""
    if isinstance(each, keras.layers.LSTM):
        if not each.return_sequences or each.go_backwards:
            raise UserError(f"layer {each.name!r}: an LSTM that gives one answer a window can't be played step by step")
        return _lstm(each.cell), 2 * each.units
    if isinstance(each, keras.layers.Dropout):
        return (lambda signal, state: (signal, state)), 0
    if isinstance(each, keras.layers.Dense) or type(each).__name__ == "OneHot":
        return (lambda signal, state: (each(signal), state)), 0
    raise UserError(
        f"layer {each.name!r} is a {type(each).__name__}; convert reads what 'antiphon-trainer train' writes: "
        "one-hot, LSTM, Dropout and Dense"
    )


def _lstm(cell: Any) -> Layer:
    def step(signal: Any, state: Any) -> tuple[Any, Any]:
        output, after = cell(signal, [state[:, : cell.units], state[:, cell.units :]], training=False)
        return output, keras.ops.concatenate(after, axis=1)

    return step
