"""The next-note distribution: how likely each pitch is as the performer's next note, whenever that may come.

The hold symbol is followed step by step, and the pitches' probabilities are collected on the way. That is done in all
keys, weighted by how likely each key is: the mixture by which a note's bits are counted.

It is exact along the chain of holds. Nearly all of the probability lies within some eight steps, each of them a step of
the lookahead that is made early. Given is that a note comes within a bar, with no rest of a beat or longer before it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.key_posterior import KeyPosterior
from antiphon.improviser.listening.lookahead import Lookahead
from antiphon.improviser.memory.learner import Recall
from antiphon.melody.model import Floats
from antiphon.melody.vocabulary import LAST_MIDI_NOTE, Vocabulary

MOST_PITCHES, LEAST_PROBABILITY = 12, 0.01
"""Pitches that are returned at most, and the least probability of each: what a display can show."""
LONGEST_CHAIN = 16
"""Steps, a bar of 4/4; holds are followed no longer, since each takes a step of the model."""
LEFT_OVER = 0.02
"""Probability; a chain of holds that is less likely than this is no longer followed: it would change little."""

Pitches = tuple[tuple[int, float], ...]
"""(Pitch, probability), the likeliest first."""


class NextNoteDistribution:
    """The next note after one that was heard, found a step at a time. Only `prepare` takes time, a step of the model.

    Args:
        lookahead: from the note that was heard on.
        vocabulary: the model's.
        key_posterior: how likely each key is, and which one is in use.
        semitones: from the model's pitches to the performer's in each key, (key,).
        recall: what was learned of the performer, mixed into what is predicted in the key in use.
    """

    def __init__(
        self,
        lookahead: Lookahead,
        vocabulary: Vocabulary,
        key_posterior: KeyPosterior,
        semitones: npt.NDArray[np.intp],
        recall: Recall | None = None,
    ) -> None:
        self._lookahead = lookahead
        self._vocabulary = vocabulary
        self._weights = key_posterior.expected
        self._row = key_posterior.row
        self._recall = recall
        self._reached = 1.0
        """Probability of all holds so far, in the key in use, with the memory mixed in."""
        self._semitones = semitones
        self._step = 0
        self._found = np.zeros((len(self._weights), len(vocabulary.pitch_tokens)))
        """P(the next note is this pitch, at a step that was looked at), by key, (key, pitch)."""
        self._is_done = False

    def prepare(self) -> bool:
        """Look at one more step. Returns whether there is more to look at."""
        if self._is_done:
            return False
        self._step += 1
        prediction = self._lookahead.at(self._step, None)
        reached, probabilities = np.exp2(-prediction.bits), prediction.probabilities
        if self._recall is not None:
            reached, probabilities = self._recalled(reached, probabilities, self._recall)
        self._found += reached[:, None] * probabilities[:, self._vocabulary.pitch_tokens]
        left = self._weights @ (reached * probabilities[:, self._vocabulary.hold])
        self._is_done = self._step == LONGEST_CHAIN or bool(left < LEFT_OVER)
        return not self._is_done

    def _recalled(
        self, reached: npt.NDArray[np.float64], probabilities: Floats, recall: Recall
    ) -> tuple[npt.NDArray[np.float64], Floats]:
        """Return how likely the step is to be reached, (key,), and its probabilities, (key, V), with the memory."""
        row, hold = self._row, self._vocabulary.hold
        reached, probabilities = reached.copy(), probabilities.copy()
        place = self._lookahead.place_at(self._step)
        reached[row], probabilities[row] = self._reached, recall.mix(probabilities[row : row + 1], place)[0]
        self._reached *= float(probabilities[row, hold])
        self._recall = recall.after(np.array([hold], np.int32))
        return reached, probabilities

    def probabilities(self) -> npt.NDArray[np.float64]:
        """Return how likely each pitch is, as played, given that a note comes, (128,).

        What `prepare` has left is done first.
        """
        while self.prepare():
            pass
        mixed = np.zeros(LAST_MIDI_NOTE + 1)
        found = self._weights[:, None] * self._found
        played = self._vocabulary.pitch_numbers + self._semitones[:, None]
        fits = (played >= 0) & (played <= LAST_MIDI_NOTE)
        np.add.at(mixed, played[fits], found[fits])
        mixed /= max(mixed.sum(), 1e-30)
        return mixed

    def pitches(self) -> Pitches:
        """Return the likeliest of `probabilities`: at most `MOST_PITCHES`, each with at least `LEAST_PROBABILITY`."""
        mixed = self.probabilities()
        likeliest = mixed.argsort(kind="stable")[::-1][:MOST_PITCHES]
        return tuple((int(pitch), float(mixed[pitch])) for pitch in likeliest if mixed[pitch] >= LEAST_PROBABILITY)
