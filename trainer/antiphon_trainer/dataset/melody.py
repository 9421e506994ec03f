"""A song as numbers: the tokens that a model is to predict, step by step, and their metre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.melody.model import Tokens
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.corpus.metre import metre_of_steps
from antiphon_trainer.corpus.songs import Song


@dataclass(frozen=True, eq=False)
class Melody:
    """An encoded song as a model is to predict it: tokens with the final `"/"`, and their metre, all (step,)."""

    tokens: Tokens
    position: Tokens
    bar: Tokens
    folded: int = 0
    """Notes outside the vocabulary."""

    @property
    def inputs(self) -> Tokens:
        """What is read before each step is predicted: the token of `"/"`, then the song's, (step,)."""
        return np.concatenate([self.tokens[-1:], self.tokens[:-1]])


def melody_of(song: Song, vocabulary: Vocabulary) -> Melody:
    """Encode a song; a note outside the vocabulary becomes the nearest one, octaves away."""
    folded = [symbol for symbol in song.symbols if symbol not in vocabulary.tokens]
    nearest = {symbol: int(vocabulary.fold(np.array([int(symbol)]))[0]) for symbol in set(folded)}
    known = vocabulary.tokens | nearest
    tokens = np.array([*(known[symbol] for symbol in song.symbols), vocabulary.end], dtype=np.int32)
    return Melody(tokens, *metre_of_steps(song.barlines, len(tokens)), len(folded))
