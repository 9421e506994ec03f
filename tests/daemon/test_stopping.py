"""The end of a set that is asked for from outside: signals that wake nobody, and Windows' own ways, simulated here."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from antiphon.live import stopping, windows_end
from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.faults import patched_daemon
from tests.daemon.live import PATIENCE, Keyboard, notes, ons, recorded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="simulates Windows on POSIX")

UNWOKEN = """
import signal, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()  # the one that signals come to
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""
"""No signal wakes the main thread from a wait: as on Windows, and where one comes just before the wait on POSIX."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_doesnt_wake_the_main_thread_ends_the_set(
    number: signal.Signals, jack_server: dict[str, str], tmp_path: Path
) -> None:
    with patched_daemon(UNWOKEN, "--name", "Deep", cwd=tmp_path) as running, Keyboard("Deep") as pianist:
        assert pianist.hear_out(1.0) == []  # nothing has been played, so it waits by now, with nothing due
        running.stop(number)
    assert any("every note has ended" in line for line in running.said)


def test_a_set_that_is_to_outlive_its_terminal_does(jack_server: dict[str, str], tmp_path: Path) -> None:
    nohup = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with patched_daemon(nohup, "--name", "Stay", cwd=tmp_path) as running, Keyboard("Stay") as pianist:
        running.process.send_signal(signal.SIGHUP)
        pianist.press(NoteOn(63, 80, 1))
        assert ons(pianist.hear(1))
        running.stop()


WINDOWS = """
import ctypes, os, threading
from pathlib import Path
from types import SimpleNamespace
from antiphon.live import windows_end

class Function:
    def __init__(self, does):
        self.does = does
    def __call__(self, *arguments):
        return self.does(*arguments)

def happens():
    return int(Path("happens").read_text())  # a FIFO: blocks until the test says what happens

handlers, windows, shows = [], [], threading.Event()

def set_handler(handler, added):
    handlers.append(handler)
    def wait():
        event = happens()
        if event != windows_end.WM_ENDSESSION:
            held = handlers[-1](event)
            os._exit(42 if held else 1)  # as Windows does
        windows[0](1, windows_end.WM_QUERYENDSESSION, 0, 0)
        windows[0](1, windows_end.WM_ENDSESSION, 0, 0)  # somebody else keeps the session
        windows[0](1, windows_end.WM_ENDSESSION, 1, 0)
        os._exit(42)
    threading.Thread(target=wait, daemon=True).start()
    return 1

def register(window_class):
    windows.append(window_class._obj.procedure)
    return 1

kernel32 = SimpleNamespace(SetConsoleCtrlHandler=set_handler, GetModuleHandleW=Function(lambda _: 1))
user32 = SimpleNamespace(
    DefWindowProcW=Function(lambda *_: 0),
    RegisterClassW=Function(register),
    CreateWindowExW=Function(lambda *_: 1),
    GetMessageW=Function(lambda *_: threading.Event().wait()),
    DispatchMessageW=Function(lambda _: 0),
)
windows_end.library = {"kernel32": kernel32, "user32": user32}.get
"""


@pytest.mark.parametrize(
    "event",
    [
        windows_end.CTRL_CLOSE_EVENT,
        windows_end.CTRL_LOGOFF_EVENT,
        windows_end.CTRL_SHUTDOWN_EVENT,
        windows_end.WM_ENDSESSION,
    ],
)
def test_where_windows_ends_the_process_the_notes_end_and_the_recording_is_whole(
    event: int, jack_server: dict[str, str], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "happens")
    options = ("--name", "Shut", "--channel", "2", "--bpm", "20")
    with patched_daemon(WINDOWS, *options, cwd=tmp_path) as running, Keyboard("Shut") as pianist:
        pianist.press(NoteOn(63, 80, 1))
        (note,) = ons(pianist.hear(1))
        with os.fdopen(os.open(tmp_path / "happens", os.O_WRONLY | os.O_NONBLOCK), "w") as happens:
            happens.write(str(event))
        assert pianist.hear(1) == [NoteOff(note.pitch, 2)]
        # 0: the main thread was the first to come to its end.
        assert running.process.wait(PATIENCE) in (0, 42), running.errors()
    assert not list((tmp_path / "data").rglob("*.journal"))
    assert len(notes(recorded(tmp_path), "Antiphon")) == 1


def test_ctrl_c_and_ctrl_break_are_left_to_python(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: list[object] = []
    kernel32 = type("", (), {"SetConsoleCtrlHandler": lambda _, handler, __: handlers.append(handler)})()
    monkeypatch.setattr(windows_end, "library", lambda name: kernel32 if name == "kernel32" else object())
    monkeypatch.setattr(windows_end, "_be_a_window", lambda *_: None)
    ended, stopped = threading.Event(), threading.Event()
    ended.set()
    windows_end.hold_the_end(stopped.set, ended)
    (handler,) = handlers
    assert callable(handler)
    assert [handler(event) for event in (0, 1)] == [0, 0]
    assert not stopped.is_set()
    assert handler(windows_end.CTRL_CLOSE_EVENT) == 1
    assert stopped.is_set()


def test_signals_are_as_before_when_the_set_has_ended() -> None:
    heard = threading.Semaphore(0)
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stopping.stopped_from_outside(heard.release):
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
            assert heard.acquire(timeout=PATIENCE)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert "hears signals" not in [thread.name for thread in threading.enumerate()]
