"""CoreMIDI's list of ports, kept up to date on macOS.

CoreMIDI tells a process what comes and goes through the run loop of the thread that made the process's first client
(developer.apple.com: MIDIClientCreate), and until that loop runs, all its lists stay as they were. RtMidi runs the loop
of whatever thread asks for a list, which is no help to a thread that only looks on. So the first client is made here,
on a thread that does nothing but run its loop; lists are then true on every thread.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

START_SECONDS = 5.0
"""Seconds that CoreMIDI may take to make a client: its server may have to be started first."""
_FRAMEWORKS = "/System/Library/Frameworks"
_UTF_8 = 0x08000100
"""kCFStringEncodingUTF8."""
_NOTIFY = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_ignore = _NOTIFY(lambda _notification, _context: None)
"""Is called for each change. Who looks at the list sees it; but for a client that isn't told, it may stay old."""


@cache
def keep_lists_true(load: Callable[[str], Any] = ctypes.CDLL) -> None:
    """See to it that lists of ports follow what comes and goes. To be called before there is any client of CoreMIDI's.

    Args:
        load: returns a framework's library by its path.
    """
    ready = threading.Event()
    threading.Thread(target=_follow, args=(load, ready), name="follows CoreMIDI", daemon=True).start()
    ready.wait(START_SECONDS)


def _follow(load: Callable[[str], Any], ready: threading.Event) -> None:
    try:
        foundation, midi = (load(f"{_FRAMEWORKS}/{name}.framework/{name}") for name in ("CoreFoundation", "CoreMIDI"))
        foundation.CFStringCreateWithCString.restype = ctypes.c_void_p
        foundation.CFStringCreateWithCString.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32]
        midi.MIDIClientCreate.argtypes = [ctypes.c_void_p, _NOTIFY, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32)]
        name = foundation.CFStringCreateWithCString(None, b"Antiphon follows", _UTF_8)
        client = ctypes.c_uint32()
        midi.MIDIClientCreate(name, _ignore, None, ctypes.byref(client))
    except (OSError, AttributeError):  # no CoreMIDI: who opens a port will say so
        return
    finally:
        ready.set()
    foundation.CFRunLoopRun()
