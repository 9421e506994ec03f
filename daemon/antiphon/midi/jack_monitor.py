"""JACK: tells when its server has ended, which RtMidi doesn't.

A client of a server that was killed looks alive to RtMidi, and closing it crashes the process once another was opened.
libjack itself tells at once, and tidies up such clients when the next one is opened; so theirs is left to it. What is
then done about it, `connection` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from antiphon.midi import libjack
from antiphon.midi.backends import load_backend
from antiphon.midi.c_counter import CCounter

_kept: list[Any] = []
"""Called by libjack's threads, so never to be collected."""


class JackServerMonitor:
    """A client without ports, for as long as its server lives; none of its calls holds the interpreter's lock.

    It takes part in the server's cycles, though it does nothing in them: PipeWire tells a client that doesn't neither
    of frames nor of its end.
    """

    def __init__(self, name: str, on_end: Callable[[], None]) -> None:
        """Become a client, if there is a server: `is_up` says so.

        Args:
            name: what other programs see.
            on_end: is called on libjack's thread when the server ends.
        """
        self._lib: Any = libjack.load() or libjack.opened(load_backend().extension)
        self._on_end = on_end
        self.has_ended = False
        self._client = None
        if self._lib is None:
            return
        self._late = CCounter()
        self._client = libjack.open_client(self._lib, name)
        if self._client:
            callback = libjack.ENDED(self._end)
            _kept.append(callback)
            self._lib.jack_on_shutdown(self._client, callback, None)  # both must come before jack_activate
            self._lib.jack_set_xrun_callback(self._client, self._late.callback, self._late.data)
            if self._lib.jack_activate(self._client):
                self.has_ended = True

    @property
    def is_up(self) -> bool:
        """Whether the server was there at the start and hasn't ended since."""
        return bool(self._client) and not self.has_ended

    @property
    def frame(self) -> int:
        """Audio frames that the server has played, modulo 2³²; where it hangs, or its device is gone, no more come."""
        return int(self._lib.jack_last_frame_time(self._client)) if self.is_up else 0

    @property
    def period_ms(self) -> float:
        """The audio period, in milliseconds; MIDI is handed over once in it."""
        if not self.is_up:
            return 0.0
        return float(self._lib.jack_get_buffer_size(self._client) / self._lib.jack_get_sample_rate(self._client) * 1000)

    @property
    def is_pipewire(self) -> bool:
        """Whether the server is PipeWire."""
        return self._lib is not None and libjack.is_pipewire(self._lib)

    @property
    def late_cycles(self) -> int:
        """Cycles for which a program was late; without `--sync`, JACK has dropped MIDI then."""
        return self._late.count if self._client else 0

    @property
    def priority(self) -> int:
        """The real-time priority of the threads in which the server's clients pass MIDI on; 0 where they have none."""
        return max(0, self._lib.jack_client_real_time_priority(self._client)) if self.is_up else 0

    def close(self) -> None:
        """Leave the server; it may take its time over it."""
        if self.is_up:
            client, self._client = self._client, None
            self._lib.jack_client_close(client)

    def _end(self, _data: Any) -> None:
        self.has_ended = True
        self._on_end()
