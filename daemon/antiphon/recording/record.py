"""Records: what is told all that goes in and out of a performance, a recorder or a page that shows it."""

from __future__ import annotations

from typing import Protocol

from antiphon.recording.entries import Entry


class Record(Protocol):
    """Takes entries, at once. All times are seconds from the session's start."""

    def enter(self, seconds: float) -> float:
        """Return the time as which the improviser is to hear of something that comes now."""

    def add(self, seconds: float, entry: Entry) -> None:
        """Take an entry."""


class NoRecord:
    """Keeps nothing."""

    def enter(self, seconds: float) -> float:
        """Return the time as it is."""
        return seconds

    def add(self, seconds: float, entry: Entry) -> None:
        """Do nothing."""


class BothRecords:
    """Two records that take the same; the first says when the improviser hears of it."""

    def __init__(self, first: Record, second: Record) -> None:
        self._first = first
        self._second = second
        self.enter = first.enter

    def add(self, seconds: float, entry: Entry) -> None:
        """Take an entry."""
        self._first.add(seconds, entry)
        self._second.add(seconds, entry)
