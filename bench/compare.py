"""Measure Antiphon beside a bare MIDI echo and beside other programs that answer notes, in one run.

    .venv/bin/python bench/compare.py [--json] [--notes N] [--venvs FOLDER] [--python PYTHON]

It runs where Antiphon is installed. What is compared is installed too, from PyPI, each in an environment of its own in
the folder; what can't be is left out, with the reason. README.md, beside this file, says what each number is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from msgspec.structs import asdict, replace
from peers import IMPSY, NOTOCHORD, Skipped, running, say

from antiphon.bench import inner, wire
from antiphon.bench.figures import Spread, spread
from antiphon.errors import UserError
from antiphon.midi.ports import choose_system
from antiphon.musician import Musician, load_musician
from antiphon.settings import read_settings

ROUNDS = 4
"""Each program is measured so many times, in turns: what disturbs the machine for a while disturbs all."""
PIECE = 25
"""Notes in memory, until it is the other's turn."""
JACK = "compare"
JACKD = "trap '' PIPE; jackd --no-realtime --sync --timeout 100 -n $0 -d dummy -r 48000 -p 64 & cat; kill $!; wait $!"
"""A server of our own at 64 frames, without hardware, that lives until its standard input ends."""


@dataclass
class Measured:
    """What has been measured so far."""

    durations_us: dict[str, list[float]] = field(default_factory=dict)
    """Row → durations."""
    about: dict[str, str] = field(default_factory=dict)
    """Row → what it is."""
    idle_cpu_percent: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    """Package → why it was left out."""
    lost: int = 0
    """Notes through Antiphon's ports or the echo's that never came back."""

    def add(self, row: str, durations: list[float]) -> None:
        """Add to a row."""
        self.durations_us.setdefault(row, []).extend(durations)


