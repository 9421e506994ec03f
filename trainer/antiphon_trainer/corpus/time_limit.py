"""A time limit for Python that may never end: music21 on a damaged score, say.

It works on any thread of any system, so in a process of this machine and in a worker of a cluster alike.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

_AGAIN = 0.1
"""Seconds after which a thread that goes on all the same is told again."""
_TIMES = 50
"""So often; then it is left alone: it ends with the process."""

Value = TypeVar("Value")


def within(seconds: float, work: Callable[[], Value]) -> Value | None:
    """Return what `work`, done on a thread of its own, returns within so many seconds; otherwise end it: None.

    Raises:
        Exception: what `work` raises.
    """
    returned: list[Value] = []
    raised: list[Exception] = []

    def run() -> None:
        try:
            returned.append(work())
        except SystemExit:  # it took too long
            return
        except Exception as error:  # noqa: BLE001  it is raised again, where it is waited for
            raised.append(error)

    thread = threading.Thread(target=run, name="limited", daemon=True)
    thread.start()
    thread.join(seconds)
    for _ in range(_TIMES):
        if not thread.is_alive():
            break
        # Of what may be raised, `except Exception` doesn't hold this up, and a thread that ends by it says nothing.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
        thread.join(_AGAIN)
    if raised:
        raise raised[0]
    return returned[0] if returned else None
