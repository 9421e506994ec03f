"""Key profiles: Krumhansl-Schmuckler, the classical key-finding algorithm, as a baseline.

It correlates how long each pitch class sounded with a profile of each major and minor key (C. L. Krumhansl,
*Cognitive Foundations of Musical Pitch*, 1990); the weights are music21's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.melody.grid import Note
from antiphon.melody.keys import SIGNATURES, normalised


@cache
def _profiles() -> tuple[npt.NDArray[np.float64], tuple[int, ...]]:
    """Return a standardised profile for each key, (key, pitch class), and each key's signature, in sharps."""
    from music21.analysis.discrete import KrumhanslSchmuckler  # takes 1 s to import

    # music21 has annotations of its own, and too few of them
    weights: Any = KrumhanslSchmuckler()  # type: ignore[no-untyped-call]
    rows, sharps = [], []
    for signature in SIGNATURES:
        tonic = 7 * signature % 12
        for mode, root in (("major", tonic), ("minor", (tonic - 3) % 12)):
            rows.append(np.roll(weights.getWeights(mode), root))
            sharps.append(normalised(signature))
    profiles = np.array(rows, np.float64)
    profiles -= profiles.mean(axis=1, keepdims=True)
    return profiles / np.linalg.norm(profiles, axis=1, keepdims=True), tuple(sharps)


def krumhansl_schmuckler(notes: Sequence[Note]) -> list[int]:
    """Return, after each note, the signature (sharps) of the key whose profile correlates best with all notes so far.

    A note counts with its whole length, which isn't known yet at its onset: a small advantage.
    """
    profiles, sharps = _profiles()
    sounding = [(note.pitch, note.steps) for note in notes if note.pitch is not None]
    lengths = np.zeros((len(sounding), 12))
    for index, (pitch, steps) in enumerate(sounding):
        lengths[index, pitch % 12] = steps
    so_far = np.cumsum(lengths, axis=0)
    # Standardising the lengths would scale each row, which doesn't change its largest element.
    best = (so_far @ profiles.T).argmax(axis=1)
    return [sharps[index] for index in best]
