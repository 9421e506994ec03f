"""python-rtmidi: RtMidi 5 for Python 3.11 and 3.12."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from typing import Any

from antiphon.midi.backend import Backend, NoSystem, Receive, System
from antiphon.midi.backends.rtmidi_client import NUMBERS, RtMidiInput, RtMidiOutput, leak

IN_FLIGHT_SECONDS = 0.02
"""Seconds that a message which is on its way gets to arrive, before its port is closed."""


def load() -> Backend:
    """Return the backend.

    Raises:
        ImportError: it isn't installed.
    """
    return PythonRtMidi()


class PythonRtMidi:
    """The package `rtmidi`, loaded when this is made."""

    name = "python-rtmidi"

    def __init__(self) -> None:
        import rtmidi
        import rtmidi._rtmidi

        self._rtmidi = rtmidi
        self.extension = str(rtmidi._rtmidi.__file__)

    def systems(self) -> Sequence[System]:
        """Return the MIDI systems that it was compiled for."""
        compiled = self._rtmidi.get_compiled_api()
        return [system for system, number in NUMBERS.items() if number in compiled]

    def input(self, system: System, client_name: str, receive: Receive | None = None, clock: bool = True) -> _Input:
        """Become a client that listens."""
        raw = self._client(self._rtmidi.MidiIn, system, client_name)
        raw.ignore_types(sysex=True, timing=not clock, active_sense=True)
        return _Input(raw, system, client_name, (self._rtmidi.RtMidiError,), receive)

    def output(self, system: System, client_name: str) -> RtMidiOutput:
        """Become a client that plays."""
        raw = self._client(self._rtmidi.MidiOut, system, client_name)
        return RtMidiOutput(raw, system, client_name, (self._rtmidi.RtMidiError,))

    def _client(self, kind: Any, system: System, name: str) -> Any:
        try:
            return kind(rtapi=NUMBERS[system], name=name)
        except self._rtmidi.RtMidiError as error:
            raise NoSystem(str(error)) from error


class _Input(RtMidiInput):
    def _start_callback(self) -> None:
        self._raw.set_callback(self._hear)

    def _hear(self, message: tuple[list[int], float], _data: Any) -> None:
        if (receive := self._receive) is not None:
            receive(message[0])

    def _stop_callback(self) -> None:
        """Take the callback away.

        A message may be on its way, and RtMidi's thread may be waiting for Python's lock to hand it to the callback.
        Closing a port holds that lock and waits for that thread: a deadlock. And cancelling a callback frees what the
        thread is about to call; so that is never freed.
        """
        for kept in gc.get_referents(self._raw):
            leak(kept)
        self._raw.cancel_callback()
        time.sleep(IN_FLIGHT_SECONDS)
