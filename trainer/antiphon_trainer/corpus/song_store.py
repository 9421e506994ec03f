"""The songs of a corpus while it is prepared, on disk: however many they are, memory holds one at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from types import TracebackType

import msgspec

from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.corpus.songs import Song

_BARLINES = msgspec.msgpack.Decoder(list[Barline])
_COLUMNS = "name, title, symbols, barlines, mode"


class SongStore:
    """Encoded songs, split by split, in a temporary database of SQLite's. Use it as a context manager."""

    def __init__(self) -> None:
        # No name: SQLite keeps it in a file of its own, which is gone when the connection closes.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(f"CREATE TABLE song (place INTEGER PRIMARY KEY, split TEXT, {_COLUMNS})")
        self._database.execute("CREATE INDEX by_name ON song (split, name)")
        self._database.execute("CREATE INDEX by_name_alone ON song (name)")
        self._database.execute("BEGIN")

    def add(self, split: str, song: Song) -> None:
        """Add a song to a split."""
        row = (split, song.name, song.title, " ".join(song.symbols), msgspec.msgpack.encode(song.barlines), song.mode)
        self._database.execute(f"INSERT INTO song (split, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608

    def replace(self, split: str, song: Song) -> None:
        """Put a song into a split in place of the one of its name, wherever that is."""
        row = (split, song.title, " ".join(song.symbols), msgspec.msgpack.encode(song.barlines), song.mode, song.name)
        columns = "split = ?, title = ?, symbols = ?, barlines = ?, mode = ?"
        self._database.execute(f"UPDATE song SET {columns} WHERE name = ?", row)  # noqa: S608

    def songs(self, split: str) -> Iterator[Song]:
        """Yield the songs of a split in the order in which they were added."""
        return self._read(split, "place")

    def by_name(self, split: str) -> Iterator[Song]:
        """Yield the songs of a split in the order of their names."""
        return self._read(split, "name")

    def _read(self, split: str, order: str) -> Iterator[Song]:
        query = f"SELECT {_COLUMNS} FROM song WHERE split = ? ORDER BY {order}"  # noqa: S608  both are ours
        # Its cursor isn't closed here: who stops in the middle may do so after the database has gone.
        for name, title, symbols, barlines, mode in self._database.execute(query, (split,)):
            yield Song(name, title, symbols.split(" "), _BARLINES.decode(barlines), mode)

    def __enter__(self) -> SongStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
