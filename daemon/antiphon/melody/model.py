"""The one-step model: a function `(token, state) → (probabilities, state)`, run by TensorFlow Lite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from antiphon.melody.bundle import MODEL_FILE, Bundle
from antiphon.melody.graph import Graph
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
        UserError: the graph has no signature `step`, or takes or gives something else than the manifest says.
    """

    def __init__(self, bundle: Bundle, batches: tuple[int, ...] = (1,)) -> None:
        self.vocabulary_size = bundle.manifest.vocabulary_size
        self._initial = bundle.manifest.initial_state
        self._state_size = bundle.manifest.state_size
        with silenced():
            self._compiled = {batch: _Compiled(bundle, batch) for batch in batches}

    def initial_state(self, batch: int) -> Floats:
        """Return the state of a fresh performance, (batch, S)."""
        return np.full((batch, self._state_size), self._initial, dtype=np.float32)

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        """Read `tokens` (batch,) in `state` (batch, S), as `StepModel` says; a model without metre ignores that."""
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
        manifest = bundle.manifest
        graph = Graph(bundle.model, "step", f"{bundle.path}: {MODEL_FILE}", "convert the model again")
        graph.check_names({"token", "state", *manifest.inputs}, {"probabilities", "state"})
        graph.allocate(batch)
        state = {"state": (batch, manifest.state_size)}
        graph.check_shapes(state, {"probabilities": (batch, manifest.vocabulary_size), **state})
        self._interpreter = graph.interpreter
        self._token, self._state = graph.inputs["token"], graph.inputs["state"]
        self._probabilities, self._next = graph.outputs["probabilities"], graph.outputs["state"]
        self._metre = {name: graph.inputs[name] for name in manifest.inputs}
        unknown = np.zeros(batch, np.int32)
        self._unknown = Metre(unknown, unknown)
        self._metre_set: Metre | None = None
        """The one that the inputs hold, since the first step."""

    def __call__(self, tokens: Tokens, state: Floats, metre: Metre | None) -> tuple[Floats, Floats]:
        interpreter = self._interpreter
        metre = metre or self._unknown
        if metre is not self._metre_set:  # an input keeps what it was set to
            for name, index in self._metre.items():
                interpreter.set_tensor(index, getattr(metre, name))
            self._metre_set = metre
        interpreter.set_tensor(self._token, tokens)
        interpreter.set_tensor(self._state, state)
        interpreter.invoke()
        return interpreter.get_tensor(self._probabilities), interpreter.get_tensor(self._next)
