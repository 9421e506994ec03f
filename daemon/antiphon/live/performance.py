"""The performance: drives the improviser by the clock, between one port and another.

Two threads. RtMidi's stamps what arrives and hands it over; the main one sleeps until something arrives or falls due.
Time is counted in seconds from the session's start.
"""

from __future__ import annotations

import os
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from antiphon.errors import DEBUG
from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.translator import Translator
from antiphon.live.inbox import Arrival, Asked, Inbox, Stop
from antiphon.midi.codec import encode
from antiphon.midi.messages import NoteOn, Packet, ProgramChange
from antiphon.recording.commands import carry_out
from antiphon.recording.entries import Command, KeyHeard, Marker, Received, Resumed, Sent, TempoHeard
from antiphon.recording.record import Record

PAUSE_SECONDS = 0.5
"""How late something must be for the process to have been suspended meanwhile (SIGSTOP, a debugger, a virtual machine).

A busy machine delays by less. After a suspension, what was due meanwhile isn't played late but moved by whole bars."""
FAULTS, FAULT_SECONDS = 3, 1.0
"""Errors within seconds that end the performance; fewer are logged and skipped."""
CARRY_SECONDS = 0.002
"""Seconds left to the MIDI system to carry an answer on, before we compute again: at our priority its threads would
wait."""
LULL_SECONDS = 0.001
"""Seconds to sleep between messages that change nothing, where they pour in. To wake at each of them, and so to pass
Python's lock to and fro with RtMidi's thread, would delay the notes among them, and the MIDI system too."""
GAP_SECONDS = 0.002
"""Seconds that a look at the improviser may take: none is begun when something is due sooner."""


class Output(Protocol):
    """Where messages leave to; a `Connection` is one."""

    def send(self, packet: Packet) -> None:
        """Send a message, now."""

    def repeat(self, now: float) -> float | None:
        """Send again what may have been lost and is due `now`; return when more is due. No record is told of it."""

    def end_notes(self) -> None:
        """Send the note-offs of what has been sent and sounds, whatever the improviser knows of it."""


class View(Protocol):
    """What looks at the improviser now and then, in gaps, to show how it stands. Times are in seconds."""

    def changed(self, time: float) -> None:
        """Something has happened at a time: another look may see something else."""

    def answered(self, seconds: float) -> None:
        """So long after a note's arrival the answer to it had left."""

    def next_look(self) -> float | None:
        """Return when to look next; None where nothing has happened since."""

    def look(self, improviser: Improviser, time: float) -> None:
        """Look at it, now."""

    def end_notes(self, time: float) -> None:
        """All that had left has ended."""


class NoView:
    """Sees nothing."""

    def changed(self, time: float) -> None:
        """Do nothing."""

    def answered(self, seconds: float) -> None:
        """Do nothing."""

    def next_look(self) -> float | None:
        """Return None: there is never anything to look at."""
        return None

    def look(self, improviser: Improviser, time: float) -> None:
        """Do nothing."""

    def end_notes(self, time: float) -> None:
        """Do nothing."""


class Session(Protocol):
    """What a command may concern beside the improviser: which model plays, what is recorded, which ports are open."""

    def carry_out(self, command: Command, improviser: Improviser, time: float) -> list[Timed]:
        """Do what a command says of these, at a time in seconds; return what leaves."""


class NoSession:
    """Has neither models nor recordings nor ports."""

    def carry_out(self, command: Command, improviser: Improviser, time: float) -> list[Timed]:
        """Do nothing."""
        return []


@dataclass(frozen=True)
class Hooks:
    """What else is told of a performance, on the playing thread; each must return at once."""

    view: View = field(default_factory=NoView)
    """Shows how it stands."""
    session: Session = field(default_factory=NoSession)
    """Does what commands say of models, recordings and ports."""
    choose_program: Callable[[int], None] = lambda _program: None
    """Is told the number, 0…127, of each program that is chosen."""
    look: Callable[[Improviser, float], None] = lambda _improviser, _time: None
    """Looks whether others are to be told of another tempo or key, when something has happened at a time in seconds."""
    log: Callable[[str], None] = lambda _text: None
    """Is told, in a line, of what went wrong and was skipped."""


