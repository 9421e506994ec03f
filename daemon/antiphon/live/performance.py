"""The performance: drives the improviser by the clock, between one port and another.

Two threads. RtMidi's stamps what arrives and hands it over; the main one sleeps until something arrives or falls due.
Time is counted in seconds from the session's start.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from antiphon.improviser.events import ProgramChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.live.messages import Translator, encode

_STOP = None
"""Handed over in a message's place to end the performance."""

Told = Callable[[Improviser, float], list[Timed]]
"""Something that is done to the improviser and came by no port, at a time in seconds."""
Arrival = tuple[float, list[int] | Told | None]
"""When something arrived, in seconds from the start, and what: the bytes of a message, most often."""


class Record(Protocol):
    """What is told all that goes in and out; `Recorder` is one."""

    def enter(self, seconds: float) -> float:
        """Return the time as which the improviser is to hear of something."""

    def received(self, seconds: float, message: Sequence[int]) -> None:
        """A message has come."""

    def sent(self, seconds: float, message: Sequence[int]) -> None:
        """A message has left."""

    def tempo(self, seconds: float, bpm: float) -> None:
        """The tempo has changed, in beats a minute."""

    def key(self, seconds: float, sharps: int) -> None:
        """Another key signature is heard."""

    def marker(self, seconds: float, text: str) -> None:
        """Something has happened that people should find again."""


class NoRecord:
    """Keeps nothing."""

    def enter(self, seconds: float) -> float:
        """See `Record`."""
        return seconds

    def received(self, seconds: float, message: Sequence[int]) -> None:
        """See `Record`."""

    sent = received

    def tempo(self, seconds: float, bpm: float) -> None:
        """See `Record`."""

    def key(self, seconds: float, sharps: int) -> None:
        """See `Record`."""

    def marker(self, seconds: float, text: str) -> None:
        """See `Record`."""


class Inbox:
    """What arrived and wasn't heard yet. `receive` and `stop` may be called from any thread and from a signal.

    Args:
        start: when the session started, by `time.monotonic()`.
    """

    def __init__(self, start: float) -> None:
        self._start = start
        # SimpleQueue.put never waits for a lock that Python code holds, so RtMidi's thread can't be blocked.
        self._queue: SimpleQueue[Arrival] = SimpleQueue()

    def now(self) -> float:
        """Return the time, in seconds from the session's start."""
        return time.monotonic() - self._start

    def receive(self, message: tuple[list[int], float], _data: Any = None) -> None:
        """Stamp a MIDI message and hand it over: RtMidi's callback."""
        self._queue.put((time.monotonic() - self._start, message[0]))

    def tell(self, told: Told) -> None:
        """Hand over something that came by no port."""
        self._queue.put((self.now(), told))

    def stop(self) -> None:
        """End the performance."""
        self._queue.put((self.now(), _STOP))

    def wait(self, until: float | None) -> Arrival | None:
        """Return the next message and its time, or None when the clock says `until` before one comes."""
        try:
            if until is None:
                return self._queue.get()
            return self._queue.get(timeout=max(0.0, until - self.now()))
        except Empty:
            return None


def perform(
    improviser: Improviser,
    inbox: Inbox,
    translator: Translator,
    send: Callable[[list[int]], None],
    record: Record,
    choose_program: Callable[[int], None],
) -> None:
    """Play until the inbox says stop. Whatever way it ends, every sounding note is ended.

    Args:
        improviser: hears and answers.
        inbox: what arrives.
        translator: makes events of messages.
        send: sends the bytes of one message.
        record: is told of everything.
        choose_program: is told the number of each program that is chosen; it must return at once.
    """
    watch = _Watch(improviser, record)

    def send_all(messages: Iterable[Timed]) -> None:
        for timed in messages:
            message = encode(timed.message)
            send(message)
            record.sent(timed.time, message)

    try:
        while True:
            # What is prepared is prepared in the gaps: a message never waits for more than one step of the model.
            due = improviser.next_time()
            arrived = inbox.wait(inbox.now() if improviser.prepare() else due)
            if arrived is None:
                if due is not None and due <= inbox.now():
                    # Not the time that it is: a message that came before may still be on its way.
                    send_all(improviser.advance(due))
                    watch.look(due)
                continue
            moment, content = arrived
            if content is None:
                return
            moment = _entered(record, moment, improviser.now)
            if not isinstance(content, list):
                send_all(content(improviser, moment))
                continue
            record.received(moment, content)
            event = translator.event_of(content)
            if isinstance(event, ProgramChange):
                choose_program(event.program)
            elif event is not None:
                send_all(improviser.receive(moment, event))
                watch.look(moment)
    finally:
        send_all(improviser.close(inbox.now()))


def _entered(record: Record, moment: float, earliest: float) -> float:
    """Return the time at which the improviser hears of a `moment`, in seconds: on a tick, and not in its past.

    What is replayed then comes in the order in which it was played.
    """
    entered = record.enter(max(moment, earliest))
    while entered < earliest:
        moment = max(moment, earliest) + _TICK
        entered = record.enter(moment)
    return entered


_TICK = 0.002
"""Seconds: more than any tick of a recording lasts."""
_BPM_KEPT = 0.005
"""A tempo that has changed by less, as a share, is the same tempo in a recording."""


class _Watch:
    """Sees what changes in an improviser that a recording shows: its tempo, its key, its mode."""

    def __init__(self, improviser: Improviser, record: Record) -> None:
        self._improviser = improviser
        self._record = record
        self._bpm, self._sharps, self._mode = improviser.bpm, improviser.sharps, improviser.mode
        self._since = float("-inf")
        record.key(0.0, self._sharps)
        record.marker(0.0, self._mode)

    def look(self, time: float) -> None:
        """Look whether something has changed."""
        improviser = self._improviser
        if improviser.sharps != self._sharps:
            self._sharps = improviser.sharps
            self._record.key(time, self._sharps)
        if improviser.mode != self._mode:
            self._mode = improviser.mode
            self._record.marker(time, self._mode)
        bpm = improviser.bpm
        if abs(bpm / self._bpm - 1) > _BPM_KEPT and time - self._since > 60 / bpm:
            self._bpm, self._since = bpm, time
            self._record.tempo(time, bpm)


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
