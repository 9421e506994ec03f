"""On the wire: through real MIDI ports, from note-on to note-on, beside a bare echo that does nothing else."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Self

from antiphon.bench import process
from antiphon.bench.inner import TUNE
from antiphon.midi.backend import Input, Output, Receive, System
from antiphon.midi.backends import load_backend
from antiphon.midi.codec import decode, encode
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.settings import Api

PATIENCE = 2.0
"""Seconds after which an answer is lost."""
PACE = 0.060
"""Seconds from note to note: nearer ones would be a chord, or more than an answer a step; with room for being late."""
SPREAD = 0.003
_CHANNEL = 2
"""Another than the answers', so that no note is taken for an answer that comes back."""
WARMING = 20
"""Notes that don't count, until caches are warm."""


@dataclass(frozen=True)
class OnTheWire:
    """What the daemon is like beside a bare echo, both as processes of their own."""

    ports_us: list[float]
    """Round trips through the daemon, note-on to note-on …"""
    echo_us: list[float]
    """… and through the echo, in turns with them."""
    lost: int
    """Notes that never came back."""
    start_s: float
    """From the daemon's start until its ports were open."""
    memory_mb: float
    idle_cpu_percent: float
    """Of a core, while nobody plays …"""
    echo_idle_cpu_percent: float
    """… and the echo's: MIDI systems wake whoever has ports, many times a second."""


class Line:
    """A cable to a peer's input and one from its output, on a MIDI system."""

    def __init__(self, system: System, name: str) -> None:
        self._heard: SimpleQueue[float] = SimpleQueue()
        self.sent = time.perf_counter()
        self._out, self._in = plug_in(system, name, f"{name} bench", self._hear)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._in.close()
        self._out.close()

    def round_trip(self, pitch: int) -> float | None:
        """Send a note and return when its answer has come, in seconds after; None if it never does."""
        while not self._heard.empty():
            self._heard.get()
        start = self.sent = time.perf_counter()
        self._out.send(encode(NoteOn(pitch, 80, _CHANNEL)))
        try:
            came = self._heard.get(timeout=PATIENCE)
        except Empty:
            return None
        finally:
            self._out.send(encode(NoteOff(pitch, _CHANNEL)))
        return came - start

    def _hear(self, message: Sequence[int]) -> None:
        if isinstance(decode(message), NoteOn):
            self._heard.put(time.perf_counter())


def measure(api: Api, system: System, model: str, notes: int) -> OnTheWire:
    """Start the daemon and an echo, let them idle, and play to both in turns.

    Args:
        api: the daemon's setting.
        system: what that comes to on this machine.
        model: of the daemon.
        notes: that are played to each.
    """
    with ExitStack() as stack:
        daemon = stack.enter_context(process.daemon(api, model))
        echo = stack.enter_context(process.bare_echo(system))
        memory = daemon.memory_mb
        idle, echo_idle = process.idle_percent((daemon, echo))
        lines = [stack.enter_context(Line(system, peer.name)) for peer in (daemon, echo)]
        taken: tuple[list[float], list[float]] = ([], [])
        lost, chance = 0, random.Random(1)  # noqa: S311
        for played in range(WARMING + notes):
            for line, trips in zip(lines, taken, strict=True):
                due = max(lines[0].sent + PACE / 2, lines[1].sent + PACE / 2, line.sent + PACE)
                # Anywhere in an audio period: always at the same place, a run would measure that place.
                time.sleep(max(0.0, due - time.perf_counter()) + chance.random() * SPREAD)
                trip = line.round_trip(TUNE[played % len(TUNE)] + 3)
                if trip is None:
                    lost += 1
                elif played >= WARMING:
                    trips.append(trip * 1e6)
        return OnTheWire(*taken, lost, round(daemon.start_s, 3), round(memory, 1), idle, echo_idle)


def plug_in(system: System, peer: str, name: str, receive: Receive) -> tuple[Output, Input]:
    """Open clients called `name keys` and `name ears`, connected to a peer's ports `in` and `out`."""
    backend = load_backend()
    out, ears = backend.output(system, f"{name} keys"), backend.input(system, f"{name} ears", receive)
    out.open(_full_name(out.ports(), f"{peer} in"), "keys")
    ears.open(_full_name(ears.ports(), f"{peer} out"), "ears")
    return out, ears


def _full_name(ports: list[str], part: str) -> str:
    return next(name for name in ports if part in name)
