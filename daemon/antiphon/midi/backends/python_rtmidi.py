"""python-rtmidi: RtMidi 5 for Python 3.11 and 3.12."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

from antiphon.midi.backend import Backend, NoSystem, Receive, System
from antiphon.midi.backends.rtmidi_client import NUMBERS, Binding, RtMidiInput, RtMidiOutput, leak


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
        return _Input(self._binding(self._rtmidi.MidiIn, system, client_name), receive, clock)

    def output(self, system: System, client_name: str) -> RtMidiOutput:
        """Become a client that plays."""
        return RtMidiOutput(self._binding(self._rtmidi.MidiOut, system, client_name))

    def _binding(self, kind: Any, system: System, name: str) -> Binding:
        def make() -> Any:
            try:
                return kind(rtapi=NUMBERS[system], name=name)
            except self._rtmidi.RtMidiError as error:
                raise NoSystem(str(error)) from error

        return Binding(system, name, make, (self._rtmidi.RtMidiError,))


class _Input(RtMidiInput):
    def _start_callback(self) -> None:
        self._raw.set_callback(self._hear)

    def _hear(self, message: tuple[list[int], float], _data: Any) -> None:
        self._receive(message[0])

    def _cancel_callback(self) -> None:
        for held in gc.get_referents(self._raw):  # the callback, among them
            leak(held)
        self._raw.cancel_callback()
