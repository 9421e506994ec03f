"""Chord tones: on strong beats, pitches are favoured that the performer's left hand holds, or has sounded lately.

The weights are none where no accompaniment was heard: then everything is played as if there were no such rule.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from antiphon.improviser.answering.weighing import best_near, shared_anew
from antiphon.improviser.listening.harmony import Harmony
from antiphon.melody.model import Floats
from antiphon.melody.vocabulary import Vocabulary

LEAST = 0.5
"""Notes that the loudest pitch class must still count for; two seconds after a left hand's last chord it is over."""
SHARPNESS = 2.0
"""Exponent of how much a pitch class counts beside the one that counts most: the chord before fades sooner by that."""
FADED = 0.8
"""What is left of how much a pitch class counts where others are held and it isn't: most of it, for of a broken chord
one note at a time is held."""
OTHERS = 0.01
"""Weight of pitch classes that weren't sounded."""
NEAR, NEARNESS = 4, 0.8
"""Semitones by which a planned note may be moved to a chord tone, and what is left of a pitch's weight for each."""

Chord = tuple[float, ...]
"""The weight of each pitch class as played, from C on."""


def heard_chord(harmony: Harmony, time: float, held: Collection[int] = ()) -> Chord | None:
    """Return the weights that a left hand gives the pitch classes; None where its harmony is over.

    Args:
        harmony: what it has sounded.
        time: now, in seconds.
        held: pitches that it holds, which count most, however long ago they were struck.
    """
    if not held and max(harmony.at(time)) < LEAST:
        return None
    most = max(harmony.weights)
    shares = [weight / most for weight in harmony.weights] if most > 0 else [0.0] * len(harmony.weights)
    if held:
        classes = {pitch % 12 for pitch in held}
        shares = [1.0 if each in classes else FADED * share for each, share in enumerate(shares)]
    return tuple(OTHERS + (1 - OTHERS) * share**SHARPNESS for share in shares)


class ChordTones:
    """Weighs a model's distributions so that chord tones are played.

    Args:
        vocabulary: of the distributions.
        chord: the weights of the pitch classes.
        semitones: from the model's pitches to those that are played.
        harmony: how much the weights count, 0…1; they are raised to its power.
    """

    def __init__(self, vocabulary: Vocabulary, chord: Chord, semitones: int, harmony: float) -> None:
        self._tokens = vocabulary.pitch_tokens
        self._weights = np.array(chord)[(vocabulary.pitch_numbers + semitones) % 12] ** harmony

    def weighed(self, probabilities: Floats) -> Floats:
        """Return a distribution over tokens, (V,), in which all pitches together have the share that they had."""
        return shared_anew(probabilities, self._tokens, probabilities[self._tokens] * self._weights)


def chord_tone(pitch: int, candidates: npt.NDArray[np.intp], chord: Chord, harmony: float) -> int:
    """Return the pitch that a planned one is played as over a chord: itself, or one near it that belongs to the chord.

    Args:
        pitch: as planned.
        candidates: what may be played in its place, (pitch,).
        chord: the weights of the pitch classes.
        harmony: how much they count, 0…1.
    """
    near = candidates[np.abs(candidates - pitch) <= NEAR]
    return best_near(pitch, near, np.array(chord)[near % 12] ** harmony, NEARNESS)
