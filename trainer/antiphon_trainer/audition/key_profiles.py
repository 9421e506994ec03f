"""Key profiles: Krumhansl-Schmuckler, the classical way to hear a key, as a baseline.

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
    from music21.analysis.discrete import KrumhanslSchmuckler  # 1 s: only who compares pays for it

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
    """Return, after each note, the signature (sharps) of the key whose profile all notes so far are most like.

    A note counts with its whole length, which at its onset nobody can know yet: a small favour.
    """
    profiles, sharps = _profiles()
    sounding = [(note.pitch, note.steps) for note in notes if note.pitch is not None]
    lengths = np.zeros((len(sounding), 12))
    for index, (pitch, steps) in enumerate(sounding):
        lengths[index, pitch % 12] = steps
    so_far = np.cumsum(lengths, axis=0)
    # Standardising the lengths would scale a note's row alone, which changes nothing about what is largest.
    best = (so_far @ profiles.T).argmax(axis=1)
    return [sharps[index] for index in best]
