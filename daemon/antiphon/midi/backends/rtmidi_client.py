"""What python-rtmidi and supriya-midi have in common: both give Python RtMidi's classes, under nearly the same names.

RtMidi opens a port by its number in the list of ports, and the numbers shift when another client comes or goes. So the
number is looked up just before, and if the list is another one just after, it is done again.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from antiphon.midi.backend import MidiError, PortGone, PortInUse, Receive, System

NUMBERS: dict[System, int] = {"coremidi": 1, "alsa": 2, "jack": 3, "winmm": 4}
"""RtMidi's numbers of the MIDI systems."""
TRIES = 5
"""Times that the opening of a port is tried while clients come and go."""

_own: Counter[str] = Counter()
"""Full names of the ports of this process, without ALSA's numbers."""


class RtMidiClient:
    """A client that is one of RtMidi's.

    Args:
        raw: the binding's MidiIn or MidiOut.
        system: of which it is a client.
        name: the client's.
        errors: what the binding raises.
    """

    def __init__(self, raw: Any, system: System, name: str, errors: tuple[type[Exception], ...]) -> None:
        self._raw = raw
        self._system = system
        self._name = name
        self._errors = errors
        self._opened = ""

    def ports(self) -> list[str]:
        """Return the full names of other programs' ports."""
        names = full_names(self._listed(), self._system)
        return [name for name in names if not is_own(name, self._system)]

    def open(self, full_name: str, own_name: str) -> None:
        """Open a port that is connected to another one."""
        is_refused = False
        for _ in range(TRIES):
            before = self._listed()
            names = full_names(before, self._system)
            if full_name not in names or is_own(full_name, self._system):
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
            self._forget()
            raise
        self._opening_is_done()

    def close_port(self) -> None:
        """Close the port."""
        self._forget()
        with self._translated():
            self._raw.close_port()

    def close(self) -> None:
        """Close port and client."""
        self.close_port()
        with self._translated():
            self._raw.delete()

    def leak(self) -> None:
        """Keep the client from ever being closed."""
        self._forget()
        leak(self._raw)

    def _begin(self, own_name: str) -> None:
        self._opened = f"{self._name}:{own_name}" if self._system in ("alsa", "jack") else own_name
        _own[self._opened] += 1

    def _opening_is_done(self) -> None:
        """Be told that the port is the right one."""

    def _forget(self) -> None:
        if self._opened:
            _own[self._opened] -= 1
            self._opened = ""

    def _listed(self) -> list[str]:
        with self._translated():
            names: list[str] = self._raw.get_ports()
        return names

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise what the binding raises as Antiphon's own kind of error."""
        try:
            yield
        except self._errors as error:
            raise MidiError(str(error)) from error


class RtMidiOutput(RtMidiClient):
    """A client that plays."""

    def send(self, data: bytes) -> None:
        """Send one whole message."""
        try:
            self._raw.send_message(data)
        except self._errors as error:
            raise MidiError(str(error)) from error


class RtMidiInput(RtMidiClient):
    """A client that listens.

    Args:
        raw: the binding's MidiIn.
        system: of which it is a client.
        name: the client's.
        errors: what the binding raises.
        receive: gets the messages, or None.
    """

    def __init__(
        self, raw: Any, system: System, name: str, errors: tuple[type[Exception], ...], receive: Receive | None
    ) -> None:
        super().__init__(raw, system, name, errors)
        self._receiver = receive
        self._receive: Receive | None = None
        """As long as the port is open, and is known to be the right one."""
        self._has_callback = False

    def close_port(self) -> None:
        """Close the port, whatever arrives."""
        self._receive = None
        if self._has_callback:
            self._has_callback = False
            self._stop_callback()
        super().close_port()

    def _begin(self, own_name: str) -> None:
        super()._begin(own_name)
        if self._receiver is not None:
            self._start_callback()
            self._has_callback = True

    def _opening_is_done(self) -> None:
        self._receive = self._receiver

    def _start_callback(self) -> None:
        """Have the binding call `_receive`, if there is one, for each message."""
        raise NotImplementedError

    def _stop_callback(self) -> None:
        """Have the binding call nobody, so that the port can be closed."""
        raise NotImplementedError


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
    """Return whether a port is one of this process."""
    return _own[re.sub(r" \d+:\d+$", "", full_name) if system == "alsa" else full_name] > 0


def leak(thing: Any) -> None:
    """Keep an object from ever being collected."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