class Performance:
    """Plays until the inbox says stop. Whatever way it ends, every sounding note is ended.

    Args:
        improviser: hears and answers.
        inbox: what arrives.
        translator: finds the controls among messages.
        output: where messages leave to.
        record: is told of everything.
        hooks: what else is told.
    """

    def __init__(
        self,
        improviser: Improviser,
        inbox: Inbox,
        translator: Translator,
        output: Output,
        record: Record,
        hooks: Hooks | None = None,
    ) -> None:
        hooks = hooks or Hooks()
        self._improviser = improviser
        self._inbox = inbox
        self._translator = translator
        self._output = output
        self._record = record
        self._view = hooks.view
        self._session = hooks.session
        self._choose_program = hooks.choose_program
        self._tell_others = hooks.look
        self._changes = _Changes(improviser, record)
        self._faults = _Faults(hooks.log)
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
                    # A note-off that was due may be lost.
                    self._output.end_notes()
                    self._view.end_notes(self._inbox.now())
                    self._faults.add(self._inbox.now(), error)
                    self._record.add(self._inbox.now(), Marker(f"fault: {error}"))
        finally:
            self._send_all(self._improviser.close(self._inbox.now()))

    def _play_on(self) -> bool:
        """Wait for what comes next, and do it; return whether there is more to come."""
        improviser = self._improviser
        arrived = self._arrival(self._inbox.now() + CARRY_SECONDS) if self._has_answered else None
        self._has_answered = False
        due = improviser.next_time()
        if arrived is None:
            repeat = self._output.repeat(self._inbox.now())
            arrived = self._wait(due if repeat is None else repeat if due is None else min(due, repeat))
        moment = self._inbox.now() if arrived is None else arrived.time
        if due is not None and moment - due > PAUSE_SECONDS:
            self._resume(moment)
        elif arrived is None and due is not None and due <= moment:
            # As of when it was due, not as of now: a message that came in between may still be on its way.
            self._send_all(improviser.advance(due))
            self._look(due)
        if arrived is not None:
            if isinstance(arrived, Stop):
                return False
            self._hear(arrived)
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
            if not isinstance(arrived, Packet):
                return arrived
            message = arrived.message
            if message is None or self._translator.watches(message) or not self._improviser.ignores(message):
                return arrived
            self._record.add(self._entered(arrived.time), Received(arrived.data, message))
            if arrived.time - self._last_idle < LULL_SECONDS and self._inbox.is_empty:
                time.sleep(LULL_SECONDS)
            self._last_idle = arrived.time
            if until is not None and self._inbox.now() >= until:
                return None

    def _hear(self, arrived: Packet | Asked) -> None:
        moment = self._entered(arrived.time)
        if isinstance(arrived, Asked):
            self._record.add(moment, arrived.command)
            # The session first: a port that is back is connected before anything leaves to it.
            self._send_all(self._session.carry_out(arrived.command, self._improviser, moment))
            self._send_all(carry_out(arrived.command, self._improviser, self._translator, moment))
            self._look(moment)
            return
        self._record.add(moment, Received(arrived.data, arrived.message))
        event = None if arrived.message is None else self._translator.event_of(arrived.message)
        if isinstance(event, ProgramChange):
            self._choose_program(event.program)
        elif event is not None:
            messages = self._improviser.receive(moment, event)
            self._send_all(messages)
            self._has_answered = bool(messages)
            if isinstance(event, NoteOn) and any(
                isinstance(each.message, NoteOn) and each.time >= moment for each in messages
            ):
                self._view.answered(self._inbox.now() - arrived.time)
            self._look(moment)

    def _resume(self, moment: float) -> None:
        """Go on at `moment` after a pause in which the process stood still."""
        since = self._improviser.now
        moment = self._entered(moment)
        self._record.add(moment, Resumed(since))
        self._send_all(self._improviser.resume(since, moment))
        self._view.changed(moment)

    def _look(self, moment: float) -> None:
        self._changes.look(moment)
        self._tell_others(self._improviser, moment)
        self._view.changed(moment)

    def _send_all(self, messages: Iterable[Timed]) -> None:
        for timed in messages:
            packet = Packet(timed.time, encode(timed.message), timed.message)
            self._output.send(packet)
            self._record.add(timed.time, Sent(packet.data, timed.message))

    def _entered(self, moment: float) -> float:
        """Return the time at which the improviser hears of a `moment`, in seconds: on a tick, and not in its past.

        What is replayed then comes in the order in which it was played.
        """
        record, earliest = self._record, self._improviser.now
        entered = record.enter(max(moment, earliest))
        while entered < earliest:
            moment = max(moment, earliest) + _TICK
            entered = record.enter(moment)
        return entered


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


_TICK = 0.002
"""Seconds: more than any tick of a recording lasts."""
_BPM_KEPT = 0.005
"""A tempo that has changed by less, as a share, is the same tempo in a recording."""


class _Changes:
    """Records what changes in an improviser and people look for in a recording: its tempo, its key, its mode."""

    def __init__(self, improviser: Improviser, record: Record) -> None:
        self._improviser = improviser
        self._record = record
        self._bpm, self._sharps, self._mode = improviser.bpm, improviser.sharps, improviser.mode
        self._since = float("-inf")
        if self._sharps is not None:
            record.add(0.0, KeyHeard(self._sharps))
        record.add(0.0, Marker(self._mode))

    def look(self, time: float) -> None:
        """Look whether something has changed."""
        improviser = self._improviser
        sharps = improviser.sharps
        if sharps is not None and sharps != self._sharps:
            self._sharps = sharps
            self._record.add(time, KeyHeard(sharps))
        if improviser.mode != self._mode:
            self._mode = improviser.mode
            self._record.add(time, Marker(self._mode))
        bpm = improviser.bpm
        if abs(bpm / self._bpm - 1) > _BPM_KEPT and time - self._since > 60 / bpm:
            self._bpm, self._since = bpm, time
            self._record.add(time, TempoHeard(bpm))
