"""The connection: the port to listen to and the one to play to, watched by a thread, and reopened when they come back.

RtMidi doesn't say when a port goes: a thread looks at the list of ports twice a second, and libjack says when its
server ends. After a loss, the playing thread alone begins to send again, at a moment that the recording knows.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from antiphon.errors import UserError
from antiphon.midi import libjack
from antiphon.midi.backend import Input, MidiError, NoSystem, Output, Receive, System
from antiphon.midi.backends import load_backend
from antiphon.midi.codec import encode
from antiphon.midi.jack_monitor import JackServerMonitor
from antiphon.midi.messages import Message, Packet
from antiphon.midi.port import Port
from antiphon.midi.ports import InUse
from antiphon.midi.sent_notes import REPEAT_SECONDS, SentNotes
from antiphon.midi.time_limit import within

LOOK_SECONDS = 0.5
"""Seconds from one look at the ports to the next."""
STILL_LOOKS = 2
"""Looks in a row between which JACK played no audio frame, after which its server counts as hanging."""
SETTLE_SECONDS = 0.1
"""Seconds from making a connection until it carries messages: JACK makes it at the end of an audio period."""
CLOSE_SECONDS = 1.0
"""Seconds that closing may take; after that the ports are left to the system."""


class Watcher(Protocol):
    """What is told of ports, on the watching thread."""

    def lost(self, what: str) -> None:
        """Something is gone; `what` says it in words. What is sent meanwhile is dropped where there is no port."""

    def back(self, what: str, reconnect: Callable[[], None]) -> None:
        """Something is there again; `what` says it in words. The thread that sends must call `reconnect`."""


class Connection:
    """Both ports. All but `send`, `open` and `close` happens on a thread of its own.

    Args:
        system: where the ports are.
        name: what other programs see of virtual ports.
        input_part: a unique part of an existing port's name, or "" for a virtual port; `output_part` likewise.
        receive: gets the messages.
        watcher: is told what is gone and what is back.
    """

    def __init__(
        self, system: System, name: str, input_part: str, output_part: str, receive: Receive, watcher: Watcher
    ) -> None:
        self._system = system
        self._watcher = watcher
        name_in, name_out = f"{name} in", f"{name} out"
        backend = load_backend()
        self._in: Port[Input] = Port(
            system, "input", name_in, input_part, lambda: backend.input(system, name_in, receive)
        )
        self._out: Port[Output] = Port(
            system, "output", name_out, output_part, lambda: backend.output(system, name_out)
        )
        self._jack: JackServerMonitor | None = None
        self._send: Callable[[bytes], None] | None = None
        self._notes = SentNotes()
        self._is_away = self._hangs = False
        self._frame, self._still = -1, 0
        self._is_closing = False
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def input_name(self) -> str:
        """The port that is listened to, as the user sees it in other programs."""
        return self._in.full_name

    @property
    def output_name(self) -> str:
        """The port that is played to, as the user sees it in other programs."""
        return self._out.full_name

    @property
    def carriers_priority(self) -> int | None:
        """The real-time priority of the threads that carry the notes, 0 for none; None where nothing says it."""
        return None if self._jack is None else self._jack.priority

    def open(self) -> None:
        """Open both ports and start to watch them.

        Raises:
            UserError: there is no such port, or several, or virtual ports are not to be had (Windows).
        """
        try:
            self._start()
            self._out.open()
            self._in.open()
        except BaseException:
            within(CLOSE_SECONDS, self._close_ports)
            raise
        self._reconnect()
        if self._jack or self._in.part or self._out.part:
            self._thread = threading.Thread(target=self._watch, name="watches the ports", daemon=True)
            self._thread.start()

    def send(self, packet: Packet) -> None:
        """Send a message; where there is no port to send to, drop it, and owe a note its note-off."""
        send = self._send
        if send is None:
            return
        if packet.message is not None and not self._notes.send(packet.message):
            return  # it was ended already, when a port was lost
        with contextlib.suppress(MidiError):  # the watching thread will find out
            send(packet.data)

    def send_once(self, channel: int) -> None:
        """Repeat no note-off on a channel, 1…16: what leaves there is the performer's own."""
        self._notes.send_once(channel)

    def repeat(self, now: float) -> float | None:
        """Send again what may have been lost and is due; return when something is due next, in seconds, if ever."""
        if self._send is None:
            return None
        self._send_all(self._notes.due(now, self._late_cycles))
        return self._notes.next_time()

    def close(self) -> bool:
        """End what sounds, and close both ports; return whether that was done in time."""
        self._is_closing = True
        self._wake.set()
        self.finish()
        return within(CLOSE_SECONDS, self._close_all)

    def end_notes(self) -> None:
        """Send the note-offs of what still sounds, whatever became of who played it."""
        if self._send is not None:
            self._send_all(self._notes.end_all())

    def finish(self) -> None:
        """End what still sounds, for good: it is sent again before this returns, which takes three repeats at most."""
        self.end_notes()
        while self._send is not None and (messages := self._notes.last_due(self._late_cycles)):
            time.sleep(REPEAT_SECONDS)
            self._send_all(messages)

    def _reconnect(self) -> None:
        """Send through the port that is open now; what sounded when the last one was lost is ended first."""
        if not self._out.is_open or self._out.client is None:
            return
        was_gone, self._send = self._send is None, self._out.client.send
        if was_gone:
            self._send_all(self._notes.silence_all())  # what was sent to a port that was gone already, too

    def _send_all(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if (send := self._send) is not None:
                with contextlib.suppress(MidiError):
                    send(encode(message))

    @property
    def _late_cycles(self) -> int:
        return 0 if self._jack is None else self._jack.late_cycles

    # The watching thread

    def _watch(self) -> None:
        while not self._is_closing:
            self._wake.wait(LOOK_SECONDS)
            if self._is_closing:
                return
            self._wake.clear()
            with contextlib.suppress(MidiError, UserError):  # it is gone again: the next look will tell
                self._look()

    def _look(self) -> None:
        if self._jack is not None and not self._jack.is_up and not self._is_server_back():
            return
        if self._does_server_hang():
            return
        for port in (self._out, self._in):
            if port.is_open and port.is_gone():
                self._lose(port)
            elif not port.is_open:
                self._find(port)

    def _is_server_back(self) -> bool:
        if not self._is_away:
            self._is_away, self._send = True, None
            self._watcher.lost("the JACK server has ended")
        for port in (self._out, self._in):
            port.leak()
        try:
            self._start()
        except MidiError:
            return False
        self._is_away = self._hangs = False
        for port in (self._out, self._in):
            if not port.part:
                port.open()
        self._watcher.back("the JACK server is back", self._reconnect)
        return True

    def _does_server_hang(self) -> bool:
        """Return whether the JACK server stands still: RtMidi would wait for ever once its buffer is full."""
        if self._jack is None:
            return False
        frame = self._jack.frame
        self._still = self._still + 1 if frame == self._frame else 0
        self._frame = frame
        if self._still >= STILL_LOOKS and not self._hangs:
            self._hangs, self._send = True, None
            self._watcher.lost("the JACK server hangs")
        elif self._hangs and not self._still:
            self._hangs = False
            self._watcher.back("the JACK server goes on", self._reconnect)
        return self._hangs

    def _lose(self, port: Port[Input] | Port[Output]) -> None:
        if port is self._out:
            self._send = None
        name = port.full_name
        port.close()
        self._watcher.lost(f"the {port.direction} port {name!r} is gone")

    def _find(self, port: Port[Input] | Port[Output]) -> None:
        with contextlib.suppress(UserError):  # not there yet, or not the only one
            try:
                port.open()
            except InUse as taken:
                if not port.is_in_use:  # once
                    port.is_in_use = True
                    self._watcher.lost(str(taken))
                return
            port.is_in_use = False
            self._wake.wait(SETTLE_SECONDS)
            self._watcher.back(f"the {port.direction} port {port.full_name!r} is back", self._reconnect)

    def _start(self) -> None:
        """Become a client of the MIDI system, three times: to look out for its end, to play, and to listen."""
        if self._system == "jack":
            monitor = JackServerMonitor(libjack.looker(), self._wake.set)
            if not monitor.is_up:
                raise NoSystem("no JACK server")
            self._jack = monitor
        for port in (self._out, self._in):
            port.start()

    def _close_all(self) -> None:
        if self._thread is not None:
            self._thread.join()
        self._close_ports()

    def _close_ports(self) -> None:
        has_server = self._jack is None or (self._jack.is_up and not self._hangs)
        for port in (self._in, self._out):
            if port.client is None:
                continue
            port.leak()  # for the interpreter's end, if this hangs
            if has_server:
                port.stop()
        if self._jack is not None and has_server:
            self._jack.close()
