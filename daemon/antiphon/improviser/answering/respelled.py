"""Respelled mixtures: what was learned in one vocabulary, mixed into what a model of another one plays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.melody.context import Mixture
from antiphon.melody.grid import Place
from antiphon.melody.model import Floats, Metre, Tokens
from antiphon.melody.vocabulary import Vocabulary


class Spelling:
    """The tokens of one vocabulary in another one.

    Args:
        here: of the model that plays.
        there: of the mixture.
    """

    def __init__(self, here: Vocabulary, there: Vocabulary) -> None:
        self.tokens: Tokens = np.zeros(len(here), np.int32)
        """Each token there, (V here,); a pitch that isn't there is the nearest, whole octaves away."""
        self.tokens[here.pitch_tokens] = there.fold(here.pitch_numbers.astype(np.intp))
        self.tokens[[here.hold, here.rest, here.end]] = there.hold, there.rest, there.end
        shared = [symbol for symbol in here.symbols if symbol in there.tokens]
        self.here = np.array([here.tokens[symbol] for symbol in shared])
        """The tokens of the symbols that both have."""
        self.there = np.array([there.tokens[symbol] for symbol in shared])
        self.size = len(there)


@dataclass(frozen=True, eq=False)
class Respelled:
    """A mixture over other tokens. What only the model here can play is as likely as the model says."""

    mixture: Mixture
    spelling: Spelling

    @property
    def changes(self) -> int:
        """How often what was learned has changed."""
        return self.mixture.changes

    def after(self, tokens: Tokens) -> Respelled:
        """Return the mixture after one more token in each row, (row,)."""
        return Respelled(self.mixture.after(self.spelling.tokens[tokens]), self.spelling)

    def mix(self, probabilities: Floats, place: Place | Metre | None) -> Floats:
        """Return the model's probabilities, (row, V), with the mixture mixed in."""
        here, there = self.spelling.here, self.spelling.there
        shared = probabilities[:, here]
        whole = shared.sum(axis=1, keepdims=True)
        spelled = np.zeros((len(probabilities), self.spelling.size), np.float32)
        spelled[:, there] = shared / np.maximum(whole, np.float32(1e-30))
        mixed = self.mixture.mix(spelled, place)[:, there]
        found = probabilities.copy()
        found[:, here] = mixed * (whole / np.maximum(mixed.sum(axis=1, keepdims=True), np.float32(1e-30)))
        return found

    def repeated(self, rows: int) -> Respelled:
        """Return a mixture of one row as one of many rows that are all the same."""
        return Respelled(self.mixture.repeated(rows), self.spelling)


def respelled(mixture: Mixture | None, here: Vocabulary, there: Vocabulary) -> Mixture | None:
    """Return a mixture over the tokens of `there` as one over those of `here`."""
    if mixture is None or here.symbols == there.symbols:
        return mixture
    return Respelled(mixture, Spelling(here, there))
