"""The key model: a small network that hears which key signature a melody is in, a note at a time.

It hears the melody from twelve sides at once, as degrees above each possible tonic, and gives each a score. It is
optional in a bundle (`key.tflite`). It knows no absolute pitch and no octave: transposed, a melody scores the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from antiphon.errors import UserError
from antiphon.melody.bundle import KEY_FILE, Bundle
from antiphon.melody.model import Floats
from antiphon.quiet import silenced

TRANSPOSITIONS = 12
"""Rows of the model: keys that a melody is heard in."""
WIDEST = 13
"""Semitones, up or down, beyond which intervals are not told apart."""
NO_INTERVAL = 2 * WIDEST + 1
INTERVALS = NO_INTERVAL + 1
WAITS = (1, 2, 3, 4, 5, 7, 9, 13, 17)
"""Where the classes of the time since the last onset begin, in sixteenths; class 0 is of the first note."""
RESTED = len(WAITS) + 1
"""Added to the class of a wait that ended in silence, a beat or longer."""
WAIT_CLASSES = 2 * RESTED

_WAIT_CLASS = np.digitize(np.arange(WAITS[-1] + 1), WAITS)

Ints = npt.NDArray[np.int32]


def interval_classes(semitones: npt.ArrayLike) -> Ints:
    """Return the class of each interval from the note before, up or down; see `NO_INTERVAL` for a first note."""
    # Not np.clip, which takes ten times as long for the one interval of a note that is being played.
    return np.asarray(np.minimum(np.maximum(semitones, -WIDEST), WIDEST) + WIDEST, np.int32)


def wait_classes(sixteenths: npt.ArrayLike, rested: npt.ArrayLike) -> Ints:
    """Return the class of each time since the last onset, in whole sixteenths (0: there was none)."""
    return np.asarray(_WAIT_CLASS[np.minimum(sixteenths, WAITS[-1])] + RESTED * np.asarray(rested, np.int32), np.int32)


@dataclass(frozen=True, eq=False)
class KeyNote:
    """A note as the key model hears it."""

    degrees: Ints
    """Semitones (0…11) above each side's C, the tonic of major, (`TRANSPOSITIONS`,)."""
    interval: int
    """A class of `interval_classes`, or `NO_INTERVAL`."""
    wait: int
    """A class of `wait_classes`."""


class KeyModel(Protocol):
    """What the listener needs of a key model. Hearing never changes its arguments, so a state can be kept."""

    def initial_state(self) -> Floats:
        """Return the state before the first note."""

    def hear(self, note: KeyNote, state: Floats) -> tuple[Floats, Floats]:
        """Hear a note.

        Returns:
            The probability of each side, (`TRANSPOSITIONS`,), and the state after.
        """


class LiteKeyModel:
    """A bundle's `key.tflite` on one thread. Not for use from two threads at once.

    Args:
        bundle: a bundle with a key model, whose checksums agree (`read_bundle`).

    Raises:
        UserError: the graph's signature or shapes are not the design's.
    """

    def __init__(self, bundle: Bundle) -> None:
        from ai_edge_litert.interpreter import Interpreter  # 0.2 s: only who plays pays for it

        with silenced():
            self._interpreter = Interpreter(model_content=bundle.key_model, num_threads=1)
            if "hear" not in self._interpreter.get_signature_list():
                raise UserError(f"{bundle.path}: {KEY_FILE} has no signature 'hear'; run train-key again")
            self._interpreter.allocate_tensors()
            runner = self._interpreter.get_signature_runner("hear")
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        if set(inputs) != {"degrees", "interval", "wait", "state"} or set(outputs) != {"probabilities", "state"}:
            raise UserError(
                f"{bundle.path}: {KEY_FILE} takes {sorted(inputs)} and gives {sorted(outputs)}; run train-key again"
            )
        self._inputs = {name: detail["index"] for name, detail in inputs.items()}
        self._outputs = {name: detail["index"] for name, detail in outputs.items()}
        self._shape = tuple(int(size) for size in inputs["state"]["shape"])
        state = (TRANSPOSITIONS, *self._shape[1:])
        _check_shapes(bundle, inputs, {"degrees": (TRANSPOSITIONS,), "interval": (1,), "wait": (1,), "state": state})
        _check_shapes(bundle, outputs, {"probabilities": (TRANSPOSITIONS,), "state": state})

    def initial_state(self) -> Floats:
        """See `KeyModel`."""
        return np.zeros(self._shape, np.float32)

    def hear(self, note: KeyNote, state: Floats) -> tuple[Floats, Floats]:
        """See `KeyModel`."""
        interpreter = self._interpreter
        interpreter.set_tensor(self._inputs["degrees"], note.degrees)
        interpreter.set_tensor(self._inputs["interval"], np.array([note.interval], np.int32))
        interpreter.set_tensor(self._inputs["wait"], np.array([note.wait], np.int32))
        interpreter.set_tensor(self._inputs["state"], state)
        interpreter.invoke()
        return (
            interpreter.get_tensor(self._outputs["probabilities"]),
            interpreter.get_tensor(self._outputs["state"]),
        )


def _check_shapes(bundle: Bundle, details: Mapping[str, Any], expected: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in expected.items():
        found = tuple(int(size) for size in details[name]["shape"])
        if found != shape:
            raise UserError(
                f"{bundle.path}: {KEY_FILE}: {name} has shape {found}, and not {shape}; run train-key again"
            )
