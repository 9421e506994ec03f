"""NextNoteDistribution: how likely each pitch is as the performer's next note, whenever that may come.

From the design: follow the hold symbol step by step, and collect the pitch probabilities on the way. That is done in
all keys, and mixed as likely as each key is, which is the mixture by which a note's bits are counted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.lookahead import Lookahead
from antiphon.melody.vocabulary import LAST_MIDI_NOTE, Vocabulary

MOST_PITCHES, LEAST_PROBABILITY = 12, 0.01
"""So many pitches are told, and none that is less likely."""
LONGEST_WAIT = 16
"""Steps after the onset at which waiting for a note ends: a bar of 4/4."""
LEFT_OVER = 0.02
"""Share of the probability, that the note is still held, which is no longer followed."""

Pitches = tuple[tuple[int, float], ...]
"""(Pitch, probability), the likeliest first."""


class NextNoteDistribution:
    """The next note after one that was heard, found a step at a time. Only `advance` takes time, a step of the model.

    Args:
        path: since the onset of the note that was heard. Its steps are made sooner than they would be, no other ones.
        vocabulary: the model's.
        weights: how likely each key is, (key,).
        semitones: from each key's pitches of the model to those of the performer, (key,).
    """

    def __init__(
        self,
        path: Lookahead,
        vocabulary: Vocabulary,
        weights: npt.NDArray[np.float64],
        semitones: npt.NDArray[np.intp],
    ) -> None:
        self._path = path
        self._vocabulary = vocabulary
        self._weights = weights
        self._semitones = semitones
        self._step = 0
        self._found = np.zeros((len(weights), len(vocabulary.pitch_tokens)))
        """P(the next note is this pitch, at a step that was looked at), by key, (key, pitch)."""
        self._is_done = False

    def advance(self) -> bool:
        """Look at one more step. Returns whether there is more to look at."""
        if self._is_done:
            return False
        self._step += 1
        expectation = self._path.at(self._step, None)
        reached = np.exp2(-expectation.bits)
        probabilities = expectation.context.probabilities
        self._found += reached[:, None] * probabilities[:, self._vocabulary.pitch_tokens]
        left = self._weights @ (reached * probabilities[:, self._vocabulary.hold])
        self._is_done = self._step == LONGEST_WAIT or bool(left < LEFT_OVER)
        return not self._is_done

    def pitches(self) -> Pitches:
        """Return the likeliest pitches, given that a note comes. What hasn't been looked at yet is looked at first."""
        while self.advance():
            pass
        mixed = np.zeros(LAST_MIDI_NOTE + 1)
        found = self._weights[:, None] * self._found
        played = self._vocabulary.pitch_numbers + self._semitones[:, None]
        fits = (played >= 0) & (played <= LAST_MIDI_NOTE)
        np.add.at(mixed, played[fits], found[fits])
        mixed /= max(mixed.sum(), 1e-30)
        likeliest = mixed.argsort(kind="stable")[::-1][:MOST_PITCHES]
        return tuple((int(pitch), float(mixed[pitch])) for pitch in likeliest if mixed[pitch] >= LEAST_PROBABILITY)
