"""The key model: a small network that estimates which key signature a melody is in, a note at a time.

It takes the melody in twelve transpositions at once, as degrees above each possible tonic, and gives the probability of
each. It is optional in a bundle (`key.tflite`). It knows neither absolute pitch nor octave: transposing a melody only
moves the probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from antiphon.melody.bundle import KEY_FILE, Bundle
from antiphon.melody.graph import Graph
from antiphon.melody.model import Floats
from antiphon.quiet import silenced

TRANSPOSITIONS = 12
"""Rows of the model: row `n` takes the melody transposed up by `n` semitones."""
WIDEST = 13
"""Semitones, up or down; wider intervals are in one class, as they are rare in melodies."""
NO_INTERVAL = 2 * WIDEST + 1
"""The class of the first note, which has no interval."""
INTERVALS = NO_INTERVAL + 1
"""Classes of intervals."""
WAITS = (1, 2, 3, 4, 5, 7, 9, 13, 17)
"""Sixteenths; where the classes of the inter-onset intervals begin. Class 0 is of the first note."""
RESTED = len(WAITS) + 1
"""Added to the class of an inter-onset interval that ended in silence, a beat or longer."""
WAIT_CLASSES = 2 * RESTED
"""Classes of inter-onset intervals."""

_WAIT_CLASS = np.digitize(np.arange(WAITS[-1] + 1), WAITS)

Ints = npt.NDArray[np.int32]


def interval_classes(semitones: npt.ArrayLike) -> Ints:
    """Return the class of each interval from the note before, in semitones, up or down."""
    # Not np.clip, which takes ten times as long for the one interval of a note that is being played.
    return np.asarray(np.minimum(np.maximum(semitones, -WIDEST), WIDEST) + WIDEST, np.int32)


def wait_classes(sixteenths: npt.ArrayLike, rested: npt.ArrayLike) -> Ints:
    """Return the class of each inter-onset interval, in whole sixteenths; 0 for a first note."""
    return np.asarray(_WAIT_CLASS[np.minimum(sixteenths, WAITS[-1])] + RESTED * np.asarray(rested, np.int32), np.int32)


@dataclass(frozen=True, eq=False)
class KeyNote:
    """A note as the key model hears it."""

    degrees: Ints
    """Pitch classes (0…11) in each transposition, (`TRANSPOSITIONS`,)."""
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
            The probability that each transposition is the one into the model's key, (`TRANSPOSITIONS`,), and the state
            after.
        """


class LiteKeyModel:
    """A bundle's `key.tflite` on one thread. Not for use from two threads at once.

    Args:
        bundle: a bundle with a key model, whose checksums agree (`read_bundle`).

    Raises:
        UserError: the graph has no signature `hear`, or takes or gives something else.
    """

    def __init__(self, bundle: Bundle) -> None:
        with silenced():
            graph = Graph(bundle.key_model, "hear", f"{bundle.path}: {KEY_FILE}", "run train-key again")
            graph.check_names({"degrees", "interval", "wait", "state"}, {"probabilities", "state"})
            graph.allocate()
        self._interpreter, self._inputs, self._outputs = graph.interpreter, graph.inputs, graph.outputs
        self._shape = graph.shape(graph.inputs["state"])
        keys, state = (TRANSPOSITIONS,), (TRANSPOSITIONS, *self._shape[1:])
        graph.check_shapes(
            {"degrees": keys, "interval": (1,), "wait": (1,), "state": state}, {"probabilities": keys, "state": state}
        )

    def initial_state(self) -> Floats:
        """Return the state before the first note."""
        return np.zeros(self._shape, np.float32)

    def hear(self, note: KeyNote, state: Floats) -> tuple[Floats, Floats]:
        """Return the probability of each transposition after a note, and the state after it."""
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
