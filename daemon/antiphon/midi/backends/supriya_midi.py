"""supriya-midi: RtMidi 6 for Python 3.11 and later."""

from __future__ import annotations

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
    return SupriyaMidi()


class SupriyaMidi:
    """The package `supriya_midi`, loaded when this is made."""

    name = "supriya-midi"

    def __init__(self) -> None:
        import supriya_midi
        import supriya_midi.rtmidi_ext

        self._midi = supriya_midi
        self.extension = str(supriya_midi.rtmidi_ext.__file__)
        self._errors = (supriya_midi.RtMidiError, RuntimeError, IndexError)

    def systems(self) -> Sequence[System]:
        """Return the MIDI systems that it was compiled for."""
        compiled = [int(api) for api in self._midi.get_compiled_apis()]
        return [system for system, number in NUMBERS.items() if number in compiled]

    def input(self, system: System, client_name: str, receive: Receive | None = None, clock: bool = True) -> _Input:
        """Become a client that listens."""
        raw = self._client(self._midi.MidiIn, system, client_name)
        raw.ignore_types(sysex=True, timing=not clock, active_sense=True)
        return _Input(raw, system, client_name, self._errors, receive)

    def output(self, system: System, client_name: str) -> RtMidiOutput:
        """Become a client that plays."""
        return RtMidiOutput(self._client(self._midi.MidiOut, system, client_name), system, client_name, self._errors)

    def _client(self, kind: Any, system: System, name: str) -> Any:
        try:
            raw = kind(self._midi.RtMidiAPI(NUMBERS[system]), name)
            raw.get_port_count()  # JACK is connected to by the first question only
        except self._errors as error:
            raise NoSystem(str(error)) from error
        return raw


class _Input(RtMidiInput):
    def _start_callback(self) -> None:
        self._raw.set_callback(self._hear)

    def _hear(self, message: list[int], _seconds: float, _data: Any) -> None:
        if (receive := self._receive) is not None:
            receive(message)

    def _stop_callback(self) -> None:
        leak(self._raw._callback)
        self._raw.cancel_callback()
        time.sleep(IN_FLIGHT_SECONDS)
