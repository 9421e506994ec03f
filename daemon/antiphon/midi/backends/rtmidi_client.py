"""What python-rtmidi and supriya-midi have in common: both give Python RtMidi's classes, under nearly the same names.

RtMidi opens a port by its number in the list of ports, and the numbers shift when another client comes or goes. So the
number is looked up just before, and if the list is another one just after, it is done again.
"""

from __future__ import annotations

import ctypes
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from antiphon import clock
from antiphon.midi import libjack
from antiphon.midi.backend import MidiError, NoSystem, PortGone, PortInUse, Receive, System

NUMBERS: dict[System, int] = {"coremidi": 1, "alsa": 2, "jack": 3, "winmm": 4}
"""RtMidi's numbers of the MIDI systems."""
TRIES = 5
"""Times that the opening of a port is tried while clients come and go."""
NEXT_SECONDS = 0.06
"""Seconds to wait for a next message before a port is closed: MIDI clock has one by then, from 42 BPM on."""
LEAVE_SECONDS = 0.4
"""Seconds that RtMidi's thread gets to come back from Python; closing may take a second in all."""
LOOK_SECONDS = 0.002
"""Seconds from one look for it to the next."""

_own: Counter[str] = Counter()
"""Full names of the ports of this process, without ALSA's numbers."""


@dataclass(frozen=True)
class Binding:
    """What one of the two bindings gives to make a client of."""

    system: System
    name: str
    """The client's."""
    make: Callable[[], Any]
    """Makes a MidiIn or a MidiOut; raises NoSystem."""
    errors: tuple[type[Exception], ...]
    """What the binding raises."""


class RtMidiClient:
    """A client that is one of RtMidi's.

    Args:
        binding: makes it.

    Raises:
        NoSystem: there is none to be a client of.
    """

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        self._raw: Any = self._make()
        self._opened = ""
        """The full name of the port, while it is open."""

    def ports(self) -> list[str]:
        """Return the full names of other programs' ports."""
        system = self._binding.system
        return [name for name in full_names(self._listed(), system) if not is_own(name, system)]

    def open(self, full_name: str, own_name: str) -> None:
        """Open a port that is connected to another one."""
        system = self._binding.system
        is_refused = False
        for _ in range(TRIES):
            before = self._listed()
            names = full_names(before, system)
            if full_name not in names or is_own(full_name, system):
                raise PortGone(full_name)
            try:
                self._begin(own_name)
                with self._translated():
                    self._raw.open_port(names.index(full_name), own_name)
                if self._listed() == before:
                    self._opening_is_done()
                    return
            except MidiError:
                self.close_port()
                is_refused = self._listed() == before
                continue
            self.close_port()
        # Of WinMM's MMSYSERR_ALLOCATED, say, RtMidi tells no more than of any other error.
        raise PortInUse(full_name) if is_refused else PortGone(full_name)

    def open_virtual(self, own_name: str) -> None:
        """Open a port that others connect to."""
        self._begin(own_name)
        try:
            with self._translated():
                self._raw.open_virtual_port(own_name)
        except MidiError:
            self.close_port()
            raise
        self._opening_is_done()

    def close_port(self) -> None:
        """Close the port."""
        if self._opened:
            _own[self._opened] -= 1
            self._opened = ""
        if self._can_be_closed():
            with self._translated():
                self._raw.close_port()
        else:
            leak(self._raw)
            self._raw = self._make()

    def close(self) -> None:
        """Close port and client."""
        self.close_port()
        with self._translated():
            self._raw.delete()

    def leak(self) -> None:
        """Keep the client from ever being closed."""
        leak(self._raw)

    def _make(self) -> Any:
        """Return what the binding makes; where JACK's server takes others but not this one, it is asked again."""
        for _ in range(libjack.TRIES - 1):
            try:
                return self._binding.make()
            except NoSystem:
                if self._binding.system != "jack" or not libjack.takes_clients():
                    raise
        return self._binding.make()

    def _begin(self, own_name: str) -> None:
        """Be told that a port is about to be opened."""
        has_two = self._binding.system in ("alsa", "jack")
        self._opened = f"{self._binding.name}:{own_name}" if has_two else own_name
        _own[self._opened] += 1

    def _opening_is_done(self) -> None:
        """Be told that the port is the right one."""

    def _can_be_closed(self) -> bool:
        """Do what must be done before the port is closed; return whether it can be, without a crash or a deadlock."""
        return True

    def _listed(self) -> list[str]:
        with self._translated():
            names: list[str] = self._raw.get_ports()
        return names

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise what the binding raises as Antiphon's own kind of error."""
        try:
            yield
        except self._binding.errors as error:
            raise MidiError(str(error)) from error


