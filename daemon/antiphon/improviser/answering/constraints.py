"""Constraints: which tokens may be played next, in every mode, as masks over a model's vocabulary.

Range and scale are one mask while they and the key stay the same; the limits on rests and repetitions depend on
the history: what was played last. Together they always leave something to play.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Tokens
from antiphon.melody.vocabulary import LAST_MIDI_NOTE, Vocabulary

Booleans = npt.NDArray[np.bool_]

WHITE_KEYS = (0, 2, 4, 5, 7, 9, 11)
"""The pitch classes in scale, in the model's key: C major's and A minor's."""
_OCTAVES = tuple(sorted(range(-240, 241, 12), key=lambda semitones: (abs(semitones), semitones)))
"""Semitones; the octaves by which pitches may be shifted into the range, the nearest first. Twice MIDI's range, since a
phrase at one end of the keyboard, played octaves higher still, may have to come back to the other end."""


N = TypeVar("N", int, Tokens)


@dataclass(frozen=True)
class History(Generic[N]):
    """What was played last, of one melody (integers) or of many side by side (arrays of a row each), as a value."""

    rested: N
    """Steps of silence up to now; 0 while a note sounds."""
    last: N
    """The token of the last pitch; −1 before the first."""
    times: N
    """How often that pitch has sounded in a row; rests between don't count."""

    def after(self, token: N, vocabulary: Vocabulary) -> History[N]:
        """Return the history after one more token, or one more in each row."""
        # Arithmetic in place of branches, so that one rule serves numbers and arrays.
        holds = token == vocabulary.hold
        # After the end of a song nothing sounds, as in a rest.
        ends = (token == vocabulary.rest) | (token == vocabulary.end)
        is_silent = ends | (holds & (self.rested > 0))
        starts = (holds | ends) ^ True
        return History(
            rested=is_silent * (self.rested + 1),
            last=self.last + starts * (token - self.last),
            times=self.times + starts * (1 - self.times * (token != self.last)),
        )


NOTHING_PLAYED = History(rested=0, last=-1, times=0)
"""The history before the first note."""


def new_histories(rows: int) -> History[Tokens]:
    """Return the histories of melodies that haven't begun, side by side."""
    none = np.zeros(rows, np.int32)
    return History(rested=none, last=none - 1, times=none)


@dataclass(frozen=True)
class Constraints:
    """What an answer may hold. The defaults let through 99 of 100 songs of the Essen collection as they are."""

    lowest: int = 0
    """The lowest pitch as played, a MIDI note number."""
    highest: int = LAST_MIDI_NOTE
    """The highest. Two knobs may cross while they are turned: the range is what lies between them, either way."""
    in_scale: bool = False
    """Only the seven notes of the key signature in use.

    In minor too, without the raised sixth and seventh (F♯ and G♯ in A minor): whoever asks for the scale wants no note
    that a band reading the signature wouldn't play, and where a key is taken for minor by mistake, G♯ is a wrong note.
    """
    longest_rest: int = 16
    """In steps; 0 is no rest at all."""
    repetitions: int = 8
    """Most times that a pitch may sound in a row."""

    def octaves(self, vocabulary: Vocabulary, semitones: int) -> int:
        """Return the shift, in semitones, with which the range leaves some pitch: 0, or by whole octaves.

        A range beyond all that the model can play moves the whole register, by as many octaves as bring the most
        pitches into it (of equal shifts the least), so that the melody keeps its contour. The shift is added to
        `semitones`, which leads from the model's pitches to those that are played.
        """
        return self._fitted(vocabulary, semitones)[1]

    def mask(self, vocabulary: Vocabulary, semitones: int) -> Booleans:
        """Return the tokens that range and scale allow, (V,): always some pitch, and hold, rest and end.

        Where no octave helps, a range narrower than an octave goes before the scale; and a range that holds no pitch
        class of the vocabulary is passed over.

        Args:
            vocabulary: the model's.
            semitones: from the model's pitch to the one that is played, before `octaves` are added.
        """
        return self._fitted(vocabulary, semitones)[0]

    def allowed(self, vocabulary: Vocabulary, mask: Booleans, history: History[Tokens]) -> Booleans:
        """Return the tokens that may come next in each row, (row, V): `mask`, less what its history forbids.

        Args:
            vocabulary: the model's.
            mask: what range and scale allow, (V,). Where it holds a single pitch, that may be repeated without limit.
            history: of each row.
        """
        rows = np.arange(len(history.last))
        found = np.repeat(mask[None], len(rows), axis=0)
        found[:, vocabulary.rest] &= history.rested < self.longest_rest
        found[:, vocabulary.hold] &= (history.rested == 0) | (history.rested < self.longest_rest)
        if np.count_nonzero(mask[vocabulary.pitch_tokens]) > 1:
            over_repeated = (history.last >= 0) & (history.times >= self.repetitions)
            found[rows[over_repeated], history.last[over_repeated]] = False
        return found

    def _fitted(self, vocabulary: Vocabulary, semitones: int) -> tuple[Booleans, int]:
        """Return the mask and the octaves."""
        low, high = sorted((self.lowest, self.highest))
        numbers = vocabulary.pitch_numbers
        anything = np.ones(len(numbers), np.bool_)
        scale = np.isin(numbers % 12, WHITE_KEYS) if self.in_scale else anything
        for wanted in (scale, anything):
            counts = [np.count_nonzero(wanted & _between(numbers + semitones + up, low, high)) for up in _OCTAVES]
            if any(counts):
                up = 0 if counts[0] else _OCTAVES[int(np.argmax(counts))]
                return _mask(vocabulary, wanted & _between(numbers + semitones + up, low, high)), up
        return _mask(vocabulary, scale if scale.any() else anything), 0


def _between(pitches: npt.NDArray[np.intp], low: int, high: int) -> Booleans:
    return (pitches >= low) & (pitches <= high)


def _mask(vocabulary: Vocabulary, pitches: Booleans) -> Booleans:
    mask = np.ones(len(vocabulary), np.bool_)
    mask[vocabulary.pitch_tokens] = pitches
    return mask
