"""The performance: drives the improviser by the clock, between one port and another.

Two threads. RtMidi's stamps what arrives and hands it over; the main one sleeps until something arrives or falls due.
Time is counted in seconds from the session's start.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from antiphon.errors import DEBUG
from antiphon.improviser.events import ProgramChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.live.inbox import Inbox, Told
from antiphon.live.messages import Translator, encode

PAUSE_SECONDS = 0.5
"""What is done so much too late wasn't held up: the process stood still meanwhile (SIGSTOP, a debugger, a host)."""
PAUSED = "paused since "
"""What a recording says of that; until when all was done follows, in seconds."""
FAULTS, FAULT_SECONDS = 3, 1.0
"""So many errors in so many seconds end the performance; fewer are skipped."""


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

    def happened(self, seconds: float, what: str) -> None:
        """The improviser was told of something that was no message."""


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

    happened = marker


def perform(
    improviser: Improviser,
    inbox: Inbox,
    translator: Translator,
    send: Callable[[list[int]], None],
    record: Record,
    choose_program: Callable[[int], None],
    end_notes: Callable[[], None] = lambda: None,
    log: Callable[[str], None] = lambda _: None,
) -> None:
    """Play until the inbox says stop. Whatever way it ends, every sounding note is ended.

    Args:
        improviser: hears and answers.
        inbox: what arrives.
        translator: makes events of messages.
        send: sends the bytes of one message.
        record: is told of everything.
        choose_program: is told the number of each program that is chosen; it must return at once.
        end_notes: ends what has been sent and sounds, whatever the improviser knows of it.
        log: is told, in a line, of what went wrong and was skipped.

    Raises:
        Exception: the last of too many that went wrong in too short a time.
    """
    watch = _Watch(improviser, record)
    faults = _Faults(log)

    def send_all(messages: Iterable[Timed]) -> None:
        for timed in messages:
            message = encode(timed.message)
            send(message)
            record.sent(timed.time, message)

    def hear(moment: float, content: list[int] | Told) -> None:
        moment = _entered(record, moment, improviser.now)
        if not isinstance(content, list):
            send_all(content(improviser, moment))
            return
        record.received(moment, content)
        event = translator.event_of(content)
        if isinstance(event, ProgramChange):
            choose_program(event.program)
        elif event is not None:
            send_all(improviser.receive(moment, event))
            watch.look(moment)

    def play_on() -> bool:
        """Wait for what comes next, and do it; return whether there is more to come."""
        # What is prepared is prepared in the gaps: a message never waits for more than one step of the model.
        due = improviser.next_time()
        arrived = inbox.wait(inbox.now() if improviser.prepare() else due)
        moment = inbox.now() if arrived is None else arrived[0]
        if due is not None and moment - due > PAUSE_SECONDS:
            moment = _entered(record, moment, improviser.now)
            record.happened(moment, f"{PAUSED}{improviser.now!r}")
            send_all(improviser.resume(improviser.now, moment))
        elif arrived is None and due is not None and due <= moment:
            # Not the time that it is: a message that came before may still be on its way.
            send_all(improviser.advance(due))
            watch.look(due)
        if arrived is not None:
            content = arrived[1]
            if content is None:
                return False
            hear(arrived[0], content)
        return True

    try:
        while True:
            try:
                if not play_on():
                    return
            except Exception as error:  # noqa: BLE001  whatever it is: a wrong note is better than silence
                end_notes()  # a note-off that was due may be lost
                faults.add(inbox.now(), error)
                record.marker(inbox.now(), f"fault: {error}")
    finally:
        send_all(improviser.close(inbox.now()))


class _Faults:
    """Counts what goes wrong; too often is too often."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._times: deque[float] = deque(maxlen=FAULTS)

    def add(self, time: float, error: Exception) -> None:
        """Log an error at `time`, in seconds, or raise it if it was one too many."""
        self._times.append(time)
        if len(self._times) == FAULTS and time - self._times[0] <= FAULT_SECONDS:
            raise error
        if os.environ.get(DEBUG):
            traceback.print_exception(error)
        self._log(f"skipped after {type(error).__name__}: {error} ({DEBUG}=1 shows where)")


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