class RtMidiOutput(RtMidiClient):
    """A client that plays."""

    def send(self, data: bytes) -> None:
        """Send one whole message."""
        try:
            self._raw.send_message(data)
        except self._binding.errors as error:
            raise MidiError(str(error)) from error


class RtMidiInput(RtMidiClient):
    """A client that listens.

    Args:
        binding: makes it.
        receive: gets the messages, or None to look at ports only.
        clock: whether MIDI clock and its like are received too.
    """

    def __init__(self, binding: Binding, receive: Receive | None, clock: bool) -> None:
        super().__init__(binding)
        self._receiver = receive
        self._clock = clock
        self._has_callback = False
        self._receive: Receive = self._drop
        """What the binding's callback calls."""
        self._thread: int | None = None
        """Python's number of the thread on which that was called since the port was opened."""
        self._is_cancelled = threading.Event()

    def _begin(self, own_name: str) -> None:
        super()._begin(own_name)
        if self._receiver is not None:
            self._raw.ignore_types(sysex=True, timing=not self._clock, active_sense=True)
            self._receive, self._thread = self._drop, None
            self._is_cancelled.clear()
            self._start_callback()
            self._has_callback = True

    def _opening_is_done(self) -> None:
        self._receive = self._receive_first

    def _receive_first(self, message: Sequence[int]) -> None:
        assert self._receiver is not None  # noqa: S101  else nobody calls
        self._thread = threading.get_ident()
        self._receive = self._receiver
        self._receiver(message)

    def _drop(self, _message: Sequence[int]) -> None:
        self._thread = threading.get_ident()

    def _drop_and_cancel(self, _message: Sequence[int]) -> None:
        self._thread = threading.get_ident()
        if not self._is_cancelled.is_set():
            self._is_cancelled.set()
            self._cancel_callback()

    def _can_be_closed(self) -> bool:
        """Take the callback away, and wait until RtMidi's thread has come back from it.

        That thread may be waiting for Python's lock, with a message for the callback. Cancelling the callback then
        frees what the thread is about to call, a crash; closing the port keeps the lock and waits for the thread, a
        deadlock. So the next message cancels the callback, on that thread itself. Where none comes, nobody waits.
        """
        if not self._has_callback:
            return True
        self._has_callback = False
        self._receive = self._drop_and_cancel
        if not self._is_cancelled.wait(NEXT_SECONDS) and not is_in_python(self._thread):
            self._is_cancelled.set()
            self._cancel_callback()
        deadline = clock.now() + LEAVE_SECONDS
        while is_in_python(self._thread) or not self._is_cancelled.is_set():
            if clock.now() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _start_callback(self) -> None:
        """Have the binding call what calls `_receive` for each message."""
        raise NotImplementedError

    def _cancel_callback(self) -> None:
        """Have the binding call nobody from now on; what a call that is on its way needs must never be freed."""
        raise NotImplementedError


def is_in_python(thread: int | None) -> bool:
    """Return whether a thread of a library's runs Python, or waits for Python's lock to do so."""
    return thread in sys._current_exceptions()  # which has all threads that Python knows at this moment


def full_names(listed: Sequence[str], system: System) -> list[str]:
    """Return RtMidi's names of ports as full names: no two are the same, and none changes with what else is there.

    For Windows, RtMidi adds a port's number to its name, so that "Piano 1" is "Piano 0" once the other is unplugged:
    that number is taken away. Where two are called the same, the second is "Piano#2". ALSA's names end with the numbers
    of client and port, so no two are the same.
    """
    names = [re.sub(r" \d+$", "", name) for name in listed] if system == "winmm" else listed
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique


def is_own(full_name: str, system: System) -> bool:
    """Return whether a port is one of this process.

    ALSA puts numbers behind a port's name. JACK puts one behind a client's name that somebody else has already.
    """
    if system == "alsa":
        full_name = re.sub(r" \d+:\d+$", "", full_name)
    elif system == "jack":
        client, _, port = full_name.partition(":")
        return _own[full_name] > 0 or _own[f"{re.sub(r'-[0-9]+$', '', client)}:{port}"] > 0
    return _own[full_name] > 0


def leak(thing: Any) -> None:
    """Keep an object from ever being collected."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
