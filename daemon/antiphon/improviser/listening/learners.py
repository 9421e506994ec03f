"""The learners: what was learned of the performer, one learner for each vocabulary in which a model has listened."""

from __future__ import annotations

from antiphon.improviser.memory.learner import Learner
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.stored import begun_with
from antiphon.improviser.models import ListeningModel
from antiphon.melody.vocabulary import Vocabulary


class Learners:
    """Keeps what was learned in each vocabulary: where a model comes back, so does what was learned with it.

    Args:
        listening: the model that listens.
    """

    def __init__(self, listening: ListeningModel) -> None:
        self._symbols = listening.vocabulary.symbols
        self.current = _begun(listening)
        """Learns what is heard now."""
        self._learners = {self._symbols: self.current}
        """By the symbols that each is spelled in."""

    def change_model(self, listening: ListeningModel) -> None:
        """Learn in another model's vocabulary from now on, with the same share; what was learned is kept."""
        share = self.current.share
        self.current.keep()
        self._symbols = listening.vocabulary.symbols
        if self._symbols not in self._learners:  # what was learned is spelled in the other's tokens
            self._learners[self._symbols] = _begun(listening)
        self.current = self._learners[self._symbols]
        self.current.share = share
        self.current.keep()

    def take(self, memory: Memory) -> None:
        """Learn what is heard into this memory from now on."""
        self.current = self._learners[self._symbols] = Learner(memory, self.current.share)

    def memory_in(self, vocabulary: Vocabulary) -> Memory | None:
        """Return what was learned that is spelled in a vocabulary; None where no model of it has listened."""
        learner = self._learners.get(vocabulary.symbols)
        return None if learner is None else learner.memory


def _begun(listening: ListeningModel) -> Learner:
    return Learner(begun_with(listening.learned, listening.vocabulary, listening.start_weights))
