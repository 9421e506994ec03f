"""Play notes to Antiphon while controllers flood it: 10,000 messages a second through real MIDI ports.

    .venv/bin/python bench/flood.py [--seconds 10]

It prints how long a note takes to its answer, in milliseconds, without the flood and with it, in turns.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from compare import midi_system

from antiphon.bench import process
from antiphon.bench.figures import spread
from antiphon.bench.inner import TUNE
from antiphon.bench.wire import PACE, Line
from antiphon.midi.backend import System
from antiphon.midi.backends import load_backend
from antiphon.midi.codec import encode
from antiphon.midi.messages import ControlChange
from antiphon.midi.ports import choose_system
from antiphon.settings import read_settings

ROUNDS = 2
BURST, EVERY = 20, 0.002
"""Messages at once, and seconds from one burst to the next: 10,000 a second."""


def flood(system: System, name: str, stop: Any, sent: Any) -> None:
    """Flood the daemon of a name until told to stop; `sent` counts the messages."""
    out = load_backend().output(system, "Bench flood")
    out.open(next(port for port in out.ports() if f"{name} in" in port), "flood")
    due = time.perf_counter()
    while not stop.is_set():
        for number in range(BURST):
            out.send(encode(ControlChange(1 + number % 4, (sent.value + number) % 128, 2)))
        sent.value += BURST
        due += EVERY
        time.sleep(max(0.0, due - time.perf_counter()))
    out.close()


@contextmanager
def flooding(system: System, name: str) -> Iterator[Any]:
    """Flood a daemon from a process of its own until the block ends; the value counts the messages."""
    context = multiprocessing.get_context("spawn")
    stop, sent = context.Event(), context.Value("i", 0)
    process = context.Process(target=flood, args=(system, name, stop, sent))
    process.start()
    while not sent.value and process.is_alive():
        time.sleep(0.01)
    try:
        yield sent
    finally:
        stop.set()
        process.join()


def round_trips(line: Line, seconds: float) -> tuple[list[float], int]:
    """Play for so many seconds; return the round trips in microseconds, and how many notes never came back."""
    taken, lost, played = [], 0, 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        time.sleep(PACE)
        trip = line.round_trip(TUNE[played % len(TUNE)] + 3)
        played += 1
        if trip is None:
            lost += 1
        else:
            taken.append(trip * 1e6)
    return taken, lost


def main() -> None:
    """Measure, and print."""
    assert __doc__ is not None  # noqa: S101
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10, help="of each part of a round (default 10)")
    seconds = parser.parse_args().seconds
    quiet: list[float] = []
    flooded: list[float] = []
    lost = messages = 0
    with midi_system(), ExitStack() as stack:
        settings = read_settings()
        system = choose_system(settings.ports.api)
        daemon = stack.enter_context(process.daemon(settings.ports.api, settings.play.model))
        line = stack.enter_context(Line(system, daemon.name))
        round_trips(line, 2)  # until caches are warm
        before = daemon.memory_mb
        for _ in range(ROUNDS):
            quiet += round_trips(line, seconds)[0]
            with flooding(system, daemon.name) as sent:
                before_flood = sent.value
                taken, missing = round_trips(line, seconds)
                messages += sent.value - before_flood
            flooded, lost = flooded + taken, lost + missing
        print(f"{'from note to answer (ms)':26}{'p50':>8}{'p99':>8}{'n':>6}")  # noqa: T201
        for name, trips in (("without a flood", quiet), ("in a flood", flooded)):
            found = spread(trips)
            if found is not None:
                print(f"{name:26}{found.p50 / 1000:8.2f}{found.p99 / 1000:8.2f}{found.n:6}")  # noqa: T201
        print(  # noqa: T201
            f"{messages / (ROUNDS * seconds):.0f} messages a second; {lost} notes were not answered; "
            f"memory {daemon.memory_mb - before:+.1f} MB"
        )


if __name__ == "__main__":
    main()
