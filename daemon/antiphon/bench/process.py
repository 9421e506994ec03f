"""Processes: `antiphon run` and a bare echo beside it, and what they cost while nobody plays."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from antiphon.bench import echo
from antiphon.errors import UserError
from antiphon.midi.backend import System

IDLE_SECONDS = 4.0
DAEMON = "Bench daemon"
QUICKEST = "400"
"""BPM: at one answer a step, so quick that the bench needn't wait."""


@dataclass(frozen=True)
class Peer:
    """A process whose ports are open. They are called after its `name`, with `in` and `out` behind it."""

    name: str
    process: subprocess.Popen[str]
    start_s: float
    """Seconds until they were."""

    def page_url(self) -> str:
        """Wait until it says the address of its stage page, which it does once, and return that."""
        return next(line.split()[-1] for line in self.process.stdout or () if "stage page   " in line)

    @property
    def memory_mb(self) -> float:
        """Its memory, without what it shares with others: JACK lets each client hold 100 MB of the server's."""
        return float(psutil.Process(self.process.pid).memory_full_info().uss / 1e6)


@contextmanager
def daemon(api: str, model: str, name: str = DAEMON, more: Sequence[str] = ()) -> Iterator[Peer]:
    """Run `antiphon run` until the block ends, with `more` options."""
    options = ("--no-record", "--no-stage", "--mode", "next-note", "--when", "now", "--bpm", QUICKEST, "--seed", "1")
    command = ("-m", "antiphon", "run", *options, "--name", name, "--api", api, "--model", model, *more)
    with _peer(name, command, "Ctrl-C") as peer:
        yield peer


@contextmanager
def bare_echo(system: System) -> Iterator[Peer]:
    """Run an echo on a MIDI system until the block ends."""
    with _peer(echo.NAME, ("-m", echo.__name__, system), "ready") as peer:
        yield peer


def idle_percent(peers: Sequence[Peer]) -> list[float]:
    """Return the share of a core, in percent, that each takes while nobody plays."""
    seen = [psutil.Process(peer.process.pid) for peer in peers]
    before = [sum(each.cpu_times()[:2]) for each in seen]
    time.sleep(IDLE_SECONDS)
    return [
        round((sum(each.cpu_times()[:2]) - start) / IDLE_SECONDS * 100, 2)
        for each, start in zip(seen, before, strict=True)
    ]


@contextmanager
def _peer(name: str, command: Sequence[str], ready: str) -> Iterator[Peer]:
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",  # only what is plain ASCII is looked for
    )
    try:
        assert process.stdout is not None and process.stderr is not None  # noqa: S101
        if not any(ready in line for line in process.stdout):
            raise UserError(f"{name} doesn't start: {process.stderr.read().strip()}")
        yield Peer(name, process, time.perf_counter() - start)
    finally:
        process.terminate()
        process.communicate()
