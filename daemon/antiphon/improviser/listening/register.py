"""The register: by how many octaves a phrase is shifted, so that the model knows its notes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from antiphon.melody.vocabulary import Vocabulary


def octave_shift(pitch: int, vocabulary: Vocabulary, semitones: npt.NDArray[np.intp]) -> int:
    """Return the least shift by octaves, in semitones, that brings a note into the vocabulary in every key.

    Args:
        pitch: as played, of a phrase's first note.
        vocabulary: the model's.
        semitones: from the performer's pitches to the model's in each key that may be in use, (key,).
    """
    lowest, highest = int(vocabulary.pitch_numbers[0]), int(vocabulary.pitch_numbers[-1])
    below = lowest - (pitch + int(semitones.min()))
    above = pitch + int(semitones.max()) - highest
    if below > 0:
        return 12 * math.ceil(below / 12)
    return -12 * math.ceil(above / 12) if above > 0 else 0
