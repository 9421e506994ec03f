"""The performance: drives the improviser by the clock, between one port and another.

Two threads. RtMidi's stamps what arrives and hands it over; the main one sleeps until something arrives or falls due.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from antiphon.improviser.events import NoteOff, NoteOn, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.live.messages import encode, parse

_STOP = None
"""Handed over in an event's place to end the performance."""


class Inbox:
    """What arrived and wasn't heard yet. `receive` and `stop` may be called from any thread and from a signal."""

    def __init__(self) -> None:
        # SimpleQueue.put never waits for a lock that Python code holds, so RtMidi's thread can't be blocked.
        self._queue: SimpleQueue[tuple[float, NoteOn | NoteOff | None]] = SimpleQueue()

    def receive(self, message: tuple[list[int], float], _data: Any = None) -> None:
        """Stamp a MIDI message and hand it over: RtMidi's callback."""
        now = time.monotonic()
        event = parse(message[0])
        if event is not None:
            self._queue.put((now, event))

    def stop(self) -> None:
        """End the performance."""
        self._queue.put((time.monotonic(), _STOP))

    def wait(self, until: float | None) -> tuple[float, NoteOn | NoteOff | None] | None:
        """Return the next event and its time, or None when the clock says `until` before one comes."""
        try:
            if until is None:
                return self._queue.get()
            return self._queue.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            return None


def perform(improviser: Improviser, inbox: Inbox, send: Callable[[list[int]], None]) -> None:
    """Play until the inbox says stop. Whatever way it ends, every sounding note is ended.

    Args:
        improviser: hears and answers.
        inbox: what arrives.
        send: sends the bytes of one message.
    """

    def send_all(messages: Iterable[Timed]) -> None:
        for timed in messages:
            send(encode(timed.message))

    try:
        while True:
            arrived = inbox.wait(improviser.next_time())
            if arrived is None:
                send_all(improviser.advance(time.monotonic()))
                continue
            moment, event = arrived
            if event is None:
                return
            send_all(improviser.receive(moment, event))
    finally:
        send_all(improviser.close(time.monotonic()))


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on Ctrl-C, on SIGTERM and when the terminal closes, in place of dying with notes sounding."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    before = {number: signal.signal(number, lambda *_: stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
