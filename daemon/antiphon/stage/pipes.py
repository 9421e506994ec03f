"""Pipes: how a process that serves beside the playing one hears it and talks to it, an object of JSON a line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable

import msgspec

from antiphon.stage import messages


def ignore_signals() -> None:
    """Leave Ctrl-C and the terminal's end to the process that plays."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def read_lines(hear: Callable[[bytes], None], loop: asyncio.AbstractEventLoop) -> None:
    """Hear the playing process, on a thread of its own: an event loop can't read a pipe on every system.

    This process ends with its standard input: it never outlives the one that plays.

    Args:
        hear: is given each line, on the event loop's thread.
        loop: the event loop.
    """

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            for line in sys.stdin.buffer:
                loop.call_soon_threadsafe(hear, line.rstrip(b"\n"))
        os._exit(0)

    threading.Thread(target=read, name="hears who plays", daemon=True).start()


def say(message: messages.FromServer) -> None:
    """Tell the playing process."""
    try:
        sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
        sys.stdout.buffer.flush()
    except OSError:  # it is gone
        os._exit(0)
