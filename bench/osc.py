"""What a note over OSC takes beside one over MIDI ports, and what OSC costs those on MIDI ports.

    .venv/bin/python bench/osc.py [--notes 300]

Two daemons beside each other, played to in turns so that what disturbs one disturbs the others: one that speaks OSC,
by UDP and by its MIDI ports, and one without OSC. Beside them the bare echo. Times are in milliseconds, note-on to
note-on.
"""

from __future__ import annotations

import argparse
import random
import socket
import time
from contextlib import ExitStack, closing

from compare import midi_system
from peer_impsy import free_port
from stage import show

from antiphon.bench import process, wire
from antiphon.bench.inner import TUNE
from antiphon.midi.ports import choose_system
from antiphon.osc.packets import Message, read, write

SPEAKING, PLAIN = "Bench OSC", "Bench plain"
HOST = "127.0.0.1"


class OscLine:
    """UDP to a daemon and back."""

    def __init__(self, stack: ExitStack, port: int) -> None:
        self._socket = stack.enter_context(closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
        self._socket.connect((HOST, port))
        self._socket.settimeout(wire.PATIENCE)
        while True:  # until it is there
            try:
                self._socket.send(write("/antiphon/subscribe"))
                if self._receive().address == "/antiphon/plan":
                    return
            except OSError:
                time.sleep(wire.PACE)

    def round_trip(self, pitch: int) -> float | None:
        """Play a note and return when the answer is there, in seconds after; None if it never is."""
        start = time.perf_counter()
        self._socket.send(write("/antiphon/note", pitch, 80, 2))
        answered = None
        while answered is None and time.perf_counter() - start < wire.PATIENCE:
            try:
                came = self._receive()
            except TimeoutError:
                break
            if came.address == "/antiphon/note" and came.arguments[1]:
                answered = time.perf_counter() - start
        self._socket.send(write("/antiphon/note", pitch, 0, 2))
        return answered

    def _receive(self) -> Message:
        (message,) = read(self._socket.recv(65536))
        return message


def measure(notes: int) -> dict[str, list[float]]:
    """Play so many notes on each line, in turns; return the round trips of each, in milliseconds."""
    system = choose_system("auto")
    with ExitStack() as stack:
        port = free_port()
        stack.enter_context(process.daemon("auto", "essen", SPEAKING, ("--osc", "--osc-port", str(port))))
        stack.enter_context(process.daemon("auto", "essen", PLAIN))
        echo = stack.enter_context(process.bare_echo(system))
        lines: dict[str, OscLine | wire.Line] = {
            # In this order, so that the two that play to one daemon don't play a chord.
            "echo": stack.enter_context(wire.Line(system, echo.name)),
            "MIDI ports, with OSC": stack.enter_context(wire.Line(system, SPEAKING)),
            "MIDI ports, no OSC": stack.enter_context(wire.Line(system, PLAIN)),
            "OSC": OscLine(stack, port),
        }
        chance = random.Random(1)  # noqa: S311
        taken: dict[str, list[float]] = {name: [] for name in lines}
        for played in range(wire.WARMING + notes):
            for name, line in lines.items():
                time.sleep(wire.PACE + chance.random() * wire.SPREAD)
                trip = line.round_trip(TUNE[played % len(TUNE)] + 3)
                if played >= wire.WARMING:
                    taken[name].append(float("inf") if trip is None else trip * 1000)
        return taken


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="What a note over OSC takes.")
    parser.add_argument("--notes", type=int, default=300, help="notes on each line; default 300")
    with midi_system():
        taken = measure(parser.parse_args().notes)
    show(taken)


if __name__ == "__main__":
    main()
