"""Print how long a note's way is on each JACK server of a Linux machine, through Antiphon and through a bare echo.

    .venv/bin/python bench/platforms.py [--notes N] [--rounds N]

It needs what the tests need (`bootstrap.py test --version` sets that up), and PipeWire with pipewire-jack. It starts
its own jackd (64 frames, no hardware) and its own PipeWire (in a PID namespace, so as root), one after the other, in
several rounds: what disturbs the machine for a while disturbs both. `lost` are notes that never came back.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import bootstrap  # noqa: E402
from antiphon.bench import wire  # noqa: E402
from antiphon.bench.figures import spread  # noqa: E402
from antiphon.midi import libjack  # noqa: E402

reserved_name = importlib.import_module("tests.conftest").reserved_name  # mypy isn't meant to check tests
"""Keeps one of the names that the tests' servers have: JACK knows eight on a machine, and forgets none."""
PIPEWIRE = (
    *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"),
    *(sys.executable, str(ROOT / "tests" / "platforms" / "pipewire.py"), "run"),
)


def on_jackd(command: Sequence[str]) -> str:
    """Run a program beside a jackd, and return what it printed."""
    with reserved_name() as name:
        environment = {**os.environ, "JACK_DEFAULT_SERVER": name}
        server, lifeline = bootstrap.start_jackd(environment, realtime=True)
        try:
            if not bootstrap.jack_answers(environment, seconds=10, python=sys.executable):
                raise SystemExit("jackd does not start; to see why, run: jackd -d dummy")
            return output(command, environment)
        finally:
            os.close(lifeline)
            server.wait()


def on_pipewire(command: Sequence[str]) -> str:
    """Run a program beside a PipeWire, and return what it printed."""
    return output((*PIPEWIRE, *command), dict(os.environ))


def on_slow_pipewire(command: Sequence[str]) -> str:
    """Run a program beside a PipeWire whose cycle is what PipeWire itself chooses."""
    return output((*PIPEWIRE, "env", "PIPEWIRE_LATENCY=1024/48000", *command), dict(os.environ))


SERVERS = {"jackd, 64 frames": on_jackd, "PipeWire": on_pipewire, "PipeWire, 1024 frames": on_slow_pipewire}
"""Row → what runs a program beside that server."""


def output(command: Sequence[str], environment: dict[str, str]) -> str:
    """Return what a program printed that must succeed; what it complains of goes where ours goes."""
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return done.stdout.strip()


def measure(notes: int) -> str:
    """Measure on the JACK server that runs here; return JSON."""
    lib = libjack.load()
    version = lib.jack_get_version_string().decode() if lib is not None else "?"
    found = wire.measure("jack", "jack", "essen", notes)
    return json.dumps({**vars(found), "server": version})


def lines(server: str, rounds: Sequence[dict[str, Any]], notes: int) -> Iterator[str]:
    """Yield a server's rows: the echo's, and Antiphon's."""
    version = rounds[0]["server"]
    for name, trips, idle in (
        ("bare echo", "echo_us", "echo_idle_cpu_percent"),
        ("Antiphon", "ports_us", "idle_cpu_percent"),
    ):
        taken = [trip / 1000 for each in rounds for trip in each[trips]]
        came = spread(taken)
        figures = f"{came.p50:.2f} | {came.p95:.2f} | {came.p99:.2f} | {came.max:.2f}" if came else "– | – | – | –"
        load = sum(each[idle] for each in rounds) / len(rounds)
        yield f"| {server} ({version}) | {name} | {figures} | {notes * len(rounds) - len(taken)} | {load:.1f} |"


def main() -> None:
    """Measure on each server in turns, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=200, help="in each round, through each (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(measure(options.notes), flush=True)  # noqa: T201
        return
    command = (sys.executable, __file__, "--measure", "--notes", str(options.notes))
    rounds: dict[str, list[dict[str, Any]]] = {server: [] for server in SERVERS}
    for number in range(options.rounds):
        for server, run in SERVERS.items():
            sys.stderr.write(f"round {number + 1} of {options.rounds}: {server} …\n")
            rounds[server].append(json.loads(run(command).splitlines()[-1]))
    print("| server | | p50 (ms) | p95 | p99 | max | lost | idle (% of a core) |")  # noqa: T201
    print("| :-- | :-- | --: | --: | --: | --: | --: | --: |")  # noqa: T201
    for server, each in rounds.items():
        for line in lines(server, each, options.notes):
            print(line)  # noqa: T201


if __name__ == "__main__":
    main()
