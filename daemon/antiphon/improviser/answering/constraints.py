"""Constraints: what an answer may hold, in every mode, as masks over a model's vocabulary.

The static part (range and scale) is one mask for a performance; the moving part (rests and repetitions) depends on
what each row of a batch has just played. Together they always leave something to play.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Tokens
from antiphon.melody.vocabulary import LAST_MIDI_NOTE, Vocabulary

Booleans = npt.NDArray[np.bool_]

WHITE_KEYS = (0, 2, 4, 5, 7, 9, 11)
"""The pitch classes in scale, in the model's key: C major's and A minor's."""
_OCTAVES = tuple(sorted(range(-240, 241, 12), key=lambda semitones: (abs(semitones), semitones)))
"""Shifts by octaves, in semitones, the nearest first: all of MIDI's, twice, since a phrase at one end of the keyboard
and a style that plays octaves above it can lead beyond the end before the range leads back to the other."""


@dataclass(frozen=True, eq=False)
class History:
    """What each row has played last."""

    rested: Tokens
    """Steps of silence up to now, (row,); 0 while a note sounds."""
    last: Tokens
    """The token of the last pitch, (row,); −1 before the first."""
    times: Tokens
    """How often that pitch has sounded in a row, (row,). Rests between don't count."""

    def after(self, tokens: Tokens, vocabulary: Vocabulary) -> History:
        """Return the course after one more token in each row, (row,)."""
        # The two signs that aren't pitches and don't hold: a rest, and the end, after which nothing sounds.
        signs = (tokens == vocabulary.rest) | (tokens == vocabulary.end)
        starts = ~signs & (tokens != vocabulary.hold)
        silent = signs | ((tokens == vocabulary.hold) & (self.rested > 0))
        return History(
            rested=np.where(silent, self.rested + 1, 0).astype(np.int32),
            last=np.where(starts, tokens, self.last),
            times=np.where(starts, np.where(tokens == self.last, self.times + 1, 1), self.times).astype(np.int32),
        )


def new_history(rows: int) -> History:
    """Return the course of rows that haven't played yet."""
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

    In minor, too: no raised sixth and seventh (F♯ and G♯ in A minor), because who asks for the scale wants no note that
    a band reading the signature wouldn't play, and in a key that is taken for minor by mistake G♯ is a wrong note.
    Who wants leading notes leaves this off.
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
        """Return the tokens that range and scale allow, (V,): always some pitch, and the three signs.

        Where no octave helps, a range narrower than an octave goes before the scale; and a range that holds no pitch
        class of the vocabulary is passed over.

        Args:
            vocabulary: the model's.
            semitones: from the model's pitch to the one that is played, before `octaves` are added.
        """
        return self._fitted(vocabulary, semitones)[0]

    def allowed(self, vocabulary: Vocabulary, mask: Booleans, course: History) -> Booleans:
        """Return the tokens that may come next in each row, (row, V): `mask`, less what its course forbids.

        A limit on repetitions is passed over where the mask holds a single pitch.
        """
        rows = np.arange(len(course.last))
        found = np.repeat(mask[None], len(rows), axis=0)
        found[:, vocabulary.rest] &= course.rested < self.longest_rest
        found[:, vocabulary.hold] &= (course.rested == 0) | (course.rested < self.longest_rest)
        if np.count_nonzero(mask[vocabulary.pitch_tokens]) > 1:
            tired = (course.last >= 0) & (course.times >= self.repetitions)
            found[rows[tired], course.last[tired]] = False
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
