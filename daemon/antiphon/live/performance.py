"""The performance: drives the improviser by the clock, between one port and another.

Two threads. RtMidi's stamps what arrives and hands it over; the main one sleeps until something arrives or falls due.
Time is counted in seconds from the session's start.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from antiphon.errors import DEBUG
from antiphon.improviser.events import NoteOn, ProgramChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.live.inbox import Arrival, Inbox, Told
from antiphon.midi.codec import Translator, decode, encode
from antiphon.recording.record import NoRecord as NoRecord
from antiphon.recording.record import Record as Record

PAUSE_SECONDS = 0.5
"""What is done so much too late wasn't held up: the process stood still meanwhile (SIGSTOP, a debugger, a host)."""
PAUSED = "paused since "
"""What a recording says of that; until when all was done follows, in seconds."""
FAULTS, FAULT_SECONDS = 3, 1.0
"""So many errors in so many seconds end the performance; fewer are skipped."""
CARRY_SECONDS = 0.002
"""What the MIDI system gets to carry an answer on, before we compute again: at our priority its threads would wait."""
LULL_SECONDS = 0.001
"""In a flood of what is of no concern we look so often. To wake at each of them, and so hand Python's lock to and fro
with RtMidi's thread, would hold up the notes among them, and the MIDI system with them."""
GAP_SECONDS = 0.002
"""What a look at the improviser may take: none is begun when something is due so soon."""


class View(Protocol):
    """What looks at the improviser now and then, in gaps, to show how it stands. Times are in seconds."""

    def stirred(self, time: float) -> None:
        """Something has happened at a time: another look may see something else."""

    def answered(self, seconds: float) -> None:
        """So long after a note's arrival the answer to it had left."""

    def next_look(self) -> float | None:
        """Return when to look next; None where nothing has happened since."""

    def look(self, improviser: Improviser, time: float) -> None:
        """Look at it, now."""


class NoView:
    """Sees nothing."""

    def stirred(self, time: float) -> None:
        """See `View`."""

    def answered(self, seconds: float) -> None:
        """See `View`."""

    def next_look(self) -> float | None:
        """See `View`."""
        return None

    def look(self, improviser: Improviser, time: float) -> None:
        """See `View`."""


