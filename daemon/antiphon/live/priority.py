"""Priority: what keeps the playing thread on time, as far as the system grants it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from antiphon.live import macos_timing, windows_timing

REALTIME_PRIORITY = 4
"""Above all that isn't real-time, below the threads of a sound server and its clients, which carry our notes: JACK's
clients have 5 by default. Where they have less, so has the playing thread."""
SWITCH_SECONDS = 0.0005
"""After which a Python thread that computes must let another one go on; by default it is 5 ms."""


@contextmanager
def playing(carriers: int | None = None) -> Iterator[bool]:
    """Let the calling thread play: ahead of other programs where that is granted, and without pauses to tidy up.

    Args:
        carriers: the real-time priority of the threads that carry the notes, which are never kept waiting; 0 where
            they have none, None where the MIDI system doesn't say.

    Yields:
        Whether the system grants priority.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    # What was built to play lasts as long as the playing: the garbage collector needn't look through it again.
    gc.collect()
    gc.freeze()
    granted = False
    try:
        with ExitStack() as stack:
            with suppress(AttributeError):  # a Windows or a macOS that hasn't one of the functions
                granted = stack.enter_context(_favoured(carriers))
            yield granted
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)


def _favoured(carriers: int | None) -> AbstractContextManager[bool]:
    """Return what lets the calling thread come before others, as this system does that."""
    priority = REALTIME_PRIORITY if carriers is None else min(REALTIME_PRIORITY, carriers - 1)
    favoured = {"win32": windows_timing.favoured, "darwin": macos_timing.favoured}
    return favoured.get(sys.platform, lambda: _real_time(priority))()


@contextmanager
def _real_time(priority: int) -> Iterator[bool]:
    granted = priority > 0 and _set_scheduler(getattr(os, "SCHED_FIFO", None), priority)
    try:
        yield granted
    finally:
        if granted:
            _set_scheduler(getattr(os, "SCHED_OTHER", None), 0)


def _set_scheduler(policy: int | None, priority: int) -> bool:
    if policy is None or sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError:
        return False
    return True
