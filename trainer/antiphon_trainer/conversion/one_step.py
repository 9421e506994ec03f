"""One step: a Keras network over sequences, taken apart into the function `(token, state) → (probabilities, state)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import keras

from antiphon.errors import UserError
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.network.cue_step import STATE_SIZE, cue_step
from antiphon_trainer.network.input_spec import Reading, reading_of

_LAST_AXIS = (
    keras.layers.Dense,
    keras.layers.Embedding,
    keras.layers.Activation,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.ELU,
)
"""Layers that treat every step alike, whether there is an axis of steps or not."""
_EACH_STEP = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.Softmax,
    keras.layers.Concatenate,
    keras.layers.Add,
    keras.layers.Multiply,
    keras.layers.Average,
    keras.layers.SpatialDropout1D,
)
"""Layers that treat every step alike if their `axis` is the last one, and need the axis of steps."""


class Unsteppable(UserError):
    """The network needs more than the step before to predict the next."""


class OneStep:
    """A network's layers, each for a single step; the recurrent states travel packed into one array.

    Args:
        network: a functional model of one-hot vectors, tokens or cues (batch, step, …) → probabilities.
        vocabulary: of its tokens.

    Raises:
        Unsteppable: a layer looks further than one step.
    """

    def __init__(self, network: Any, vocabulary: Vocabulary) -> None:
        self._network = network
        self._vocabulary = vocabulary
        self._reading: Reading = reading_of(network, vocabulary)
        self.inputs: list[Literal["position", "bar"]] = ["position", "bar"] if self._reading.kind == "cues" else []
        """What it reads beside the token."""
        self._cue_state = STATE_SIZE if self.inputs else 0
        self._steps: dict[int, Layer] = {}
        self._sizes: dict[int, int] = {}
        for each in network.operations:
            if not isinstance(each, keras.layers.InputLayer):
                self._steps[id(each)], self._sizes[id(each)] = _one_layer(each, self._reading)
        if not any(self._sizes.values()):
            raise UserError("the network has no recurrent layer; it can't remember what it heard")
        self.state_size = self._cue_state + sum(self._sizes.values())
        """S: what the cues remember, then the states of every recurrent layer, in their order."""

    def __call__(self, token: Any, state: Any, position: Any = None, bar: Any = None) -> tuple[Any, Any]:
        """Read `token` (batch,) in `state` (batch, S); return probabilities (batch, V) and the state after it.

        With cues, also read the metre of the step to be predicted, `position` and `bar`, both (batch,).
        """
        after: list[Any] = []
        signal = token
        if self._reading.kind == "cues":
            signal, remembered = cue_step(token, position, bar, state[:, :STATE_SIZE], self._vocabulary)
            after.append(remembered)
        elif self._reading.kind == "one-hot":
            signal = keras.ops.one_hot(token, len(self._vocabulary))
        first = self._cue_state

        def step_of(operation: Any) -> Callable[..., Any]:
            nonlocal first
            step, size = self._steps[id(operation)], self._sizes[id(operation)]
            part = state[:, first : first + size]
            first += size

            def run(*signals: Any, **_: Any) -> Any:
                output, then = step(signals, part)
                after.extend(then)
                return output

            return run

        # Keras' own walk through a functional graph, each layer in the place where the network has it
        probabilities = self._network._run_through_graph([signal], operation_fn=step_of)
        return keras.tree.flatten(probabilities)[0], keras.ops.concatenate(after, axis=1)


Layer = Callable[[Any, Any], tuple[Any, list[Any]]]
"""(signals, its part of the state) → (signal, that part after the step)."""


def _one_layer(each: Any, reading: Reading) -> tuple[Layer, int]:
    """Return a layer as a function of one step, and how much state it keeps."""
    where = f"layer {each.name!r} is a {type(each).__name__}"
    if isinstance(each, keras.layers.RNN):
        if each.go_backwards or each.return_state:
            raise Unsteppable(f"{where} that reads backwards or hands its state on")
        sizes = keras.tree.flatten(each.cell.state_size)
        return _recurrent(each.cell, sizes), sum(sizes)
    if isinstance(each, keras.layers.TimeDistributed):
        return _one_layer(each.layer, reading)
    if isinstance(each, keras.layers.Embedding) and each.mask_zero:
        raise Unsteppable(f"{where} with mask_zero, which passes over steps")
    if isinstance(each, _LAST_AXIS) or type(each).__name__ in ("OneHot", "Cast"):
        return (lambda signals, state: (each(*signals), [])), 0
    if type(each).__name__ == "Sum" and reading.kind == "cues":
        return (lambda signals, state: (each(*signals), [])), 0
    if isinstance(each, _EACH_STEP):
        return _each_step(each, where), 0
    raise Unsteppable(f"{where}, which is not known to go step by step")


def _recurrent(cell: Any, sizes: list[int]) -> Layer:
    """Return a step of a recurrent layer. Its states are packed in their order: an LSTM's are h and c."""

    def step(signals: Any, state: Any) -> tuple[Any, list[Any]]:
        if len(signals) != 1:
            raise Unsteppable(f"layer {cell.name!r} starts from another layer's state")
        starts = [sum(sizes[:index]) for index in range(len(sizes))]
        parts = [state[:, start : start + size] for start, size in zip(starts, sizes, strict=True)]
        output, after = cell(signals[0], keras.tree.pack_sequence_as(cell.state_size, parts), training=False)
        return output, list(keras.tree.flatten(after))

    return step


def _each_step(each: Any, where: str) -> Layer:
    rank = len(each.output.shape)
    axis = getattr(each, "axis", -1)
    if keras.tree.flatten(axis) not in ([-1], [rank - 1]):
        raise Unsteppable(f"{where} over several steps")

    def step(signals: Any, state: Any) -> tuple[Any, list[Any]]:
        if rank == 2:
            return each(*signals), []
        lifted = keras.tree.map_structure(lambda signal: keras.ops.expand_dims(signal, 1), signals)
        return keras.ops.squeeze(each(*lifted), 1), []

    return step
