"""One step: a Keras network over sequences as a function `(token, state) → (probabilities, state)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import keras

from antiphon.errors import UserError
from antiphon_trainer.network.cue_step import STATE_SIZE, cue_step
from antiphon_trainer.network.predictor import Predictor

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
"""Layers that work on the last axis only, whether there is an axis of steps or not."""
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
"""Layers that work on each step by itself if their `axis` is the last one, and need the axis of steps."""


class Unsteppable(UserError):
    """The network needs more than the step before to predict the next."""


Layer = Callable[[Any, Any], tuple[Any, list[Any]]]
"""A layer as a function of one step: (its inputs, its part of the state) → (its output, that part after the step)."""


class OneStep:
    """A network's layers, each for a single step; the recurrent states are packed into one array.

    Args:
        predictor: a network of one-hot vectors, tokens or cues (batch, step, …) → probabilities.

    Raises:
        Unsteppable: a layer depends on more than one step.
        UserError: no layer is recurrent.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        has_cues = predictor.spec.kind == "cues"
        self.inputs: list[Literal["position", "bar"]] = ["position", "bar"] if has_cues else []
        """The inputs beside the token and the state."""
        self._cue_state = STATE_SIZE if has_cues else 0
        self._layers: dict[int, Layer] = {}
        self._sizes: dict[int, int] = {}
        for each in predictor.network.operations:
            if not isinstance(each, keras.layers.InputLayer):
                self._layers[id(each)], self._sizes[id(each)] = _one_layer(each, has_cues)
        if not any(self._sizes.values()):
            raise UserError("the network has no recurrent layer; it can't remember what it heard")
        self.state_size = self._cue_state + sum(self._sizes.values())
        """S: the state of the cues, then the states of every recurrent layer, in their order."""

    def __call__(self, token: Any, state: Any, position: Any = None, bar: Any = None) -> tuple[Any, Any]:
        """Read `token` (batch,) in `state` (batch, S); return probabilities (batch, V) and the state after it.

        With cues, also read the metre of the step to be predicted, `position` and `bar`, both (batch,).
        """
        after: list[Any] = []
        read, vocabulary = token, self._predictor.vocabulary
        if self._predictor.spec.kind == "cues":
            read, cue_state = cue_step(token, position, bar, state[:, :STATE_SIZE], vocabulary)
            after.append(cue_state)
        elif self._predictor.spec.kind == "one-hot":
            read = keras.ops.one_hot(token, len(vocabulary))
        first = self._cue_state

        def step_of(operation: Any) -> Callable[..., Any]:
            nonlocal first
            layer, size = self._layers[id(operation)], self._sizes[id(operation)]
            part = state[:, first : first + size]
            first += size

            def run(*inputs: Any, **_: Any) -> Any:
                output, part_after = layer(inputs, part)
                after.extend(part_after)
                return output

            return run

        # Keras' own walk through a functional graph, with `step_of(layer)` in the place of each layer
        probabilities = self._predictor.network._run_through_graph([read], operation_fn=step_of)
        return keras.tree.flatten(probabilities)[0], keras.ops.concatenate(after, axis=1)


def _one_layer(each: Any, has_cues: bool) -> tuple[Layer, int]:
    """Return a layer as a function of one step, and the size of its state."""
    where = f"layer {each.name!r} is a {type(each).__name__}"
    if isinstance(each, keras.layers.RNN):
        if each.go_backwards or each.return_state:
            raise Unsteppable(f"{where} that reads backwards or hands its state on")
        sizes = keras.tree.flatten(each.cell.state_size)
        return _recurrent(each.cell, sizes), sum(sizes)
    if isinstance(each, keras.layers.TimeDistributed):
        return _one_layer(each.layer, has_cues)
    if isinstance(each, keras.layers.Embedding) and each.mask_zero:
        raise Unsteppable(f"{where} with mask_zero, which skips steps")
    # Cues are summed over their own axis, the last one; elsewhere a Sum may be one over steps.
    if isinstance(each, _LAST_AXIS) or type(each).__name__ in ("OneHot", "Cast", *(["Sum"] if has_cues else [])):
        return (lambda inputs, state: (each(*inputs), [])), 0
    if isinstance(each, _EACH_STEP):
        return _each_step(each, where), 0
    raise Unsteppable(f"{where}, which is not known to go step by step")


def _recurrent(cell: Any, sizes: list[int]) -> Layer:
    """Return one step of a recurrent layer. Its states are packed in Keras' order: an LSTM's are h and c."""

    def step(inputs: Any, state: Any) -> tuple[Any, list[Any]]:
        if len(inputs) != 1:
            raise Unsteppable(f"layer {cell.name!r} starts from another layer's state")
        starts = [sum(sizes[:index]) for index in range(len(sizes))]
        parts = [state[:, start : start + size] for start, size in zip(starts, sizes, strict=True)]
        output, after = cell(inputs[0], keras.tree.pack_sequence_as(cell.state_size, parts), training=False)
        return output, list(keras.tree.flatten(after))

    return step


def _each_step(each: Any, where: str) -> Layer:
    """Return one step of a layer that needs the axis of steps: it is given an axis of length 1."""
    rank = len(each.output.shape)
    axis = getattr(each, "axis", -1)
    if keras.tree.flatten(axis) not in ([-1], [rank - 1]):
        raise Unsteppable(f"{where} over several steps")

    def step(inputs: Any, state: Any) -> tuple[Any, list[Any]]:
        if rank == 2:
            return each(*inputs), []
        lifted = keras.tree.map_structure(lambda value: keras.ops.expand_dims(value, 1), inputs)
        return keras.ops.squeeze(each(*lifted), 1), []

    return step
