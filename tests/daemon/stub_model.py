"""A model that needs no training: it likes the notes of C major, its triad more, and the near ones best."""

import numpy as np

from antiphon.melody.model import Floats, Metre, Tokens
from antiphon.melody.vocabulary import Vocabulary, vocabulary_of

LIKING = np.array([1.0, 0.02, 0.6, 0.02, 0.9, 0.5, 0.02, 1.0, 0.02, 0.4, 0.02, 0.3])
"""By degree, from C."""
VOCABULARY = vocabulary_of(str(pitch) for pitch in range(48, 85))


class StubModel:
    """Its state is the last pitch that it read; holds are as likely as all pitches together."""

    vocabulary_size = len(VOCABULARY)

    def __init__(self, vocabulary: Vocabulary = VOCABULARY) -> None:
        self._rows = np.zeros((128, len(vocabulary)), np.float32)
        pitches = vocabulary.pitch_numbers
        for last in range(128):
            liking = LIKING[pitches % 12] * 0.8 ** np.abs(pitches - last)
            self._rows[last, vocabulary.pitch_tokens] = 0.45 * liking / liking.sum()
        self._rows[:, vocabulary.hold] = 0.45
        self._rows[:, vocabulary.rest] = self._rows[:, vocabulary.end] = 0.05
        self._pitch_of = np.full(len(vocabulary), -1)
        self._pitch_of[vocabulary.pitch_tokens] = pitches

    def initial_state(self, batch: int) -> Floats:
        return np.full((batch, 1), 67, np.float32)

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        read = self._pitch_of[tokens]
        last = np.where(read < 0, state[:, 0].astype(int), read)
        return self._rows[last], last[:, None].astype(np.float32)
