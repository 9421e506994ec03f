"""The inbox: what arrived and wasn't heard yet, handed from any thread to the one that plays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser

CROWD = 64
"""Messages that wait unheard from which on a controller's value takes the place of the one before it."""
_ON, _CHANNEL_MODE = 64, 120
"""MIDI 1.0: values of a switch from 64 on mean on; control changes from 120 on are no controllers."""
_STOP = None
"""Handed over in a message's place to end the performance."""

Told = Callable[[Improviser, float], list[Timed]]
"""Something that is done to the improviser and came by no port, at a time in seconds."""
Arrival = tuple[float, list[int] | Told | None]
"""When something arrived, in seconds from the start, and what: the bytes of a message, most often."""


class Inbox:
    """What arrived and wasn't heard yet. `receive` and `stop` may be called from any thread and from a signal.

    Args:
        start: when the session started, by `time.monotonic()`.
    """

    def __init__(self, start: float) -> None:
        self.start = start
        """See `Inbox`."""
        # SimpleQueue.put never waits for a lock that Python code holds, so RtMidi's thread can't be blocked.
        self._queue: SimpleQueue[tuple[float, list[int] | Told | _Latest | None]] = SimpleQueue()
        self._latest: dict[tuple[int, ...], _Latest] = {}
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time, in seconds from the session's start."""
        return time.monotonic() - self.start

    def receive(self, message: tuple[list[int], float], _data: Any = None) -> None:
        """Stamp a MIDI message and hand it over: RtMidi's callback."""
        content = message[0]
        if self._queue.qsize() < CROWD or not self._supersedes(content):
            self._queue.put((time.monotonic() - self.start, content))

    def tell(self, told: Told) -> None:
        """Hand over something that came by no port."""
        self._queue.put((self.now(), told))

    def stop(self) -> None:
        """End the performance."""
        self._queue.put((self.now(), _STOP))

    def wait(self, until: float | None) -> Arrival | None:
        """Return the next message and its time, or None when the clock says `until` before one comes."""
        try:
            timeout = None if until is None else max(0.0, until - self.now())
            moment, content = self._queue.get(timeout=timeout)
        except Empty:
            return None
        if isinstance(content, _Latest):
            with self._lock:
                if self._latest.get(content.key) is content:
                    del self._latest[content.key]
            return moment, content.message
        return moment, content

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._queue.empty()

    def _supersedes(self, message: list[int]) -> bool:
        """Return whether a message waits already, in its own place or in that of one that it makes needless."""
        key = _wheel_of(message)
        if key is None:
            return False
        with self._lock:
            waiting = self._latest.get(key)
            # A press and its release are two messages, however quick.
            if waiting is not None and (waiting.message[-1] < _ON) == (message[-1] < _ON):
                waiting.message = message
                return True
            latest = self._latest[key] = _Latest(key, message)
        self._queue.put((self.now(), latest))
        return True


@dataclass(slots=True)
class _Latest:
    """A place in a crowded queue for the latest message of a wheel or a controller."""

    key: tuple[int, ...]
    message: list[int]


def _wheel_of(message: list[int]) -> tuple[int, ...] | None:
    """Return what a message moves, if it only moves something: a controller, a wheel, pressure, on a channel."""
    kind = message[0] & 0xF0 if len(message) > 1 else None
    if kind in (0xA0, 0xB0):
        return (message[0], message[1]) if kind == 0xA0 or message[1] < _CHANNEL_MODE else None
    return (message[0],) if kind in (0xD0, 0xE0) else None
