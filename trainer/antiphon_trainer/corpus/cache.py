"""A cache of what was parsed, by content: a run that was stopped, or whose corpus changed little, goes on from it."""

from __future__ import annotations

import hashlib
import sqlite3
from importlib.metadata import version
from pathlib import Path
from types import TracebackType

import msgspec
from platformdirs import user_cache_path

from antiphon_trainer.corpus.score import Parsed
from antiphon_trainer.corpus.scores import PARSER_VERSION

_COMMIT_EVERY = 200
"""Songs; what a sudden end may cost."""


def default_place() -> Path:
    """Return where the cache lives: the platform's cache folder."""
    return user_cache_path("antiphon", appauthor=False) / "scores.sqlite3"


def content_key(content: bytes, suffix: str) -> str:
    """Return the key of a file: the SHA-256 of its format and bytes. Its name and its time don't count."""
    return hashlib.sha256(suffix.encode() + b"\0" + content).hexdigest()


class ScoreCache:
    """Parsed scores in a SQLite file, valid for this parser and this music21. Use it as a context manager.

    A cache that can't be used (a read-only home, a damaged file) is replaced by one in memory: slower, never wrong.
    """

    def __init__(self, place: Path | None = None) -> None:
        self._parser = f"{PARSER_VERSION}, music21 {version('music21')}"
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
        database.execute("CREATE TABLE IF NOT EXISTS score (key TEXT PRIMARY KEY, parser TEXT, parsed BLOB)")
        database.execute("DELETE FROM score WHERE parser != ?", (self._parser,))
        database.commit()
        return database

    def get(self, key: str) -> Parsed | None:
        """Return what was parsed from the content of `key`, or nothing."""
        row = self._database.execute("SELECT parsed FROM score WHERE key = ?", (key,)).fetchone()
        try:
            return self._decoder.decode(row[0]) if row else None
        except msgspec.DecodeError:
            return None

    def put(self, key: str, parsed: Parsed) -> None:
        """Keep what was parsed from the content of `key`."""
        blob = msgspec.msgpack.encode(parsed)
        self._database.execute("INSERT OR REPLACE INTO score VALUES (?, ?, ?)", (key, self._parser, blob))
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
