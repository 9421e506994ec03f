"""What the stage page costs: from a page's key to the answer on it, and MIDI notes with three pages open and without.

    .venv/bin/python bench/stage.py [--notes 300]

Three daemons beside each other, played to in turns so that what disturbs one disturbs the others: one with the stage
and three pages that take everything in, one without the stage, and the first one's page played on as well. Beside them
the bare echo. Times are in milliseconds, note-on to note-on.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from contextlib import ExitStack

from compare import midi_system
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from antiphon.bench import process, wire
from antiphon.bench.figures import spread
from antiphon.bench.inner import TUNE
from antiphon.midi.codec import encode
from antiphon.midi.messages import Message, NoteOff, NoteOn
from antiphon.midi.ports import choose_system
from antiphon.stage.messages import VERSION

PAGES = 3
PACE = 0.030
"""Seconds from a note on one line to the one on the next."""
STAGED, PLAIN = "Bench stage", "Bench plain"


class Page:
    """A page, as a line that can be played on."""

    def __init__(self, stack: ExitStack, url: str) -> None:
        self.socket: ClientConnection = stack.enter_context(
            connect(url.replace("http", "ws", 1) + "/ws", origin=Origin(url), max_queue=None)
        )
        self.socket.send(f'{{"type":"hello","version":{VERSION}}}')
        self._answered = threading.Event()
        self._came = 0.0
        threading.Thread(target=self._read, daemon=True).start()

    def round_trip(self, pitch: int) -> float | None:
        """Press a key and return when the answer is there, in seconds after; None if it never is."""
        self._answered.clear()
        start = time.perf_counter()
        self._send(NoteOn(pitch, 80, 2))
        answered = self._answered.wait(wire.PATIENCE)
        self._send(NoteOff(pitch, 2))
        return self._came - start if answered else None

    def _send(self, message: Message) -> None:
        self.socket.send(json.dumps({"type": "midi", "message": list(encode(message))}))

    def _read(self) -> None:
        for text in self.socket:
            if '"note_on"' in text[:20] and '"answer"' in text:
                self._came = time.perf_counter()
                self._answered.set()


def measure(notes: int) -> dict[str, list[float]]:
    """Play so many notes on each line, in turns; return the round trips of each, in milliseconds."""
    system = choose_system("auto")
    with ExitStack() as stack:
        staged = stack.enter_context(process.daemon("auto", "essen", STAGED, ("--stage", "--stage-port", "0")))
        stack.enter_context(process.daemon("auto", "essen", PLAIN))
        echo = stack.enter_context(process.bare_echo(system))
        url = staged.page_url()
        pages = [Page(stack, url) for _ in range(PAGES)]
        lines: dict[str, Page | wire.Line] = {
            "echo": stack.enter_context(wire.Line(system, echo.name)),
            "no stage": stack.enter_context(wire.Line(system, PLAIN)),
            "stage and three pages": stack.enter_context(wire.Line(system, STAGED)),
            "key on the page": pages[0],
        }
        chance = random.Random(1)  # noqa: S311
        taken: dict[str, list[float]] = {name: [] for name in lines}
        for played in range(wire.WARMING + notes):
            for name, line in lines.items():
                time.sleep(PACE + chance.random() * wire.SPREAD)
                trip = line.round_trip(TUNE[played % len(TUNE)] + 3)
                if played >= wire.WARMING:
                    taken[name].append(float("inf") if trip is None else trip * 1000)
        return taken


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="What the stage page costs.")
    parser.add_argument("--notes", type=int, default=300, help="notes on each line; default 300")
    with midi_system():
        taken = measure(parser.parse_args().notes)
    show(taken)


def show(taken: dict[str, list[float]]) -> None:
    """Print the round trips of each line, in milliseconds, as a table."""
    print(f"{'ms':24}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}{'n':>6}{'lost':>6}")  # noqa: T201
    for name, trips in taken.items():
        came = spread([trip for trip in trips if trip != float("inf")])
        if came is not None:
            figures = "".join(f"{value:8.2f}" for value in (came.p50, came.p95, came.p99, came.max))
            print(f"{name:24}{figures}{came.n:6}{len(trips) - came.n:6}")  # noqa: T201


if __name__ == "__main__":
    main()
