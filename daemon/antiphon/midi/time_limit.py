"""A time limit for closing ports: an end that comes in time, whatever hangs."""

from __future__ import annotations

import faulthandler
import os
import threading
from collections.abc import Callable
from pathlib import Path

_GRACE = 0.2
"""Seconds after the limit at which the process is ended if even the thread that waits can't go on."""


def within(seconds: float, close: Callable[[], None]) -> bool:
    """Call `close` on a thread of its own and return whether it came to an end within so many seconds.

    RtMidi holds the interpreter's lock while it closes a port. Where it hangs so, no Python can run any more and the
    process is ended, with exit code 1, by a thread of C's.
    """
    thread = threading.Thread(target=close, name="closes", daemon=True)
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(seconds + _GRACE, exit=True, file=nowhere)
        try:
            thread.start()
            thread.join(seconds)
        finally:
            faulthandler.cancel_dump_traceback_later()
    return not thread.is_alive()
