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
    """The tokens of a song that a model is to predict, with the final `"/"`, and their metre; all int32 (step,)."""

    tokens: Tokens
    position: Tokens
    """Of each token within its bar; 0 where the metre is unknown."""
    bar: Tokens
    """Steps of that bar; 0 where the metre is unknown."""
    folded: int = 0
    """Number of notes outside the vocabulary."""

    @property
    def inputs(self) -> Tokens:
        """What a model reads before it predicts each token: that of `"/"`, then all but the last one, (step,)."""
        return np.concatenate([self.tokens[-1:], self.tokens[:-1]])


def melody_of(song: Song, vocabulary: Vocabulary) -> Melody:
    """Return a song as tokens; a note outside the vocabulary is moved by octaves to the nearest one in it."""
    folded = [symbol for symbol in song.symbols if symbol not in vocabulary.tokens]
    nearest = {symbol: int(vocabulary.fold(np.array([int(symbol)]))[0]) for symbol in set(folded)}
    known = vocabulary.tokens | nearest
    tokens = np.array([*(known[symbol] for symbol in song.symbols), vocabulary.end], dtype=np.int32)
    return Melody(tokens, *metre_of_steps(song.barlines, len(tokens)), len(folded))
