"""Priority: what keeps the playing thread on time, as far as the system grants it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

REALTIME_PRIORITY = 4
"""Above all that isn't real-time, below the threads of a sound server and its clients, which carry our notes: JACK's
clients have 5 by default."""
SWITCH_SECONDS = 0.0005
"""After which a Python thread that computes must let another one go on; by default it is 5 ms."""


@contextmanager
def playing() -> Iterator[bool]:
    """Let the calling thread play: ahead of other programs where that is granted, and without pauses to tidy up.

    Yields:
        Whether the system grants real-time priority.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    # What was built to play lasts as long as the playing: the garbage collector needn't look through it again.
    gc.collect()
    gc.freeze()
    granted = _set_scheduler(getattr(os, "SCHED_FIFO", None), REALTIME_PRIORITY)
    try:
        yield granted
    finally:
        if granted:
            _set_scheduler(getattr(os, "SCHED_OTHER", None), 0)
        gc.unfreeze()
        sys.setswitchinterval(interval)


def _set_scheduler(policy: int | None, priority: int) -> bool:
    if policy is None or sys.platform != "linux":
        return False
    try:
        os.sched_setscheduler(0, policy | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError:
        return False
    return True
