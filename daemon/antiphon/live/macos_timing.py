"""On time on macOS: a thread with a time constraint, which neither other programs nor timer coalescing hold up.

(developer.apple.com: "Kernel Programming Guide: Mach Scheduling and Thread Interfaces"; mach/thread_policy.h)
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

COMPUTATION_NS, CONSTRAINT_NS = 5_000_000, 10_000_000
"""Nanoseconds that an answer takes to compute, and in which it must be done, at most."""
_STANDARD_POLICY, _TIME_CONSTRAINT_POLICY = 1, 2


load = ctypes.CDLL
"""Returns a library by its path, and the system's own for None."""


class TimeConstraint(ctypes.Structure):
    """thread_time_constraint_policy, in units of Mach's absolute time; a `period` of 0 is none."""

    _fields_ = (
        ("period", ctypes.c_uint32),
        ("computation", ctypes.c_uint32),
        ("constraint", ctypes.c_uint32),
        ("preemptible", ctypes.c_int32),
    )


class Timebase(ctypes.Structure):
    """mach_timebase_info: so many nanoseconds, as a fraction, are one unit of Mach's absolute time."""

    _fields_ = (("numerator", ctypes.c_uint32), ("denominator", ctypes.c_uint32))


@contextmanager
def favoured() -> Iterator[bool]:
    """Let the calling thread be on time.

    Yields:
        Whether the system grants it.
    """
    system = load(None)
    system.pthread_self.restype = ctypes.c_void_p
    system.pthread_mach_thread_np.argtypes, system.pthread_mach_thread_np.restype = [ctypes.c_void_p], ctypes.c_uint32
    system.thread_policy_set.argtypes = [ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32]
    thread = system.pthread_mach_thread_np(system.pthread_self())
    timebase = Timebase()
    system.mach_timebase_info(ctypes.byref(timebase))
    computation, constraint = (
        each * timebase.denominator // timebase.numerator for each in (COMPUTATION_NS, CONSTRAINT_NS)
    )
    policy = TimeConstraint(0, computation, constraint, 1)
    words = ctypes.sizeof(policy) // ctypes.sizeof(ctypes.c_int32)
    refused = system.thread_policy_set(thread, _TIME_CONSTRAINT_POLICY, ctypes.byref(policy), words)
    try:
        yield not refused
    finally:
        system.thread_policy_set(thread, _STANDARD_POLICY, None, 0)
