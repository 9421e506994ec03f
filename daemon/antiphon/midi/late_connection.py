"""What stands for a connection while there is no MIDI system: it waits for one, or never has one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from antiphon.errors import UserError
from antiphon.midi.backend import MidiError
from antiphon.midi.connection import CLOSE_SECONDS, Connection, Watcher
from antiphon.midi.messages import Packet

LATE_SECONDS = 2.0
"""Seconds from one look for a MIDI system to the next, where there was none yet: a service at login is early."""


class LateConnection:
    """Stands for a connection until there is a MIDI system, and for that connection from then on.

    Args:
        connect: opens the connection; raises UserError while there is no MIDI system, or no such port.
        watcher: is told when it is open, and lets the thread that sends take it.
    """

    def __init__(self, connect: Callable[[], Connection], watcher: Watcher) -> None:
        self._connect = connect
        self._watcher = watcher
        self._opened: Connection | None = None
        self._taken: Connection | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, name="late MIDI", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while self._opened is None and not self._closing.wait(LATE_SECONDS):
            with contextlib.suppress(UserError, MidiError):
                self._opened = self._connect()
        if (opened := self._opened) is not None:
            ports = f"{opened.input_name!r} and {opened.output_name!r}"
            self._watcher.back(f"there is a MIDI system now: the ports are {ports}", self._take)

    def _take(self) -> None:
        self._taken = self._opened

    @property
    def carriers_priority(self) -> int | None:
        """The real-time priority of the threads that carry the notes; None while there is no MIDI system."""
        return None if self._taken is None else self._taken.carriers_priority

    def send(self, packet: Packet) -> None:
        """Send a message, or drop it while there is no MIDI system."""
        if self._taken is not None:
            self._taken.send(packet)

    def repeat(self, now: float) -> float | None:
        """Send again what may have been lost, and return when more is due, in seconds."""
        return None if self._taken is None else self._taken.repeat(now)

    def end_notes(self) -> None:
        """End what sounds."""
        if self._taken is not None:
            self._taken.end_notes()

    def finish(self) -> None:
        """End what sounds, for good."""
        if self._taken is not None:
            self._taken.finish()

    def close(self) -> bool:
        """Stop to look, and close the ports; return whether that was done in time."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)
        return self._opened is None or self._opened.close()


class NoConnection:
    """Stands for a connection where there is no MIDI system: nothing comes, and what is sent goes nowhere."""

    carriers_priority = None
    """Nothing carries notes."""

    def send(self, packet: Packet) -> None:
        """Drop a message."""

    def repeat(self, now: float) -> float | None:
        """Do nothing: no note has been sent."""

    def end_notes(self) -> None:
        """Do nothing: no note has been sent."""

    def finish(self) -> None:
        """Do nothing: no note has been sent."""

    def close(self) -> bool:
        """Return True: there is nothing to close."""
        return True
