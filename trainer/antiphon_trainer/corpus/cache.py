"""A cache of what was parsed, by content: a run that was stopped, or whose corpus changed little, goes on from it."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from types import TracebackType

import msgspec
from platformdirs import user_cache_path

from antiphon_trainer.corpus.score import Parsed
from antiphon_trainer.corpus.scores import reader_version
from antiphon_trainer.corpus.sources import SUFFIXES

_COMMIT_EVERY = 200
"""Songs; what a sudden end may cost."""
_BEHIND_READER = ": "


def default_place() -> Path:
    """Return where the cache lives: the platform's cache folder."""
    return user_cache_path("antiphon", appauthor=False) / "scores.sqlite3"


def content_key(content: bytes, suffix: str) -> str:
    """Return the key of a file: its reader, and the SHA-256 of its format and bytes. Its name and time don't count."""
    digest = hashlib.sha256(suffix.encode() + b"\0" + content).hexdigest()
    return f"{reader_version(suffix)}{_BEHIND_READER}{digest}"


class ScoreCache:
    """Parsed scores in a SQLite file, of the readers in their present versions. Use it as a context manager.

    A cache that can't be used (a read-only home, a damaged file) is replaced by one in memory: slower, never wrong.
    """

    def __init__(self, place: Path | None = None) -> None:
        self._decoder = msgspec.msgpack.Decoder(Parsed)
        self._pending = 0
        try:
            self._database = self._opened(place or default_place())
        except (sqlite3.Error, OSError):
            self._database = self._opened(None)

    def _opened(self, place: Path | None) -> sqlite3.Connection:
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(place or ":memory:", timeout=30)
        database.execute("DROP TABLE IF EXISTS score")  # of versions in which the key didn't name the reader
        database.execute("CREATE TABLE IF NOT EXISTS parsed (key TEXT PRIMARY KEY, reader TEXT, parsed BLOB)")
        readers = sorted({reader_version(suffix) for suffix in SUFFIXES})
        database.execute(f"DELETE FROM parsed WHERE reader NOT IN ({', '.join('?' * len(readers))})", readers)  # noqa: S608
        database.commit()
        return database

    def get(self, key: str) -> Parsed | None:
        """Return what was parsed from the content of `key`, or nothing."""
        row = self._database.execute("SELECT parsed FROM parsed WHERE key = ?", (key,)).fetchone()
        try:
            return self._decoder.decode(row[0]) if row else None
        except msgspec.DecodeError:
            return None

    def put(self, key: str, parsed: Parsed) -> None:
        """Keep what was parsed from the content of `key`."""
        row = (key, key.rpartition(_BEHIND_READER)[0], msgspec.msgpack.encode(parsed))
        self._database.execute("INSERT OR REPLACE INTO parsed VALUES (?, ?, ?)", row)
        self._pending += 1
        if self._pending >= _COMMIT_EVERY:
            self._database.commit()
            self._pending = 0

    def __enter__(self) -> ScoreCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.commit()
        self._database.close()