class Performance:
    """Plays until the inbox says stop. Whatever way it ends, every sounding note is ended.

    Args:
        improviser: hears and answers.
        inbox: what arrives.
        translator: makes events of messages.
        send: sends the bytes of one message.
        record: is told of everything.
        choose_program: is told the number of each program that is chosen; it must return at once.
        end_notes: ends what has been sent and sounds, whatever the improviser knows of it.
        log: is told, in a line, of what went wrong and was skipped.
        view: shows how it stands.
    """

    def __init__(
        self,
        improviser: Improviser,
        inbox: Inbox,
        translator: Translator,
        send: Callable[[list[int]], None],
        record: Record,
        choose_program: Callable[[int], None],
        end_notes: Callable[[], None] = lambda: None,
        log: Callable[[str], None] = lambda _: None,
        view: View | None = None,
    ) -> None:
        self._improviser = improviser
        self._inbox = inbox
        self._translator = translator
        self._send = send
        self._record = record
        self._choose_program = choose_program
        self._end_notes = end_notes
        self._view = view or NoView()
        self._watch = _Watch(improviser, record)
        self._faults = _Faults(log)
        self._has_answered = False
        self._last_idle = float("-inf")
        """When a message came last that is of no concern."""

    def play(self) -> None:
        """Play.

        Raises:
            Exception: the last of too many that went wrong in too short a time.
        """
        try:
            while True:
                try:
                    if not self._play_on():
                        return
                except Exception as error:  # noqa: BLE001  whatever it is: a wrong note is better than silence
                    self._end_notes()  # a note-off that was due may be lost
                    self._faults.add(self._inbox.now(), error)
                    self._record.marker(self._inbox.now(), f"fault: {error}")
        finally:
            self._send_all(self._improviser.close(self._inbox.now()))

    def _play_on(self) -> bool:
        """Wait for what comes next, and do it; return whether there is more to come."""
        improviser = self._improviser
        arrived = self._arrival(self._inbox.now() + CARRY_SECONDS) if self._has_answered else None
        self._has_answered = False
        due = improviser.next_time()
        if arrived is None:
            arrived = self._wait(due)
        moment = self._inbox.now() if arrived is None else arrived[0]
        if due is not None and moment - due > PAUSE_SECONDS:
            self._resume(moment)
        elif arrived is None and due is not None and due <= moment:
            # Not the time that it is: a message that came before may still be on its way.
            self._send_all(improviser.advance(due))
            self._look(due)
        if arrived is not None:
            content = arrived[1]
            if content is None:
                return False
            self._hear(arrived[0], content)
        return True

    def _wait(self, due: float | None) -> Arrival | None:
        """Wait for a message until something is `due`. What is prepared and what is shown is done in the gaps.

        A message never waits for more than one step of the model, or one look.
        """
        if self._improviser.prepare():
            return self._arrival(self._inbox.now())
        look = self._view.next_look()
        if look is None or (due is not None and due < look + GAP_SECONDS):
            return self._arrival(due)
        arrived = self._arrival(look)
        now = self._inbox.now()
        if arrived is None and (due is None or now + GAP_SECONDS < due):
            self._view.look(self._improviser, now)
        return arrived

    def _arrival(self, until: float | None) -> Arrival | None:
        """Wait until a moment for what is of concern; of what isn't there may be ten thousand a second."""
        while True:
            arrived = self._inbox.wait(until)
            if arrived is None:
                return None
            moment, message = arrived
            if not isinstance(message, list):
                return arrived
            event = None if self._translator.watches(message) else decode(message)
            if event is None or not self._improviser.ignores(event):
                return arrived
            self._record.received(_entered(self._record, moment, self._improviser.now), message)
            if moment - self._last_idle < LULL_SECONDS and self._inbox.is_empty:
                time.sleep(LULL_SECONDS)
            self._last_idle = moment
            if until is not None and self._inbox.now() >= until:
                return None

    def _hear(self, arrived: float, content: list[int] | Told) -> None:
        moment = _entered(self._record, arrived, self._improviser.now)
        if not isinstance(content, list):
            self._send_all(content(self._improviser, moment))
            self._look(moment)
            return
        self._record.received(moment, content)
        event = self._translator.event_of(content)
        if isinstance(event, ProgramChange):
            self._choose_program(event.program)
        elif event is not None:
            messages = self._improviser.receive(moment, event)
            self._send_all(messages)
            self._has_answered = bool(messages)
            if isinstance(event, NoteOn) and any(
                isinstance(each.message, NoteOn) and each.time >= moment for each in messages
            ):
                self._view.answered(self._inbox.now() - arrived)
            self._look(moment)

    def _resume(self, moment: float) -> None:
        """Go on at `moment` after a pause in which the process stood still."""
        since = self._improviser.now
        moment = _entered(self._record, moment, since)
        self._record.happened(moment, f"{PAUSED}{since!r}")
        self._send_all(self._improviser.resume(since, moment))
        self._view.stirred(moment)

    def _look(self, moment: float) -> None:
        self._watch.look(moment)
        self._view.stirred(moment)

    def _send_all(self, messages: Iterable[Timed]) -> None:
        for timed in messages:
            message = encode(timed.message)
            self._send(message)
            self._record.sent(timed.time, message)


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
        if self._sharps is not None:
            record.key(0.0, self._sharps)
        record.marker(0.0, self._mode)

    def look(self, time: float) -> None:
        """Look whether something has changed."""
        improviser = self._improviser
        sharps = improviser.sharps
        if sharps is not None and sharps != self._sharps:
            self._sharps = sharps
            self._record.key(time, sharps)
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
