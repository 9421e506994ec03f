"""JACK: tells when its server has ended, which RtMidi doesn't.

A client of a server that was killed looks alive to RtMidi, and closing it crashes the process once another was opened.
libjack itself tells at once, and tidies up such clients when the next one is opened; so theirs is left to it. What is
then done about it, `connection` decides.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

from antiphon.errors import DEBUG
from antiphon.midi.backends import load_backend

_NO_START_SERVER = 1
_ENDED = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

_kept: list[Any] = []
"""Called by libjack's threads, so never to be collected."""


class JackServerMonitor:
    """A client without ports, for as long as its server lives; none of its calls holds the interpreter's lock."""

    def __init__(self, name: str, on_end: Callable[[], None]) -> None:
        """Become a client, if there is a server: `is_up` says so.

        Args:
            name: what other programs see.
            on_end: is called on libjack's thread when the server ends.
        """
        self._lib = _libjack()
        self._on_end = on_end
        self.has_ended = False
        self._client = self._lib.jack_client_open(name.encode(), _NO_START_SERVER, None)
        if self._client:
            callback = _ENDED(self._end)
            _kept.append(callback)
            self._lib.jack_on_shutdown(self._client, callback, None)

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

    def close(self) -> None:
        """Leave the server; it may take its time over it."""
        if self.is_up:
            client, self._client = self._client, None
            self._lib.jack_client_close(client)

    def _end(self, _data: Any) -> None:
        self.has_ended = True
        self._on_end()


def _libjack() -> Any:
    # The very copy that RtMidi uses: the machine's, which has been loaded for all, or the one that its wheel brings
    # along, since symbols are looked for in what a library needs too.
    extension = load_backend().extension
    lib = ctypes.CDLL(None)
    if not hasattr(lib, "jack_client_open"):
        lib = ctypes.CDLL(extension)
    lib.jack_client_open.restype = ctypes.c_void_p
    lib.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
    lib.jack_client_close.argtypes = [ctypes.c_void_p]
    lib.jack_last_frame_time.restype = ctypes.c_uint32
    lib.jack_last_frame_time.argtypes = [ctypes.c_void_p]
    for question in (lib.jack_get_buffer_size, lib.jack_get_sample_rate):
        question.restype, question.argtypes = ctypes.c_uint32, [ctypes.c_void_p]
    lib.jack_on_shutdown.argtypes = [ctypes.c_void_p, _ENDED, ctypes.c_void_p]
    if not os.environ.get(DEBUG):
        # What it has to say, a dozen lines each time, we say in one. A function of C that does nothing with a text:
        # a Python one would have libjack's threads wait for the interpreter.
        for chooser in (lib.jack_set_error_function, lib.jack_set_info_function):
            chooser.argtypes = [ctypes.c_void_p]
            chooser(ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p))
    return lib
