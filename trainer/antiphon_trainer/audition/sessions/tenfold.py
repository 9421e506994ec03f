"""Tenfold: a memory without a network learns nine tenths of the children's songs, and is asked for the others' pitches.

The network knows most of these songs, so it takes no part: in its place all symbols of a stage are equally likely, and
the mixture begins with the default weights. That is the task of IDyOM (Pearce 2005): the pitch of each note, given
that one starts. The memory goes on learning in the songs that it is asked for, as IDyOM does, and is told their metre.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from antiphon.improviser.memory.memory import Memory
from antiphon.melody.vocabulary import vocabulary_of
from antiphon_trainer.dataset.melody import melody_of
from antiphon_trainer.evaluation.remembering import learn, remembered
from antiphon_trainer.evaluation.scoring import score
from antiphon_trainer.memory.tunes import drawn_tunes
from antiphon_trainer.settings import Prepare

BOOK = "essenFolksong/kinder0.abc"
FOLDS = 10
ALL = 1000
"""More songs than the book has."""
PUBLISHED = 2.10
"""Bits per pitch of IDyOM on these songs, as published."""


class Tenfold(msgspec.Struct, frozen=True, kw_only=True):
    """The figures. Means over songs, of the bits per pitch of each."""

    songs: int
    pitch_bits: float
    error: float
    """Standard error, over songs."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        return msgspec.structs.asdict(self)

    def line(self) -> str:
        """Return the figures as text."""
        return (
            f"children's songs, tenfold, without a network: {self.pitch_bits:.3f} ± {self.error:.3f} bits per pitch "
            f"({self.songs} songs; IDyOM {PUBLISHED:.2f})"
        )


def measure(settings: Prepare, seed: int, most: int | None) -> Tenfold:
    """Measure a memory without a network on children's songs, tenfold.

    Args:
        settings: what `prepare` accepts.
        seed: of the folds.
        most: songs; None is all.
    """
    songs = [tune.song for tune in drawn_tunes([BOOK], most or ALL, settings, seed)]
    vocabulary = vocabulary_of(symbol for song in songs for symbol in song.symbols)
    melodies = [melody_of(song, vocabulary) for song in songs]
    even = np.full(len(vocabulary), 0.25 / len(vocabulary.pitch_tokens), np.float32)
    even[[vocabulary.hold, vocabulary.rest, vocabulary.end]] = 0.25
    network = [np.tile(even, (len(melody.tokens), 1)) for melody in melodies]
    bits = []
    for fold in range(FOLDS):
        memory = Memory(vocabulary)
        asked = range(fold, len(songs), FOLDS)
        for number in range(len(songs)):
            if number not in asked:
                learn(memory, melodies[number], network[number], with_metre=True)
        for number in asked:
            predicted = remembered(memory, melodies[number], network[number], with_metre=True)
            bits.append(float(score(predicted, melodies[number].tokens, vocabulary).pitch_bits.mean()))
    return Tenfold(
        songs=len(songs), pitch_bits=float(np.mean(bits)), error=float(np.std(bits, ddof=1)) / math.sqrt(len(bits))
    )
