"""Compare the libraries that open MIDI ports: how long an echo takes, and whether a port closes in a flood.

    .venv/bin/python bench/backends.py [--notes 600] [--closes 200] [--load 8] [--rounds 4]

Each backend answers and asks in processes of its own, in turns with the others, on a JACK server of this bench's own.
A port is closed while 10,000 messages a second come to it and so many busy processes take the cores; 25 closes a
process, so a crash or a hang costs the rest of its process's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec

from compare import midi_system

from antiphon.bench import process
from antiphon.bench.figures import spread
from antiphon.bench.wire import PACE, WARMING, Line
from antiphon.errors import UserError
from antiphon.midi.backends import CHOICE, load_backend
from antiphon.midi.codec import encode
from antiphon.midi.messages import NoteOn
from antiphon.midi.ports import open_input

BACKENDS = {"python-rtmidi": "rtmidi", "supriya-midi": "supriya_midi"}
"""Distribution → the module by which it is known to be installed."""
CLOSES = 25
"""Closes a process, each after 100 messages."""
HANGS_SECONDS = 120.0
"""A process that takes longer hangs: at a load of 8 it takes 30 s."""
_BUSY = "while True: pass"


@dataclass
class Found:
    """What was measured of one backend."""

    echo_us: list[float] = field(default_factory=list)
    closed: int = 0
    ends: list[str] = field(default_factory=list)
    """How the processes ended that closed ports."""


def ask(notes: int) -> None:
    """Play so many notes to an echo, and print each round trip in microseconds."""
    with process.bare_echo("jack") as echo, Line("jack", echo.name) as line:
        for played in range(WARMING + notes):
            time.sleep(PACE / 4)
            trip = line.round_trip(60)
            if trip is not None and played >= WARMING:
                print(trip * 1e6)  # noqa: T201


def pour() -> None:
    """Send 10,000 messages a second, until killed."""
    out = load_backend().output("jack", "Bench flood")
    out.open_virtual("flood")
    print("ready", flush=True)  # noqa: T201
    while True:
        for pitch in range(20):
            out.send(encode(NoteOn(pitch, 1, 1)))
        time.sleep(0.002)


def close_ports() -> None:
    """Open a port to the flood, and close it while messages come; again and again, with a line for each."""
    sys.setswitchinterval(1e-4)  # JACK gives a client up that makes it wait for 100 ms
    for _ in range(CLOSES):
        heard: list[Sequence[int]] = []
        with open_input("jack", "Bench close", "Bench flood", heard.append):
            while len(heard) < 100:
                sum(range(1000))  # works, as a program does that plays
        print("closed", flush=True)  # noqa: T201


def child(part: str, backend: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a part of this program with a backend, and return what came of it; it is killed when it hangs."""
    command = [sys.executable, __file__, "--part", part, *arguments]
    environment = {**os.environ, CHOICE: backend}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as it:
        try:
            said, _ = it.communicate(timeout=HANGS_SECONDS)
        except subprocess.TimeoutExpired:
            it.kill()
            said, _ = it.communicate()
    return subprocess.CompletedProcess(command, it.returncode, said)


@contextmanager
def loaded(load: int) -> Iterator[None]:
    """Keep so many processes busy, and pour messages, until the block ends."""
    flood = [sys.executable, __file__, "--part", "pour"]
    with ExitStack() as stack:
        for command in [[sys.executable, "-c", _BUSY]] * load + [flood]:
            running = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(running.kill)
        assert running.stdout is not None  # noqa: S101
        if not running.stdout.readline():
            raise UserError("no JACK server answers: this machine may have eight already; end one, and run this again")
        yield


def measure(notes: int, closes: int, load: int, rounds: int) -> dict[str, Found]:
    """Measure each backend that is installed, in turns."""
    found = {name: Found() for name, module in BACKENDS.items() if find_spec(module)}
    for _ in range(rounds):
        for name, each in found.items():
            each.echo_us += map(float, child("ask", name, "--notes", str(notes // rounds)).stdout.split())
    with loaded(load):
        for _ in range(closes // CLOSES):
            for name, each in found.items():
                done = child("close", name)
                each.closed += done.stdout.count("closed")
                each.ends.append("ended" if not done.returncode else f"ended with {done.returncode}")
    return found


def main() -> None:
    """Measure, and print."""
    assert __doc__ is not None  # noqa: S101
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=600, help="round trips a backend (default 600)")
    parser.add_argument("--closes", type=int, default=200, help=f"a backend; a multiple of {CLOSES} (default 200)")
    parser.add_argument("--load", type=int, default=8, help="busy processes while ports are closed (default 8)")
    parser.add_argument("--rounds", type=int, default=4, help="turns in which the round trips are taken (default 4)")
    parser.add_argument("--part", choices=("ask", "pour", "close"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part == "ask":
        ask(given.notes)
    elif given.part == "pour":
        pour()
    elif given.part == "close":
        close_ports()
    else:
        try:
            with midi_system():
                found = measure(given.notes, given.closes, given.load, given.rounds)
        except UserError as problem:
            sys.exit(str(problem))
        print(f"{'an echo, through ports (ms)':30}{'p50':>8}{'p99':>8}{'n':>7}   closed in a flood, load {given.load}")  # noqa: T201
        for name, each in found.items():
            trips = spread(each.echo_us)
            figures = f"{trips.p50 / 1000:8.2f}{trips.p99 / 1000:8.2f}{trips.n:7}" if trips else f"{'lost':>23}"
            ends = ", ".join(f"{each.ends.count(end)} {end}" for end in dict.fromkeys(each.ends))
            print(f"{name:30}{figures}   {each.closed} of {given.closes}; processes: {ends}")  # noqa: T201


if __name__ == "__main__":
    main()
