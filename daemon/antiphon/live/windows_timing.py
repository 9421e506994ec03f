"""On time on Windows: a thread that the system's multimedia scheduler favours, and waits that end to the millisecond.

Left alone, Windows ends a wait at its next clock tick, up to 15.6 ms late (learn.microsoft.com: "timeBeginPeriod",
"SetProcessInformation", "Multimedia Class Scheduler Service").
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import wintypes

from antiphon.live.windows_end import library

TICK_MS = 1
"""Milliseconds from one tick of the clock to the next, while we play: the least that every Windows grants."""
TASK = "Pro Audio"
"""The multimedia scheduler's own name of the task with the highest priority."""
PROCESS_POWER_THROTTLING = 4
IGNORE_TIMER_RESOLUTION = 0x4
"""What Windows 11 does to a program of which no window is seen, unless it is told not to."""


class PowerThrottling(ctypes.Structure):
    """PROCESS_POWER_THROTTLING_STATE: of what is named in `control`, only what is named in `state` is done."""

    _fields_ = tuple((name, ctypes.c_uint32) for name in ("version", "control", "state"))


@contextmanager
def favoured() -> Iterator[bool]:
    """Let the calling thread be on time.

    Yields:
        Whether the multimedia scheduler favours it.
    """
    winmm, kernel32, avrt = library("winmm"), library("kernel32"), library("avrt")
    kernel32.GetCurrentProcess.restype = wintypes.HANDLE
    kernel32.SetProcessInformation.argtypes = [wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD]
    avrt.AvSetMmThreadCharacteristicsW.argtypes = [wintypes.LPCWSTR, ctypes.POINTER(wintypes.DWORD)]
    avrt.AvSetMmThreadCharacteristicsW.restype = wintypes.HANDLE
    avrt.AvRevertMmThreadCharacteristics.argtypes = [wintypes.HANDLE]

    winmm.timeBeginPeriod(TICK_MS)
    throttling = PowerThrottling(version=1, control=IGNORE_TIMER_RESOLUTION, state=0)
    # Older ones know no such thing, and refuse.
    kernel32.SetProcessInformation(
        kernel32.GetCurrentProcess(), PROCESS_POWER_THROTTLING, ctypes.byref(throttling), ctypes.sizeof(throttling)
    )
    task = avrt.AvSetMmThreadCharacteristicsW(TASK, ctypes.byref(wintypes.DWORD()))
    try:
        yield bool(task)
    finally:
        if task:
            avrt.AvRevertMmThreadCharacteristics(task)
        winmm.timeEndPeriod(TICK_MS)