def measure(notes: int, venvs: Path, python: str) -> Measured:
    """Measure everything, `notes` notes a row, in turns."""
    measured = Measured()
    settings = read_settings()
    musician = load_musician(replace(settings, play=replace(settings.play, seed=1, key="auto")))
    with ExitStack() as stack:
        asked = {}
        for peer in (NOTOCHORD, IMPSY):
            try:
                asked[peer.package] = ask = stack.enter_context(running(peer, venvs, python))
                say(f"starting {peer.package} …")
                about = ask(None)
                measured.about[peer.package] = f"{about['version']}, {about['with']}"
                if "idle_cpu_percent" in about:
                    measured.idle_cpu_percent[peer.package] = about["idle_cpu_percent"]
            except Skipped as reason:
                measured.skipped[peer.package] = str(reason)
                asked.pop(peer.package, None)
        with midi_system():
            for number in range(ROUNDS):
                say(f"round {number + 1} of {ROUNDS} …")
                one_round(measured, musician, asked, max(1, notes // ROUNDS))
    return measured


def one_round(measured: Measured, musician: Musician, asked: Mapping[str, Callable[[int], Any]], notes: int) -> None:
    """Measure each once; in memory in short pieces, because there a whole round of Antiphon's is over in a wink."""
    for _ in range(max(1, notes // PIECE)):
        measured.add("antiphon_in_memory", inner.note_us(musician, PIECE))
        if "notochord" in asked:
            measured.add("notochord_in_memory", asked["notochord"](PIECE)["us"])
    if "impsy" in asked:
        reply = asked["impsy"](notes)
        measured.add("osc_echo", reply["echo_us"])
        measured.add("impsy_osc", reply["us"])
    settings = musician.settings
    try:
        system = choose_system(settings.ports.api)
    except UserError as error:
        measured.skipped["ports"] = str(error)
        return
    wired = wire.measure(settings.ports.api, system, settings.play.model, notes)
    measured.add("midi_echo", wired.echo_us)
    measured.add("antiphon_ports", wired.ports_us)
    measured.lost += wired.lost
    measured.idle_cpu_percent["antiphon"] = wired.idle_cpu_percent


@contextmanager
def midi_system() -> Iterator[None]:
    """Run a JACK server for this comparison alone, where there is JACK; otherwise the machine's MIDI system serves."""
    if shutil.which("jackd") is None:
        yield
        return
    os.environ["JACK_DEFAULT_SERVER"] = name = f"{JACK}-{os.getpid()}"
    none = subprocess.DEVNULL
    server = subprocess.Popen(["sh", "-c", JACKD, name], stdin=subprocess.PIPE, stdout=none, stderr=none)
    try:
        wait = ["jack_wait", "--server", name, "--wait", "--timeout", "10"]
        subprocess.run(wait, check=False, stdout=none, stderr=none)
        yield
    finally:
        server.communicate()


@dataclass(frozen=True)
class Ratio:
    """How many times as long as Antiphon another takes, in medians."""

    key: str
    """What it is called in JSON."""
    name: str
    theirs_us: float
    ours_us: float
    target: float | None = None

    @property
    def times(self) -> float:
        """The ratio."""
        return round(self.theirs_us / self.ours_us, 1)


def ratios(spreads: Mapping[str, Spread]) -> Iterator[Ratio]:
    """Yield what the README quotes, as far as it was measured."""
    median = {row: each.p50 for row, each in spreads.items()}
    if "notochord_in_memory" in median:
        ours = median["antiphon_in_memory"]
        yield Ratio("notochord_in_memory", "Notochord's harmonizer, in memory", median["notochord_in_memory"], ours, 20)
    if {"impsy_osc", "antiphon_ports"} <= median.keys():
        theirs, ours = median["impsy_osc"], median["antiphon_ports"]
        yield Ratio("impsy_end_to_end", "IMPSY over OSC, end to end", theirs, ours, 100)
        yield Ratio("impsy_to_midi_echo", "… if Antiphon were the bare MIDI echo", theirs, median["midi_echo"])
        added = ours - median["midi_echo"]
        if added > 0:
            yield Ratio("impsy_added", "IMPSY over OSC, each less its bare echo", theirs - median["osc_echo"], added)


ROWS = {
    "antiphon_in_memory": "Antiphon, in memory",
    "notochord_in_memory": "Notochord's harmonizer, in memory",
    "midi_echo": "a bare echo, through MIDI ports",
    "antiphon_ports": "Antiphon, through MIDI ports",
    "osc_echo": "a bare echo, over OSC",
    "impsy_osc": "IMPSY, over OSC",
}


def lines(measured: Measured, spreads: Mapping[str, Spread]) -> Iterator[str]:
    """Yield the report, line by line."""
    yield f"{'from note to answer (ms)':36}{'p50':>9}{'p95':>9}{'p99':>9}{'n':>7}"
    for row, name in ROWS.items():
        if (each := spreads.get(row)) is not None:
            yield f"{name:36}{each.p50 / 1000:9.3f}{each.p95 / 1000:9.3f}{each.p99 / 1000:9.3f}{each.n:7}"
    yield ""
    yield f"{'× Antiphon, in medians':44}{'times':>8}  target"
    for ratio in ratios(spreads):
        target = f"≥ {ratio.target:g}" if ratio.target else ""
        yield f"{ratio.name:44}{ratio.times:8.1f}  {target}".rstrip()
    yield ""
    for name, percent in measured.idle_cpu_percent.items():
        yield f"{name} takes {percent:.1f} % of a core while nobody plays"
    for name, what in measured.about.items():
        yield f"{name}: {what}"
    for name, reason in measured.skipped.items():
        yield f"{name} was left out: {reason}"
    if measured.lost:
        yield f"{measured.lost} notes through MIDI ports were lost"


def main() -> None:
    """Compare, and print the result."""
    assert __doc__ is not None  # noqa: S101
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--notes", type=int, default=600, help="notes a row (default 600)")
    parser.add_argument("--venvs", type=Path, default=Path(".bench-venvs"), help="where the others are installed")
    parser.add_argument("--python", default=sys.executable, help="Python of their environments, 3.11 to 3.13")
    given = parser.parse_args()
    venvs: Path = given.venvs.resolve()
    venvs.mkdir(parents=True, exist_ok=True)
    try:
        measured = measure(given.notes, venvs, given.python)
    except (Skipped, UserError) as problem:
        sys.exit(str(problem))
    spreads = {row: found for row, values in measured.durations_us.items() if (found := spread(values)) is not None}
    if given.json:
        report = {
            "antiphon": version("antiphon"),
            "us": {row: asdict(each) for row, each in spreads.items()},
            "ratios": {each.key: each.times for each in ratios(spreads)},
            "idle_cpu_percent": measured.idle_cpu_percent,
            "about": measured.about,
            "skipped": measured.skipped,
            "lost": measured.lost,
        }
        print(json.dumps(report, indent=2))  # noqa: T201
    else:
        print("\n".join(lines(measured, spreads)))  # noqa: T201


if __name__ == "__main__":
    main()
