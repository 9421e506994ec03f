"""Records: what is told all that goes in and out of a performance, a recorder or a page that shows it."""

from __future__ import annotations

from typing import Protocol

from antiphon.midi.messages import Packet


class Record(Protocol):
    """What is told all that goes in and out; `Recorder` is one."""

    def enter(self, seconds: float) -> float:
        """Return the time as which the improviser is to hear of something."""

    def received(self, packet: Packet) -> None:
        """A message has come."""

    def sent(self, packet: Packet) -> None:
        """A message has left."""

    def tempo(self, seconds: float, bpm: float) -> None:
        """The tempo has changed, in beats a minute."""

    def key(self, seconds: float, sharps: int) -> None:
        """Another key signature is heard."""

    def marker(self, seconds: float, text: str) -> None:
        """Something has happened that people should find again."""

    def happened(self, seconds: float, what: str) -> None:
        """The improviser was told of something that was no message."""


class NoRecord:
    """Keeps nothing."""

    def enter(self, seconds: float) -> float:
        """See `Record`."""
        return seconds

    def received(self, packet: Packet) -> None:
        """See `Record`."""

    sent = received

    def tempo(self, seconds: float, bpm: float) -> None:
        """See `Record`."""

    def key(self, seconds: float, sharps: int) -> None:
        """See `Record`."""

    def marker(self, seconds: float, text: str) -> None:
        """See `Record`."""

    happened = marker


class Records:
    """Two records that are told the same; the first says when the improviser hears of it."""

    def __init__(self, first: Record, second: Record) -> None:
        self._first = first
        self._second = second

    def enter(self, seconds: float) -> float:
        """See `Record`."""
        return self._first.enter(seconds)

    def received(self, packet: Packet) -> None:
        """See `Record`."""
        self._first.received(packet)
        self._second.received(packet)

    def sent(self, packet: Packet) -> None:
        """See `Record`."""
        self._first.sent(packet)
        self._second.sent(packet)

    def tempo(self, seconds: float, bpm: float) -> None:
        """See `Record`."""
        self._first.tempo(seconds, bpm)
        self._second.tempo(seconds, bpm)

    def key(self, seconds: float, sharps: int) -> None:
        """See `Record`."""
        self._first.key(seconds, sharps)
        self._second.key(seconds, sharps)

    def marker(self, seconds: float, text: str) -> None:
        """See `Record`."""
        self._first.marker(seconds, text)
        self._second.marker(seconds, text)

    def happened(self, seconds: float, what: str) -> None:
        """See `Record`."""
        self._first.happened(seconds, what)
        self._second.happened(seconds, what)
