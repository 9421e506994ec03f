"""libjack: which of this machine's copies is used, so that it speaks to the server that runs: PipeWire or jackd.

Each server has a libjack of its own, and RtMidi's wheel brings one more, which knows jackd alone and which its RPATH
puts before whatever `pw-jack` offers. But the dynamic linker takes a symbol first from libraries that are loaded
globally. So the copy whose server answers is loaded that way, before RtMidi's extension is imported.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from antiphon import clock
from antiphon.errors import DEBUG

LATENCY = "64/48000"
"""Frames, in a second of so many: the cycle that PipeWire is asked for. It hands MIDI over once a cycle, and a cycle
of 1024 frames, its own choice, is felt. PIPEWIRE_LATENCY and PIPEWIRE_QUANTUM (`pw-jack -p`) of the user's win."""
MOVING_SECONDS = 0.5
"""Seconds that a server gets to play an audio frame; PipeWire's longest cycle takes 0.2 (8192 frames at 44.1 kHz)."""
LOOK_SECONDS = 0.005
"""Seconds from one look for that frame to the next."""

ENDED = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""What libjack calls on its own thread when the server has ended."""
NO_START_SERVER = 1
"""An option of `jack_client_open`: fail where no server runs."""
SERVER_FAILED = 0x10
"""A bit of the status that `jack_client_open` leaves: there is no server."""
TRIES = 3
"""Times that a running server is asked to take a client. Two programs that open clients of one name in the same instant
get in each other's way in jackd's libjack, even on different servers: both listen on one socket, named after the
client."""

_EXTENSIONS = ("rtmidi._rtmidi", "supriya_midi.rtmidi_ext")
"""Modules that are bound to a libjack when they are imported."""
_NAME = "libjack.so.0"
"""As the dynamic linker finds it: what `pw-jack` put there, else what the system's programs use."""
_PIPEWIRE = (
    f"lib/*-linux-gnu*/pipewire-0.3/jack/{_NAME}",  # Debian, Ubuntu
    f"lib64/pipewire-0.3/jack/{_NAME}",  # Fedora, openSUSE
    f"lib/pipewire-0.3/jack/{_NAME}",
)
"""Where PipeWire's lies in /usr, if programs find it with `pw-jack` only."""

_chosen: Any = None
"""The copy in use. It stays until the process ends: RtMidi's symbols are bound once."""


def load(binds: bool = False) -> Any | None:
    """Return the libjack whose server answers, loaded for the whole process; None where no server answers.

    Where none did, the next call looks again, as long as RtMidi's extension isn't bound to its own copy.

    Args:
        binds: where none answers, take the likeliest, since RtMidi's extension is about to be imported.
    """
    global _chosen
    if _chosen is None and not _is_bound():
        found = _installed()
        _chosen = next(filter(_answers, found), found[0] if found and binds else None)
        if _chosen is not None:
            ctypes.CDLL(_chosen._name, ctypes.RTLD_GLOBAL)
    return _chosen


def is_awaited() -> bool:
    """Tell whether no server runs yet and this machine has more than one libjack, so that the right one isn't known.

    Then RtMidi's extension had better not be imported: it would be bound to one for good.
    """
    return load() is None and not _is_bound() and len(_installed()) > 1


def finds_pipewire() -> bool:
    """Tell whether PipeWire's is among this machine's copies."""
    return any(map(is_pipewire, _installed()))


def _is_bound() -> bool:
    """Tell whether it is too late to choose."""
    return sys.platform != "linux" or any(name in sys.modules for name in _EXTENSIONS)


def _installed() -> list[Any]:
    paths = [_NAME, *(str(path) for pattern in _PIPEWIRE for path in sorted(Path("/usr").glob(pattern)))]
    return [lib for lib in map(opened, paths) if lib is not None]


def opened(path: str) -> Any | None:
    """Return a libjack, its functions declared; None where it isn't one, or is another machine's.

    What needs a libjack does as well: symbols are looked for in all that a library needs.
    """
    try:
        lib: Any = ctypes.CDLL(path)
        lib.jack_client_open.restype = ctypes.c_void_p
        lib.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
        lib.jack_last_frame_time.restype = ctypes.c_uint32
        questions = (lib.jack_last_frame_time, lib.jack_client_real_time_priority)
        for function in (lib.jack_activate, lib.jack_client_close, *questions):
            function.argtypes = [ctypes.c_void_p]
        for question in (lib.jack_get_buffer_size, lib.jack_get_sample_rate):
            question.restype, question.argtypes = ctypes.c_uint32, [ctypes.c_void_p]
        lib.jack_on_shutdown.argtypes = [ctypes.c_void_p, ENDED, ctypes.c_void_p]
        lib.jack_set_xrun_callback.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        if not os.environ.get(DEBUG):
            # What it has to say, a dozen lines each time, we say in one. A function of C that does nothing with a
            # text: a Python one would have libjack's threads wait for the interpreter.
            for chooser in (lib.jack_set_error_function, lib.jack_set_info_function):
                chooser.argtypes = [ctypes.c_void_p]
                chooser(ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p))
    except (OSError, AttributeError):
        return None
    return lib


def is_pipewire(lib: Any) -> bool:
    """Tell whether a libjack is PipeWire's."""
    try:
        lib.jack_get_version_string.restype = ctypes.c_char_p
    except AttributeError:  # jackd 1
        return False
    return b"PipeWire" in (lib.jack_get_version_string() or b"")


def carries_midi(lib: Any) -> bool:
    """Tell whether a server plays audio frames, without which it hands no MIDI over; of a still one, after a while."""
    with _client(lib) as client:
        if not client or lib.jack_activate(client):
            return False
        first, deadline = lib.jack_last_frame_time(client), clock.now() + MOVING_SECONDS
        while lib.jack_last_frame_time(client) == first:
            if clock.now() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True


def _answers(lib: Any) -> bool:
    if is_pipewire(lib) and "PIPEWIRE_QUANTUM" not in os.environ:
        os.environ.setdefault("PIPEWIRE_LATENCY", LATENCY)
    with _client(lib) as client:
        return bool(client)


def looker() -> str:
    """Return the name of a client that only looks around; no other process has it.

    jackd's semaphores are named after clients, and survive a server that is killed: a thread that still waits for the
    dead one would take what the next server sends to a client of the same name, and stop that server's cycles.
    """
    return f"Antiphon looks {os.getpid()}"


def open_client(lib: Any, name: str) -> int | None:
    """Become a client of the server; None where there is no server, or it takes nobody."""
    status = ctypes.c_int()
    for _ in range(TRIES):
        client: int | None = lib.jack_client_open(name.encode(), NO_START_SERVER, ctypes.byref(status))
        if client or status.value & SERVER_FAILED:
            return client
    return None


def takes_clients() -> bool:
    """Tell whether the server of the libjack in use takes clients now."""
    if _chosen is None:
        return False
    with _client(_chosen) as client:
        return bool(client)


@contextmanager
def _client(lib: Any) -> Iterator[int | None]:
    """Be a client of the server for a while; None where there is none."""
    client = open_client(lib, looker())
    try:
        yield client
    finally:
        if client:
            lib.jack_client_close(client)
