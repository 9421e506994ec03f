"""The models that an improviser is made with: one listens to the performer, and the same or another one plays."""

from __future__ import annotations

from dataclasses import dataclass

from antiphon.improviser.memory.stored import StoredMemory
from antiphon.improviser.memory.weights import UNTRAINED, StartWeights
from antiphon.melody.key_model import KeyModel
from antiphon.melody.keys import SIGNATURES
from antiphon.melody.model import StepModel
from antiphon.melody.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class ListeningModel:
    """What follows the performer's melody, in several keys side by side."""

    model: StepModel
    """It takes one row for each of the `signatures`."""
    vocabulary: Vocabulary
    signatures: tuple[int, ...] = SIGNATURES
    """The key signatures to listen in, in sharps, −5…6; a single one is taken for the performer's key."""
    key_model: KeyModel | None = None
    """Estimates the key beside the model; not asked where there is a single signature."""
    start_weights: StartWeights = UNTRAINED
    """With which the memory of what is played begins."""
    learned: StoredMemory | None = None
    """What the memory has learned before the first note; None for nothing."""


@dataclass(frozen=True, eq=False)
class PlayingModel:
    """What notes, answers and melodies are sampled from."""

    model: StepModel
    """It takes a single row, as many as an answer has candidates and, where `knows_metre`, as a bar has steps."""
    vocabulary: Vocabulary
    knows_metre: bool = True
    """It takes the metre as an input."""


@dataclass(frozen=True, eq=False)
class Models:
    """What listens and what plays."""

    listening: ListeningModel
    playing: PlayingModel

    @property
    def shares_context(self) -> bool:
        """Whether one model does both, so that what was heard is the context to play from.

        Otherwise the playing model is that of a `window` bundle, whose context can be made from any melody.
        """
        return self.listening.model is self.playing.model
