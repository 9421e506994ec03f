"""Keeping the memory while it is played: a copy now and then, so that a crash loses no more than some minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.errors import UserError
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.stored import Header, header_of, packed
from antiphon.melody.vocabulary import Vocabulary
from antiphon.recording.memories import write_memory

INTERVAL = 60.0
"""Seconds, at least, from one copy to the next."""
SILENCE = 1.0
"""Seconds in which nothing happens, at a phrase's end for instance: there it is copied, and nobody waits for a note."""
LONGEST = 120.0
"""Seconds after which it is copied, in the gaps between notes, where there is no such silence."""

_Copy = dict[str, list[npt.NDArray[Any]]]


class MemoryKeeper:
    """To the performance a view, which copies the memory in gaps, a part at a time; a thread writes the copy.

    Args:
        path: of the file.
        vocabulary: of the memory that is kept.
        warn: is told, from the thread, what can't be written.
    """

    def __init__(self, path: Path, vocabulary: Vocabulary, warn: Callable[[str], None]) -> None:
        self._path = path
        self._vocabulary = vocabulary
        self._warn = warn
        self._copying: _Copying | None = None
        self._writing: threading.Thread | None = None
        self._copied_at = -INTERVAL
        """Seconds. The first phrase is kept at once."""
        self._changed_since: float | None = None
        """Seconds; when something happened first since it was copied."""
        self._changed_at = 0.0
        """When something happened last."""
        self._steps = 0
        """That were learned when it was copied last."""

    def changed(self, time: float) -> None:
        """Take note that something has happened at a time, in seconds: more may have been learned."""
        self._changed_at = time
        if self._changed_since is None:
            self._changed_since = time

    def answered(self, seconds: float) -> None:
        """Do nothing."""

    def next_look(self) -> float | None:
        """Return when to copy the next part, in seconds; None where nothing has happened since the last copy."""
        if self._writing is not None and self._writing.is_alive():
            return None
        if self._copying is not None:
            return self._copied_at
        if self._changed_since is None:
            return None
        in_silence = max(self._copied_at + INTERVAL, self._changed_at + SILENCE)
        return min(in_silence, max(self._copied_at, self._changed_since) + LONGEST)

    def look(self, improviser: Improviser, time: float) -> None:
        """Copy a part of what was learned, if more was, and have it written when all is copied."""
        if self._copying is None:
            memory = improviser.listener.learners.memory_in(self._vocabulary)
            self._changed_since = None
            if memory is not None and memory.steps != self._steps:
                self._copied_at, self._steps, self._copying = time, memory.steps, _Copying(memory)
        elif not self._copying.go_on():
            header, copy = header_of(self._copying.memory, self._vocabulary), self._copying.copy
            self._copying = None
            self._writing = threading.Thread(target=self._write, args=(header, copy), name="memory", daemon=True)
            self._writing.start()

    def end_notes(self, time: float) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Wait until what was copied is written."""
        if self._writing is not None:
            self._writing.join()

    def _write(self, header: Header, copy: _Copy) -> None:
        try:
            write_memory(self._path, packed(header, {name: np.concatenate(parts) for name, parts in copy.items()}))
        except UserError as error:
            self._warn(str(error))


class _Copying:
    """A memory that is being copied.

    Args:
        memory: goes on learning meanwhile.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.copy: _Copy = {}
        self._parts: Iterator[None] = memory.copied_into(self.copy)

    def go_on(self) -> bool:
        """Copy a part. Returns whether there was one."""
        return next(self._parts, self) is None
