"""The connection: the port to listen to and the one to play to, watched by a thread, and reopened when they come back.

RtMidi doesn't say when a port goes: a thread looks at the list of ports twice a second, and libjack says when its
server ends. After a loss, the playing thread alone begins to send again, at a moment that the recording knows.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import rtmidi

from antiphon.errors import UserError
from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.codec import encode
from antiphon.midi.jack_monitor import JackServerMonitor, leak_client
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn, Packet
from antiphon.midi.ports import Receive, find_port, open_port, stop_callback
from antiphon.midi.protocol import ALL_NOTES_OFF
from antiphon.midi.time_limit import within

LOOK_SECONDS = 0.5
"""Seconds from one look at the ports to the next."""
LATE_SECONDS = 2.0
"""Seconds from one look for a MIDI system to the next, where there was none yet: a service at login is early."""
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


@dataclass
class _Port:
    """One of the two ports, with an RtMidi client of its own. Clients stay referenced: RtMidi closes what is collected.

    `part` is of another port's name, to which it is to be connected, or "" for a virtual port.
    """

    kind: Any
    direction: str
    name: str
    part: str
    receive: Receive | None = None
    client: Any = None
    full_name: str = ""
    is_open: bool = False

    def start(self, api: int) -> None:
        """Become a client of the MIDI system."""
        self.client = self.kind(rtapi=api, name=self.name)

    def stop(self) -> None:
        """Close port and client."""
        self.unplug()
        self.client.delete()

    def unplug(self) -> None:
        """Close the port."""
        self.is_open = False
        if self.receive is not None:
            stop_callback(self.client)
        self.client.close_port()

    def find(self) -> tuple[int, str] | None:
        """Return the number and the name of the port to connect to; None for a virtual one."""
        return find_port(self.client.get_ports(), self.part, self.direction) if self.part else None

    def plug(self, found: tuple[int, str] | None) -> None:
        """Open the port."""
        if self.receive is not None:
            self.client.ignore_types(sysex=True, timing=False, active_sense=True)
            self.client.set_callback(self.receive)
        self.full_name = open_port(self.client, self.name, found, self.direction)
        self.is_open = True

    def is_gone(self) -> bool:
        """Return whether the port that it is connected to is no longer there."""
        return bool(self.part) and self.full_name not in self.client.get_ports()


class Connection:
    """Both ports. All but `send`, `open` and `close` happens on a thread of its own.

    Args:
        api: RtMidi's number of the MIDI system.
        name: what other programs see of virtual ports.
        input_part: a unique part of an existing port's name, or "" for a virtual port; `output_part` likewise.
        receive: is called on RtMidi's thread and must not block.
        watcher: is told what is gone and what is back.
    """

    def __init__(
        self, api: int, name: str, input_part: str, output_part: str, receive: Receive, watcher: Watcher
    ) -> None:
        self._api = api
        self._watcher = watcher
        self._in = _Port(rtmidi.MidiIn, "input", f"{name} in", input_part, receive)
        self._out = _Port(rtmidi.MidiOut, "output", f"{name} out", output_part)
        self._jack: JackServerMonitor | None = None
        self._send: Callable[[bytes], None] | None = None
        self._sounding: ActiveNotes[NoteOn] = ActiveNotes()
        self._channels: set[int] = set()
        """Those on which notes have been sent, 1…16."""
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

    def open(self) -> None:
        """Open both ports and start to watch them.

        Raises:
            UserError: there is no such port, or several, or virtual ports are not to be had (Windows).
        """
        try:
            self._start()
            # Both are looked for before either is there itself.
            found_in, found_out = self._in.find(), self._out.find()
            self._out.plug(found_out)
            self._in.plug(found_in)
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
        message = packet.message
        if isinstance(message, NoteOn):
            self._sounding.turn_on(message)
            self._channels.add(message.channel)
        elif isinstance(message, NoteOff) and self._sounding.turn_off(message) is None:
            return  # it was ended already, when a port was lost
        with contextlib.suppress(rtmidi.RtMidiError):  # the watching thread will find out
            send(packet.data)

    def close(self) -> bool:
        """End what sounds, and close both ports; return whether that was done in time."""
        self._is_closing = True
        self._wake.set()
        self.end_notes()
        return within(CLOSE_SECONDS, self._close_all)

    def end_notes(self) -> None:
        """Send the note-offs of what still sounds, whatever became of who played it."""
        send = self._send
        if send is not None:
            for note_off in self._sounding.turn_all_off():
                with contextlib.suppress(rtmidi.RtMidiError):
                    send(encode(note_off))

    def _reconnect(self) -> None:
        """Send through the port that is open now; what sounded when the last one was lost is ended first."""
        if not self._out.is_open:
            return
        was_gone, send = self._send is None, self._out.client.send_message
        self._send = send
        if was_gone:
            self.end_notes()
            for channel in sorted(self._channels):  # for what was sent to a port that was gone already
                with contextlib.suppress(rtmidi.RtMidiError):
                    send(encode(ControlChange(ALL_NOTES_OFF, 0, channel)))

    # The watching thread

    def _watch(self) -> None:
        while not self._is_closing:
            self._wake.wait(LOOK_SECONDS)
            if self._is_closing:
                return
            self._wake.clear()
            with contextlib.suppress(rtmidi.RtMidiError, UserError):  # it is gone again: the next look will tell
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
            port.is_open = False
            leak_client(port.client)
        try:
            self._start()
        except rtmidi.RtMidiError:
            return False
        self._is_away = self._hangs = False
        for port in (self._out, self._in):
            if not port.part:
                port.plug(None)
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

    def _lose(self, port: _Port) -> None:
        if port is self._out:
            self._send = None
        name = port.full_name
        port.unplug()
        self._watcher.lost(f"the {port.direction} port {name!r} is gone")

    def _find(self, port: _Port) -> None:
        with contextlib.suppress(UserError):  # not there yet, or not the only one
            port.plug(port.find())
            self._wake.wait(SETTLE_SECONDS)
            self._watcher.back(f"the {port.direction} port {port.full_name!r} is back", self._reconnect)

    def _start(self) -> None:
        """Become a client of the MIDI system, three times: to look out for its end, to play, and to listen."""
        if self._api == rtmidi.API_UNIX_JACK:
            monitor = JackServerMonitor("Antiphon looks", self._wake.set)
            if not monitor.is_up:
                raise rtmidi.SystemError("no JACK server")
            self._jack = monitor
        for port in (self._out, self._in):
            port.start(self._api)

    def _close_all(self) -> None:
        if self._thread is not None:
            self._thread.join()
        self._close_ports()

    def _close_ports(self) -> None:
        has_server = self._jack is None or (self._jack.is_up and not self._hangs)
        for port in (self._in, self._out):
            if port.client is None:
                continue
            leak_client(port.client)  # for the interpreter's end, if this hangs
            if has_server:
                port.stop()
        if self._jack is not None and has_server:
            self._jack.close()


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
            with contextlib.suppress(UserError, rtmidi.RtMidiError):
                self._opened = self._connect()
        if (opened := self._opened) is not None:
            ports = f"{opened.input_name!r} and {opened.output_name!r}"
            self._watcher.back(f"there is a MIDI system now: the ports are {ports}", self._take)

    def _take(self) -> None:
        self._taken = self._opened

    def send(self, packet: Packet) -> None:
        """Send a message, or drop it while there is no MIDI system."""
        if self._taken is not None:
            self._taken.send(packet)

    def end_notes(self) -> None:
        """End what sounds."""
        if self._taken is not None:
            self._taken.end_notes()

    def close(self) -> bool:
        """Stop to look, and close the ports; return whether that was done in time."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)
        return self._opened is None or self._opened.close()


class NoConnection:
    """Stands for a connection where there is no MIDI system: nothing comes, and what is sent goes nowhere."""

    def send(self, packet: Packet) -> None:
        """Drop a message."""

    def end_notes(self) -> None:
        """Do nothing: no note has been sent."""

    def close(self) -> bool:
        """Return True: there is nothing to close."""
        return True
