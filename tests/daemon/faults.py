"""What goes wrong on stage, really: a JACK server that can be killed, and a peer program that comes and goes."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

import pytest

import bootstrap
from antiphon.midi.backends import load_backend
from tests.conftest import reserved_name
from tests.daemon.live import BPM, PATIENCE, Daemon, Heard, Keyboard, environment

COMMAND = ["jackd", "--realtime", "--sync", "--timeout", "100", "-d", "dummy", "-r", "48000", "-p", "64"]


class Server:
    """A JACK server of this test's own."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.process = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while self.process.poll() is None:
                # Another one's server may answer, left behind by a test run that was killed: then ours has ended.
                if bootstrap.jack_answers(python=sys.executable) and self.process.poll() is None:
                    return
            # The one that was killed may not be quite gone.
            assert time.monotonic() < deadline, "jackd does not start"

    def kill(self) -> None:
        """Kill it, as a crash would."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Let it hang."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def server_to_kill() -> Iterator[Server]:
    """Run a JACK server, and let this process and its children find it."""
    with reserved_name() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", name)
        server = Server()
        try:
            yield server
        finally:
            server.kill()


class Peer(Keyboard):
    """A program with a keyboard and a synthesiser, which others connect to: `NAME keys` and `NAME synth`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.arrive()

    def arrive(self) -> None:
        """Open the ports."""
        self._begin_to_hear()
        self._is_here = True
        self._out = load_backend().output("jack", f"{self._name} keys")
        self._in = load_backend().input("jack", f"{self._name} synth", self._receive)
        self._out.open_virtual("keys")
        self._in.open_virtual("synth")

    def leave(self) -> None:
        """Close the ports, as a program does that ends."""
        super().__exit__()
        self._is_here = False

    def __exit__(self, *_: object) -> None:
        if self._is_here:
            self.leave()


def forsake(player: Keyboard) -> None:
    """Leave a player alone whose JACK server will be killed: closing it then would crash."""
    for client in (player._in, player._out):
        client.leak()


def connections() -> dict[str, list[str]]:
    """Return JACK's ports, and what each is connected to."""
    listing = subprocess.run(["jack_lsp", "-c"], capture_output=True, text=True, check=True, env=os.environ).stdout
    found: dict[str, list[str]] = {}
    for line in listing.splitlines():
        if line.startswith(" "):
            found[list(found)[-1]].append(line.strip())
        else:
            found[line] = []
    return found


def started(patch: str, *options: str, cwd: Path) -> Daemon:
    """Start a daemon in which a piece of Python has changed something; it is yours to wait for and to stop."""
    program = f"{patch}\nimport sys\nfrom antiphon.__main__ import main\nsys.argv[0] = 'antiphon'\nmain()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "run", "--no-stage", "--api", "jack", "--bpm", str(BPM), *options],
        cwd=cwd,
        env=environment(cwd),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Daemon(process, cwd)


@contextmanager
def patched_daemon(patch: str, *options: str, cwd: Path) -> Iterator[Daemon]:
    """Start a daemon in which a piece of Python has broken something; see `daemon`."""
    running = started(patch, *options, cwd=cwd)
    try:
        running.wait_for("Ctrl-C")
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def watch_a_note(process: subprocess.Popen[bytes], master: int, name: str) -> None:
    """Play a note to the daemon of this name, until its line shows it; then end it, until it has said so."""
    seen = b""
    with Keyboard(name) as pianist:
        pianist.send(0x90, 67, 80)
        while b"you G4, Antiphon " not in seen:
            seen += os.read(master, 1024)
        pianist.send(0x80, 67, 0)
    process.terminate()
    while b"every note has ended" not in seen:
        seen += os.read(master, 1024)


@contextmanager
def in_terminal(*options: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a daemon in a terminal of its own; yield the process and the terminal, whose closing is up to you.

    What goes wrong inside it says in the file `errors`.
    """
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "antiphon", "run", "--no-stage", "--api", "jack", *options]
    with (cwd / "errors").open("wb") as errors:
        process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command],
            cwd=cwd,
            env=environment(cwd),
            stdin=slave,
            stdout=slave,
            stderr=errors,
        )
    os.close(slave)
    try:
        seen = b""
        while b"Ctrl-C" not in seen:
            seen += os.read(master, 1024)
        yield process, master
    finally:
        process.kill()
        process.wait()


def memory(running: Daemon) -> int:
    """Return how much memory a daemon has, in bytes."""
    pages = Path(f"/proc/{running.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


def next_within(player: Keyboard, seconds: float) -> Heard | None:
    """Return what a player hears next, or None if that is nothing for so long."""
    try:
        return player._queue.get(timeout=seconds)
    except Empty:
        return None
