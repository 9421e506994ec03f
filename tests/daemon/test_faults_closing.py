"""Closing, whatever hangs and whatever arrives: it comes to an end, and what must be said has been said."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon.midi.backends import CHOICE
from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.live import BACKENDS, PATIENCE, Keyboard, environment, notes, ons, recorded
from tests.daemon.test_ports import FLOOD


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


NEVER_BACK = """
import threading, time
from antiphon.midi.time_limit import within
assert not within(0.1, threading.Event().wait)
time.sleep(0.5)  # longer than the bound, and the grace after it
print("goes on")
"""


def test_a_close_that_never_comes_back_is_left_alone() -> None:
    done = run(NEVER_BACK)
    assert (done.returncode, done.stdout) == (0, "goes on\n"), done.stderr


KEEPS_THE_LOCK = """
import ctypes
from antiphon.midi.time_limit import within
within(0.1, lambda: ctypes.PyDLL(None).sleep(60))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="keeps Python's lock in a function of C's library")
def test_a_close_that_keeps_pythons_lock_ends_the_process() -> None:
    done = run(KEEPS_THE_LOCK)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


IN_A_FLOOD = """
import threading
from antiphon.midi.connection import Connection
class Nobody:
    def lost(self, what): pass
    def back(self, what, reconnect): pass
for _ in range(20):
    heard = threading.Semaphore(0)
    connection = Connection("jack", "Close", "Flood", "", lambda *_: heard.release(), Nobody())
    connection.open()
    for _ in range(100):
        heard.acquire()
    assert connection.close()
print("closed")
"""


@BACKENDS
def test_a_session_ends_in_a_flood(backend: str, jack_server: dict[str, str]) -> None:
    with subprocess.Popen([sys.executable, "-c", FLOOD], stdout=subprocess.PIPE, text=True) as flood:
        try:
            assert flood.stdout is not None
            assert flood.stdout.readline() == "ready\n"
            done = run(IN_A_FLOOD, **{CHOICE: backend})
        finally:
            flood.kill()
    assert (done.returncode, done.stdout) == (0, "closed\n"), done.stderr


NEVER_LEAVES = """
import threading
from antiphon.midi.backends import load_backend
came = threading.Event()
def receive(message):
    came.set()
    threading.Event().wait()
client = load_backend().input("jack", "Stuck", receive)
client.open(next(name for name in client.ports() if "flood" in name), "stuck")
assert came.wait(10)
client.close()
print("closed")
"""


@BACKENDS
def test_a_port_whose_thread_never_comes_back_is_left_open_and_the_process_ends(
    backend: str, jack_server: dict[str, str]
) -> None:
    with subprocess.Popen([sys.executable, "-c", FLOOD], stdout=subprocess.PIPE, text=True) as flood:
        try:
            assert flood.stdout is not None
            assert flood.stdout.readline() == "ready\n"
            done = run(NEVER_LEAVES, **{CHOICE: backend})
        finally:
            flood.kill()
    assert (done.returncode, done.stdout) == (0, "closed\n"), done.stderr


def test_where_nobody_reads_what_it_says_it_ends_well_all_the_same(jack_server: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "antiphon", "run", "--no-stage", "--api", "jack", "--name", "Pipe"]
    with subprocess.Popen(
        [*command, "--channel", "2", "--bpm", "20"], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            while b"Ctrl-C" not in process.stdout.readline():
                assert process.poll() is None
            process.stdout.close()  # as `antiphon run | head` does
            with Keyboard("Pipe") as pianist:
                pianist.press(NoteOn(63, 80, 1))
                (note,) = ons(pianist.hear(1))
                process.terminate()
                assert pianist.hear(1) == [NoteOff(note.pitch, 2)]
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert len(notes(recorded(tmp_path), "Antiphon")) == 1
