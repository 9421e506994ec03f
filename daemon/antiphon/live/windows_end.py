"""What ends a set on Windows and is no signal: a console that is closed, a user who logs off, a shutdown.

Windows asks a function of ours, on a thread of its own, and ends the process when that returns, or after five seconds.
A program that loads user32.dll, as WinMM does, hears of log-off and shutdown as a window only, so there is a hidden one
(learn.microsoft.com: "HandlerRoutine callback function"; "WM_ENDSESSION message").
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
from collections.abc import Callable
from ctypes import wintypes
from typing import Any

CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT = 2, 5, 6
"""What happens to a console and is no signal (wincon.h)."""
WM_QUERYENDSESSION, WM_ENDSESSION = 0x11, 0x16
"""A window is asked whether the session may end, and told whether it does (winuser.h)."""
HELD_SECONDS = 4.5
"""Seconds that the end is held up, at most; after 5 Windows ends the process by itself."""

_function_type = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)  # the second, for tests elsewhere
_HANDLER = _function_type(wintypes.BOOL, wintypes.DWORD)
_LRESULT = ctypes.c_ssize_t
_WINDOW_PROCEDURE = _function_type(_LRESULT, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
_kept: list[Any] = []
"""The functions that Windows may call as long as the process lives."""


class _WindowClass(ctypes.Structure):
    """WNDCLASSW."""

    _fields_ = (
        ("style", wintypes.UINT),
        ("procedure", _WINDOW_PROCEDURE),
        ("class_extra", ctypes.c_int),
        ("window_extra", ctypes.c_int),
        ("instance", wintypes.HINSTANCE),
        ("icon", wintypes.HANDLE),
        ("cursor", wintypes.HANDLE),
        ("background", wintypes.HANDLE),
        ("menu_name", wintypes.LPCWSTR),
        ("class_name", wintypes.LPCWSTR),
    )


def library(name: str) -> Any:
    """Return a library of Windows' own by its name; None on another system, or on a Windows without it."""
    if sys.platform == "win32":
        with contextlib.suppress(OSError):
            return ctypes.WinDLL(name)
    return None


def hold_the_end(stop: Callable[[], None], ended: threading.Event) -> None:
    """From now on call `stop`, on another thread, when Windows is to end the process, and let it wait for `ended`.

    On another system nothing happens.

    Args:
        stop: asks for the end of the set.
        ended: is set when nothing sounds any more and the recording is closed.
    """
    kernel32, user32 = library("kernel32"), library("user32")
    if kernel32 is None or user32 is None:
        return

    def end() -> None:
        stop()
        ended.wait(HELD_SECONDS)

    def handle(event: int) -> bool:
        if event not in (CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT):
            return False  # Ctrl-C and Ctrl-Break, which Python makes signals of
        end()
        return True

    handler = _HANDLER(handle)
    _kept.append(handler)
    # The latest handler is asked first: this one before Python's own, which would let a closing console end us.
    kernel32.SetConsoleCtrlHandler(handler, True)
    threading.Thread(target=_be_a_window, args=(end, user32, kernel32), name="hidden window", daemon=True).start()


def _be_a_window(end: Callable[[], None], user32: Any, kernel32: Any) -> None:
    """Make a window that is never shown, and take its messages; `end` is called when the session ends."""
    message_type = ctypes.POINTER(wintypes.MSG)
    kernel32.GetModuleHandleW.argtypes, kernel32.GetModuleHandleW.restype = [wintypes.LPCWSTR], wintypes.HMODULE
    user32.DefWindowProcW.argtypes = [wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM]
    user32.DefWindowProcW.restype = _LRESULT
    user32.RegisterClassW.argtypes = [ctypes.POINTER(_WindowClass)]
    user32.CreateWindowExW.argtypes = [
        *(wintypes.DWORD, wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD),
        *[ctypes.c_int] * 4,
        *(wintypes.HWND, wintypes.HMENU, wintypes.HINSTANCE, wintypes.LPVOID),
    ]
    user32.CreateWindowExW.restype = wintypes.HWND
    user32.GetMessageW.argtypes = [message_type, wintypes.HWND, wintypes.UINT, wintypes.UINT]
    user32.DispatchMessageW.argtypes, user32.DispatchMessageW.restype = [message_type], _LRESULT

    def answer(window: int, message: int, wide: int, long: int) -> int:
        if message == WM_QUERYENDSESSION:
            return 1
        if message == WM_ENDSESSION:
            if wide:  # 0: another program has kept the session from ending
                end()
            return 0
        return int(user32.DefWindowProcW(window, message, wide, long))

    instance, name = kernel32.GetModuleHandleW(None), "Antiphon"
    window_class = _WindowClass(procedure=_WINDOW_PROCEDURE(answer), instance=instance, class_name=name)
    _kept.append(window_class)
    user32.RegisterClassW(ctypes.byref(window_class))
    user32.CreateWindowExW(0, name, name, 0, 0, 0, 0, 0, None, None, instance, None)
    message = wintypes.MSG()
    while user32.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
        user32.DispatchMessageW(ctypes.byref(message))
