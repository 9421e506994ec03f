"""A counter that a C library counts up on threads of its own, without waiting for the interpreter's lock.

It is a semaphore of the C library's, whose `sem_post` is the callback: hundreds of calls a second, as JACK makes on a
machine that is too busy, cost Python nothing.
"""

from __future__ import annotations

import ctypes

_SEMAPHORE_BYTES = 64
"""Bytes; room for a `sem_t`, which is 32 on Linux."""
_kept: list[object] = []
"""Written by the library's threads, so never to be collected."""


class CCounter:
    """A callback of C's, `int callback(void *data)`, and how often it has been called with this `data`."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None)
        self.data = ctypes.create_string_buffer(_SEMAPHORE_BYTES)
        _kept.append(self.data)
        libc.sem_init(self.data, 0, 0)
        self.callback = ctypes.cast(libc.sem_post, ctypes.c_void_p)
        self._read = libc.sem_getvalue

    @property
    def count(self) -> int:
        """How often it has been called."""
        count = ctypes.c_int()
        self._read(self.data, ctypes.byref(count))
        return count.value
