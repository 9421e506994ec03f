"""The one-step model: a function `(token, state) → (probabilities, state)`, here by TensorFlow Lite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from antiphon.errors import UserError
from antiphon.melody.bundle import Bundle
from antiphon.quiet import silenced

Tokens = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Metre:
    """Where the step to be predicted stands; both int32 (batch,)."""

    position: Tokens
    """Within its bar, from 0."""
    bar: Tokens
    """Steps in its bar; 0, with position 0, where the metre is unknown."""


class StepModel(Protocol):
    """What the improviser needs of a model. A step never changes its arguments, so a state can be kept."""

    @property
    def vocabulary_size(self) -> int:
        """V, the number of tokens."""

    def initial_state(self, batch: int) -> Floats:
        """Return the state of a fresh performance, (batch, S)."""

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        """Read `tokens` (batch,) in `state` (batch, S), knowing the metre of the step to be predicted, or not.

        Returns:
            The probabilities of the next token, (batch, V), and the state after reading, (batch, S).
        """


class LiteModel:
    """A bundle's `model.tflite` on one thread. Not for use from two threads at once.

    Args:
        bundle: a bundle whose checksums agree (`read_bundle`).
        batches: the batch sizes that `step` will be called with. Each has an interpreter of its own, because
            resizing one between two batches costs more than the step.

    Raises:
        UserError: the graph's signature is not the design's, or its shapes are not the manifest's.
    """

    def __init__(self, bundle: Bundle, batches: tuple[int, ...] = (1,)) -> None:
        self.vocabulary_size = bundle.manifest.vocabulary_size
        self._initial = bundle.manifest.initial_state
        self._state_size = bundle.manifest.state_size
        with silenced():
            self._compiled = {batch: _Compiled(bundle, batch) for batch in batches}

    def initial_state(self, batch: int) -> Floats:
        """See `StepModel`."""
        return np.full((batch, self._state_size), self._initial, dtype=np.float32)

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        """See `StepModel`. A model that takes no metre does without."""
        compiled = self._compiled.get(len(tokens))
        if compiled is None and self._compiled.keys() == {1}:
            return self._row_by_row(tokens, state, metre)
        return self._compiled[len(tokens)](tokens, state, metre)

    def _row_by_row(self, tokens: Tokens, state: Floats, metre: Metre | None) -> tuple[Floats, Floats]:
        """Step rows one after the other, for a graph whose batch is 1."""
        steps = [
            self.step(tokens[row], state[row], metre and Metre(metre.position[row], metre.bar[row]))
            for row in (slice(i, i + 1) for i in range(len(tokens)))
        ]
        return np.concatenate([p for p, _ in steps]), np.concatenate([s for _, s in steps])


class _Compiled:
    """The graph with its tensors allocated for one batch size."""

    def __init__(self, bundle: Bundle, batch: int) -> None:
        from ai_edge_litert.interpreter import Interpreter  # 0.2 s: only who plays pays for it

        where = f"{bundle.path}: model.tflite"
        # One thread: for a network this small a second one costs more than it does.
        interpreter = Interpreter(model_content=bundle.model, num_threads=1)
        if "step" not in interpreter.get_signature_list():
            raise UserError(f"{where} has no signature 'step'; convert the model again")
        runner = interpreter.get_signature_runner("step")
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        del runner  # while it lives, the interpreter refuses to be resized
        manifest = bundle.manifest
        if set(inputs) != {"token", "state", *manifest.inputs} or set(outputs) != {"probabilities", "state"}:
            raise UserError(
                f"{where} takes {sorted(inputs)} and gives {sorted(outputs)}; expected token and state, "
                "and probabilities and state: convert the model again"
            )
        self._interpreter = interpreter
        self._token, self._state = inputs["token"]["index"], inputs["state"]["index"]
        self._probabilities, self._next = outputs["probabilities"]["index"], outputs["state"]["index"]
        self._metre = {name: inputs[name]["index"] for name in manifest.inputs}
        self._unknown = np.zeros(batch, np.int32)
        for detail in inputs.values():
            interpreter.resize_tensor_input(detail["index"], [batch, *detail["shape"][1:]])
        interpreter.allocate_tensors()
        self._check_shapes(manifest.vocabulary_size, manifest.state_size, batch, where)

    def _check_shapes(self, vocabulary_size: int, state_size: int, batch: int, where: str) -> None:
        details = {d["index"]: tuple(d["shape"]) for d in self._interpreter.get_tensor_details()}
        for index, name, size in (
            (self._probabilities, "probabilities", vocabulary_size),
            (self._state, "the state that it takes", state_size),
            (self._next, "the state that it gives", state_size),
        ):
            if details[index] != (batch, size):
                raise UserError(f"{where}: {name} has shape {details[index]}, but the manifest says {(batch, size)}")

    def __call__(self, tokens: Tokens, state: Floats, metre: Metre | None) -> tuple[Floats, Floats]:
        interpreter = self._interpreter
        for name, index in self._metre.items():
            interpreter.set_tensor(index, self._unknown if metre is None else getattr(metre, name))
        interpreter.set_tensor(self._token, tokens)
        interpreter.set_tensor(self._state, state)
        interpreter.invoke()
        return interpreter.get_tensor(self._probabilities), interpreter.get_tensor(self._next)
