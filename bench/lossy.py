"""What is lost, and what hangs, where a JACK server drops MIDI: one without `--sync`, on a busy machine.

    .venv/bin/python bench/lossy.py [--notes 1000] [--busy 1]

Such a server throws away what its clients send in a cycle for which one of them was late. Antiphon and a bare echo are
played to in turns, in phrases; half a second after each phrase, a note that still sounds is counted as hanging.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from antiphon.bench import process
from antiphon.bench.inner import TUNE
from antiphon.midi.backends import load_backend
from antiphon.midi.codec import decode, encode
from antiphon.midi.connection import SETTLE_SECONDS
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn
from antiphon.midi.protocol import ENDS_NOTES
from antiphon.settings import read_settings

PHRASE = 24
"""Notes in a phrase."""
PACE = 0.070
"""Seconds from a note to the next: nearer ones would be a chord, or more than an answer a step."""
LONGEST_NOTE = 0.6
"""Seconds that an answer lasts at most: a bar, at the tempo that the bench plays in."""
PATIENCE = 0.5
"""Seconds after all must have ended from which on what still sounds hangs."""
CHANNEL = 3
"""What is played is on it; another than the answers'."""
JACKD = "trap '' PIPE; jackd --no-realtime -n $0 -d dummy -r 48000 -p 64 & cat >/dev/null; kill $!; wait $!"
"""A server without `--sync`, which lives until its standard input ends."""


@dataclass
class Ears:
    """What came from one port: which notes sound, as a synthesiser has it, and how often what came."""

    sounding: set[tuple[int, int]] = field(default_factory=set)
    """Channel and pitch of each."""
    came: Counter[str] = field(default_factory=Counter)

    def hear(self, message: Sequence[int]) -> None:
        """Take a message. A note-off of what doesn't sound does nothing."""
        event = decode(message)
        if isinstance(event, NoteOn):
            self.came["note-ons"] += 1
            self.sounding.add((event.channel, event.pitch))
        elif isinstance(event, NoteOff):
            self.came["note-offs"] += 1
            self.sounding.discard((event.channel, event.pitch))
        elif isinstance(event, ControlChange) and event.controller in ENDS_NOTES:
            self.came["all notes off"] += 1
            self.sounding = {each for each in self.sounding if each[0] != event.channel}


class Cable:
    """A cable to a peer's input and one from its output."""

    def __init__(self, name: str) -> None:
        self.ears = Ears()
        self.played = self.hanging = 0
        backend = load_backend()
        self._out = backend.output("jack", f"{name} keys")
        self._in = backend.input("jack", f"{name} ears", self.ears.hear)
        self._out.open(_full_name(self._out.ports(), f"{name} in"), "keys")
        self._in.open(_full_name(self._in.ports(), f"{name} out"), "ears")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()

    def press(self, pitch: int) -> None:
        """Send a note-on."""
        self.played += 1
        self._out.send(encode(NoteOn(pitch, 80, CHANNEL)))

    def lift(self, pitch: int) -> None:
        """Send a note-off."""
        self._out.send(encode(NoteOff(pitch, CHANNEL)))

    def count_hanging(self) -> None:
        """Count what still sounds, and let it sound no more."""
        self.hanging += len(self.ears.sounding)
        self.ears.sounding.clear()

    @property
    def row(self) -> dict[str, int]:
        """What was counted; a note is lost if no answer came to it."""
        came = self.ears.came
        counted = {name: came[name] for name in ("note-ons", "note-offs", "all notes off")}
        return {"played": self.played, "lost": self.played - came["note-ons"], "hanging": self.hanging, **counted}


def play(cables: Sequence[Cable], pitches: Sequence[int]) -> None:
    """Play a phrase to all, in turns; then wait until what hangs can be told from what sounds."""
    due = time.perf_counter()
    turn = PACE / len(cables)
    for pitch in pitches:
        for cable in cables:
            _sleep_until(due)
            cable.press(pitch)
            _sleep_until(due + turn / 2)
            cable.lift(pitch)
            due += turn
    _sleep_until(due + LONGEST_NOTE + PATIENCE)
    for cable in cables:
        cable.count_hanging()


def spin() -> None:
    """Keep a core busy."""
    while True:
        pass


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep so many cores busy until the block ends."""
    context = multiprocessing.get_context("spawn")
    spinning = [context.Process(target=spin, daemon=True) for _ in range(cores)]
    for each in spinning:
        each.start()
    try:
        yield
    finally:
        for each in spinning:
            each.terminate()
            each.join()


@contextmanager
def server(name: str) -> Iterator[str]:
    """Run an asynchronous JACK server until the block ends; yield the path of what it says."""
    os.environ["JACK_DEFAULT_SERVER"] = name
    with tempfile.NamedTemporaryFile() as log:
        running = subprocess.Popen(
            ["sh", "-c", JACKD, name], stdin=subprocess.PIPE, stdout=log.fileno(), stderr=subprocess.STDOUT
        )
        try:
            wait = ["jack_wait", "--server", name, "--wait", "--timeout", "10"]
            if subprocess.run(wait, capture_output=True).returncode:
                sys.exit(f"jackd doesn't start: {Path(log.name).read_text(errors='replace')}")
            yield log.name
        finally:
            running.communicate()


def measure(notes: int, cores: int, name: str) -> tuple[int, list[Cable]]:
    """Play to Antiphon and to a bare echo on a JACK server of a name; return its late cycles, and both cables."""
    model = read_settings().play.model
    with server(name) as log, ExitStack() as stack:
        daemon = stack.enter_context(process.daemon("jack", model))
        echo = stack.enter_context(process.bare_echo("jack"))
        cables = [stack.enter_context(Cable(peer.name)) for peer in (daemon, echo)]
        time.sleep(SETTLE_SECONDS)
        stack.enter_context(busy(cores))
        pitches = [TUNE[number % len(TUNE)] + 3 for number in range(notes)]
        for start in range(0, len(pitches), PHRASE):
            play(cables, pitches[start : start + PHRASE])
        return Path(log).read_text(errors="replace").count("XRun"), cables


def main() -> None:
    """Measure, and print."""
    assert __doc__ is not None  # noqa: S101
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=1000, help="played to each (default 1000)")
    parser.add_argument("--busy", type=int, default=1, help="cores that are kept busy (default 1)")
    parser.add_argument("--server", default="lossy", help="name of the JACK server that is started (default lossy)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    late, cables = measure(options.notes, options.busy, options.server)
    rows = dict(zip(("antiphon", "bare echo"), (cable.row for cable in cables), strict=True))
    if options.json:
        print(json.dumps({"late cycles": late, **rows}))  # noqa: T201
        return
    print(f"jackd without --sync, {options.busy} of {os.cpu_count()} cores busy, {late:,} late cycles")  # noqa: T201
    print(" " * 10 + "".join(f"{column:>15}" for column in rows["antiphon"]))  # noqa: T201
    for peer, row in rows.items():
        print(f"{peer:10}" + "".join(f"{count:15,}" for count in row.values()))  # noqa: T201


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.perf_counter()))


def _full_name(ports: Sequence[str], part: str) -> str:
    return next(name for name in ports if part in name)


if __name__ == "__main__":
    main()
