"""supriya-midi: RtMidi 6 for Python 3.11 and later."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from typing import Any

from antiphon.midi.backend import Backend, NoSystem, Receive, System
from antiphon.midi.backends.rtmidi_client import NUMBERS, Binding, RtMidiInput, RtMidiOutput, leak
from antiphon.quiet import silence


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

        # As the process ends, the binding lists each client that was leaked, on purpose, as a mistake of somebody's.
        atexit.register(silence)
        self._midi = supriya_midi
        self.extension = str(supriya_midi.rtmidi_ext.__file__)
        # Its own error comes from what RtMidi reports, the others from C++.
        self._errors = (supriya_midi.RtMidiError, RuntimeError, IndexError)

    def systems(self) -> Sequence[System]:
        """Return the MIDI systems that it was compiled for."""
        compiled = [int(api) for api in self._midi.get_compiled_apis()]
        return [system for system, number in NUMBERS.items() if number in compiled]

    def input(self, system: System, client_name: str, receive: Receive | None = None, clock: bool = True) -> _Input:
        """Become a client that listens."""
        return _Input(self._binding(self._midi.MidiIn, system, client_name), receive, clock)

    def output(self, system: System, client_name: str) -> RtMidiOutput:
        """Become a client that plays."""
        return RtMidiOutput(self._binding(self._midi.MidiOut, system, client_name))

    def _binding(self, kind: Any, system: System, name: str) -> Binding:
        def make() -> Any:
            try:
                raw = kind(self._midi.RtMidiAPI(NUMBERS[system]), name)
                raw.get_port_count()  # JACK's server is looked for at the first question only
            except self._errors as error:
                raise NoSystem(str(error)) from error
            return raw

        return Binding(system, name, make, self._errors)


class _Input(RtMidiInput):
    def _start_callback(self) -> None:
        hear = self._hear
        leak(hear)  # the binding itself holds nothing of it
        self._raw.set_callback(hear)

    def _hear(self, message: list[int], _seconds: float, _data: Any) -> None:
        self._receive(message)

    def _cancel_callback(self) -> None:
        self._raw.cancel_callback()
