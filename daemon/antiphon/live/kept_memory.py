"""The kept memory: what a set begins with, what it has learned by its end, and where both lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from antiphon.errors import UserError
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.memory.stored import StoredMemory, store
from antiphon.live.memory_keeper import MemoryKeeper
from antiphon.live.reporter import Reporter
from antiphon.musician import Musician
from antiphon.offline.learning import learn_from
from antiphon.recording.memories import beside, hash_of, memories_folder, memory_path, read_memory, write_memory
from antiphon.settings import Settings


class KeptMemory:
    """What is kept of a performer from one set to the next.

    Args:
        settings: section `[memory]` says whether anything is.
        reporter: is told what goes wrong, and what was kept.
    """

    def __init__(self, settings: Settings, reporter: Reporter) -> None:
        self._settings = settings.memory
        self._reporter = reporter
        self._path: Path | None = None
        """Where to keep it; None where nothing is kept."""
        self.keeper: MemoryKeeper | None = None
        """Keeps it while it is played; None where nothing is kept."""

    def begin(self, musician: Musician, learn: Sequence[Path]) -> Musician:
        """Return the musician with what was kept, and with what is played in files.

        A memory that can't be read is left as it is: then nothing is kept of this set, so that nothing is lost.

        Raises:
            UserError: there is nothing to learn in the files.
        """
        vocabulary = musician.models.listening.vocabulary
        if self._settings.keep:
            path = memory_path(memories_folder(self._settings.folder), self._settings.performer, vocabulary)
            try:
                content = read_memory(path)
                if content:
                    musician = musician.remembering(content, str(path))
                    learned = musician.models.listening.learned
                    notes = 0 if learned is None else learned.notes
                    self._reporter.say(f"remembers    {notes:,} notes of {self._settings.performer}")
                self._path, self.keeper = path, MemoryKeeper(path, vocabulary, self._reporter.warn)
            except UserError as error:
                self._reporter.warn(f"{error}; this set begins without it, and isn't kept")
        return learn_from(musician, learn, self._reporter.warn) if learn else musician

    def keep(self, musician: Musician, listener: Listener) -> None:
        """Keep what was learned up to the set's end with the model that it began with."""
        vocabulary = musician.models.listening.vocabulary
        listener.finish()
        if self.keeper is not None:
            self.keeper.finish()
        memory = listener.learners.memory_in(vocabulary)
        if self._path is None or memory is None or not memory.steps:
            return
        try:
            write_memory(self._path, store(memory, vocabulary))
        except UserError as error:
            self._reporter.warn(str(error))
        else:
            self._reporter.tell(f"kept         {memory.notes:,} notes in {self._path}")


def lay_beside(learned: StoredMemory | None, recordings: Path, reporter: Reporter) -> None:
    """Lay the memory that a set begins with beside its recording, which names it by its hash."""
    if learned is None:
        return
    path = beside(recordings, hash_of(learned.content))
    if path.exists():
        return
    try:
        write_memory(path, learned.content)
    except UserError as error:
        reporter.warn(f"{error}; this set won't render to the same notes")
