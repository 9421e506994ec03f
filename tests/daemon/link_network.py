"""A network of the test's own, on which Link's peers find one another and nobody else's."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.daemon.live import PATIENCE

PEER = Path(__file__).with_name("link_peer.py")
UP = "ip link set lo up && echo up && exec cat"
"""Link sends by multicast on every interface, the loopback one too: there it hears peers of the same machine."""
LOOK_SECONDS = 0.02


@contextmanager
def network() -> Iterator[list[str]]:
    """Make a network that is a loopback interface; yield what to put before a command that is to be in it."""
    if not (sys.platform == "linux" and shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("Link is tested in a network namespace: Linux, unshare and ip")
    as_root = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    holder = subprocess.Popen(
        ["unshare", *as_root, "--net", "sh", "-c", UP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None and holder.stderr is not None
        if holder.stdout.readline().strip() != "up":
            pytest.skip(f"Link is tested in a network namespace, which isn't granted: {holder.stderr.read().strip()}")
        user = ["--user", "--preserve-credentials"] if as_root else []
        yield ["nsenter", f"--target={holder.pid}", *user, "--net", "--"]
    finally:
        holder.kill()
        holder.wait()


class State(NamedTuple):
    """How a peer's session stands."""

    bpm: float
    time: float
    """By `time.perf_counter()`, when it stood at `beat`."""
    beat: float
    is_playing: bool
    peers: int

    def beat_at(self, time: float) -> float:
        return self.beat + (time - self.time) * self.bpm / 60

    def time_of(self, beat: float) -> float:
        return self.time + (beat - self.beat) * 60 / self.bpm

    def lateness(self, moment: float, unit: float) -> float:
        """Return by how many seconds a moment is later than the nearest multiple of so many beats."""
        beat = self.beat_at(moment)
        return (beat - round(beat / unit) * unit) * 60 / self.bpm


class Peer:
    """A running `link_peer.py`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def state(self) -> State:
        return self._ask("state")

    def set_tempo(self, bpm: float) -> State:
        return self._ask(f"tempo {bpm}")

    def set_playing(self, is_playing: bool) -> State:
        return self._ask(f"playing {'yes' if is_playing else 'no'}")

    def wait_until(self, done: Callable[[State], bool]) -> State:
        """Wait until its session stands so."""
        end = time.monotonic() + PATIENCE
        while not done(state := self.state()):
            assert time.monotonic() < end, state
            time.sleep(LOOK_SECONDS)  # Link tells nobody outside its process
        return state

    def _ask(self, line: str) -> State:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return State(**json.loads(self._process.stdout.readline()))


@contextmanager
def link_peer(inside: Sequence[str], bpm: float, bar: int = 4) -> Iterator[Peer]:
    """Start another program on Link in a network, with bars of so many beats; it leaves at the end."""
    process = subprocess.Popen(
        [*inside, sys.executable, str(PEER), str(bpm), str(bar)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        peer = Peer(process)
        peer.state()
        yield peer
    finally:
        process.kill()
        process.wait()
