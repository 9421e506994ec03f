"""The journal: records appended to a file as they come, by a thread of its own, so that a slow disk delays no note.

A record is its length, its CRC-32 and its bytes. What a crash left unfinished at the end is seen by these and ignored.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from io import FileIO
from pathlib import Path
from queue import Empty, SimpleQueue

from antiphon.files import lock, open_privately, sync, sync_folder

ENDING = ".journal"
_MAGIC = b"antiphon journal 1\n"
_FRAME = struct.Struct(">II")
"""Length and CRC-32 of the record that follows."""
_INTERVAL = 0.5
"""Seconds from a record's coming to its writing: what a crash can lose, less than the second that is promised."""
_MOST_UNWRITTEN = 1 << 26
"""Bytes that wait in memory, at most, for a disk to have room again: hours of playing."""

Say = Callable[[str], None]
"""Shows one line to the user. Called from the journal's thread too."""


class Journal:
    """An append-only file of records that no other process takes for left behind, because it is locked."""

    def __init__(self, folder: Path, names: Callable[[], Iterable[Path]], say: Say) -> None:
        """Start the thread, which opens the file and tries again each interval where that fails.

        Args:
            folder: where the file is to be; made if need be.
            names: the paths in it that the file may have; the first that is free is taken.
            say: is told, once, when something can't be written.
        """
        self._folder = folder
        self._names = names
        self._say = safely(say)
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()  # its put() waits for nobody
        self._unwritten = bytearray(_MAGIC)
        self._file: FileIO | None = None
        self._path: Path | None = None
        self._has_said = False
        self._drops = False
        self._ending = threading.Event()
        # A daemon thread: an interpreter that ends without close() must not wait for it.
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def append(self, record: bytes) -> None:
        """Hand a record over: from any thread, at once. It isn't empty."""
        self._queue.put(record)

    def finish(self, seconds: float) -> bool:
        """Write what is left and end the thread; return whether that was done within so many seconds."""
        self._ending.set()
        self._queue.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def path(self) -> Path | None:
        """The file, or None where there could be none."""
        return self._path

    def records(self) -> Iterator[bytes]:
        """Yield all records, after `finish`: those in the file, and those that it had no room for."""
        return records(self._written() + bytes(self._unwritten))

    def leave(self) -> None:
        """Close the file and let it lie, for the next start."""
        if self._file is not None:
            self._file.close()

    def remove(self) -> None:
        """Close the file and remove it."""
        self.leave()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _work(self) -> None:
        while not self._ending.is_set():
            # While something waits for room, try again each interval; else sleep: an idle daemon costs nothing.
            if not self._unwritten:
                self._take(self._queue.get())
            # All of an interval in one go, so that this thread wakes twice a second and not at every note.
            self._ending.wait(_INTERVAL)
            self._drain()
            self._write()
        self._drain()
        self._write()

    def _drain(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._take(self._queue.get_nowait())

    def _take(self, record: bytes | None) -> None:
        # Once one is dropped, all are: a recording with a hole would be another session.
        self._drops = self._drops or len(self._unwritten) >= _MOST_UNWRITTEN
        if record and not self._drops:
            self._unwritten += _FRAME.pack(len(record), zlib.crc32(record)) + record

    def _write(self) -> None:
        if not self._unwritten:
            return
        try:
            self._renew_if_gone()
            if self._file is None:
                self._path, self._file = self._open()
            while self._unwritten:  # a disk that gets full takes a part; the rest follows when there is room
                count = self._file.write(self._unwritten)
                del self._unwritten[: count or 0]
            sync(self._file.fileno())
        except OSError as error:
            self._fault(error)

    def _renew_if_gone(self) -> None:
        """See to it that a file whose folder was removed is written anew: it could be read by nobody."""
        if self._file is None or (self._path and _is_at(self._path, self._file)):
            return
        self._unwritten[:0] = self._written()
        self._file.close()
        self._file = None
        raise FileNotFoundError(0, "the file is gone")

    def _open(self) -> tuple[Path, FileIO]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._names():
            try:
                file = FileIO(path, "x+", opener=open_privately)
            except FileExistsError:
                continue
            # Between the file's making and its lock, another start may have taken it for one left behind.
            if lock(file) and _is_at(path, file):
                sync_folder(self._folder)
                return path, file
            file.close()
        raise FileExistsError(0, "no free name")

    def _written(self) -> bytes:
        if self._file is None:
            return b""
        self._file.seek(0)
        return self._file.read()

    def _fault(self, error: OSError) -> None:
        if not self._has_said:
            self._has_said = True
            self._say(f"can't record to {self._folder} ({error.strerror or error}); playing goes on")


def safely(say: Say) -> Say:
    """Return a `say` that never raises: a terminal that is gone must not end a recording."""

    def say_safely(text: str) -> None:
        with contextlib.suppress(Exception):
            say(text)

    return say_safely


def records(content: bytes) -> Iterator[bytes]:
    """Yield the records of a journal's content, up to the first that is unfinished or damaged."""
    if not content.startswith(_MAGIC):
        return
    at = len(_MAGIC)
    while at + _FRAME.size <= len(content):
        length, checksum = _FRAME.unpack_from(content, at)
        at += _FRAME.size
        record = content[at : at + length]
        # A power cut may leave zeros at the end: they'd be empty records, whose checksum is zero too.
        if not length or len(record) < length or zlib.crc32(record) != checksum:
            return
        yield record
        at += length


def is_journal(content: bytes) -> bool:
    """Return whether a file's content is a journal's, or the start of one that was cut short."""
    return content.startswith(_MAGIC) or _MAGIC.startswith(content)


@contextlib.contextmanager
def left_behind(path: Path) -> Iterator[FileIO | None]:
    """Open and lock a journal that no process is writing; None where one is, or where another has taken it first."""
    with FileIO(path, "r+", opener=open_privately) as file:
        yield file if lock(file) and _is_at(path, file) else None


def _is_at(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except OSError:
        return False
