"""The clock part of an audition: how exactly notes are timed to MIDI clock, with simulated pulses in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np

from antiphon.improviser.tempo.midi_clock import MidiClock
from antiphon.melody.grid import STEPS_PER_BEAT, Tempo
from antiphon.midi.protocol import PULSES_PER_QUARTER
from antiphon_trainer.audition.pulse_trains import (
    Delay,
    Seconds,
    Train,
    held_up,
    in_bursts,
    jittered,
    ramp,
    steady,
    stepping,
)
from antiphon_trainer.corpus.songs import Song

RUNS = 12
"""Simulated clocks for each row of the table."""
PULSES_PER_STEP = PULSES_PER_QUARTER // STEPS_PER_BEAT
UNLOCKED = 2
"""Beats after the start that don't count in the error, because the time to lock covers them."""
CLOSE = 0.002
"""Seconds of error within which a clock is locked."""
WATCHED = 8
"""Beats after a change in which an error counts against the lock."""


class FollowsPulses(Protocol):
    """Derives a tempo map, between seconds and steps, from pulses."""

    @property
    def tempo(self) -> Tempo:
        """The tempo map as of now."""
        ...

    def pulse(self, time: float) -> None:
        """Receive a pulse at `time`, in seconds."""
        ...


class MeanInterval:
    """The naive follower: the mean interval of the last beat, from the last pulse on. A missing pulse isn't noticed."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._count = 0

    @property
    def tempo(self) -> Tempo:
        """The tempo map as of now."""
        span = self._times[-1] - self._times[0]
        interval = span / (len(self._times) - 1) if span else 60 / 100 / PULSES_PER_QUARTER
        return Tempo(60 / interval / PULSES_PER_QUARTER, self._times[-1], (self._count - 1) / PULSES_PER_STEP)

    def pulse(self, time: float) -> None:
        """Receive a pulse at `time`, in seconds."""
        self._times = [*self._times, time][-PULSES_PER_QUARTER - 1 :]
        self._count += 1


class Spread(msgspec.Struct, frozen=True):
    """Percentiles of the errors of note-ons, in milliseconds, and the 99th of the times to lock, in beats."""

    p50: float
    p99: float
    lock: float | None = None


class Row(msgspec.Struct, frozen=True):
    """The figures of one kind of clock, and its targets, where it has any."""

    name: str
    target: float | None
    lock_target: float | None
    clock: Spread
    naive: Spread


@dataclass(frozen=True)
class ClockResult:
    """The figures of all kinds of clocks."""

    rows: list[Row]

    def lines(self) -> list[str]:
        """Return a table with a line for each kind of clock."""
        return list(_lines(self.rows))

    def as_json(self) -> dict[str, Any]:
        """Return the figures for JSON, errors in milliseconds and times to lock in beats."""
        return {"clock": msgspec.to_builtins(self.rows)}


@dataclass(frozen=True)
class Kind:
    """A kind of clock: how its pulse trains are made, and the targets for following them."""

    name: str
    train: Callable[[np.random.Generator], Train]
    target: float | None = None
    """Milliseconds of error at most, at the 99th percentile."""
    lock_target: float | None = None
    """Beats to lock at most, at the 99th percentile."""


def measure(songs: Sequence[Song], seed: int) -> ClockResult:
    """Measure how far note-ons are from the ideal grid. The songs aren't used: every step has a note."""
    return ClockResult([_row(kind, seed) for kind in KINDS])


def _row(kind: Kind, seed: int) -> Row:
    ours = _spread(kind, seed, started)
    return Row(kind.name, kind.target, kind.lock_target, ours, _spread(kind, seed, MeanInterval))


def started() -> MidiClock:
    """Return a clock that has just received Start."""
    clock = MidiClock(bpm=100)
    clock.start(0.0)
    return clock


def _spread(kind: Kind, seed: int, follower: Callable[[], FollowsPulses]) -> Spread:
    random = np.random.default_rng(seed)
    counted: list[Seconds] = []
    locks: list[float] = []
    for _ in range(RUNS):
        train = kind.train(random)
        errors = note_errors(train, follower())
        first = 0 if train.changed is None else -(-train.changed // PULSES_PER_STEP)
        after = errors[first : first + WATCHED * STEPS_PER_BEAT]
        bad = np.flatnonzero(after > CLOSE)
        # A note at the change itself is on time by any map: the lock comes with the first good one after it.
        locks.append((int(bad[-1]) + 1) / STEPS_PER_BEAT if len(bad) else 0.0)
        skipped = UNLOCKED if train.changed is None else 1
        settled = errors[first + skipped * STEPS_PER_BEAT :]
        counted += [errors[UNLOCKED * STEPS_PER_BEAT : first], settled] if first else [settled]
    p50, p99 = np.percentile(np.concatenate(counted) * 1000, [50, 99])
    lock = float(np.percentile(locks, 99)) if kind.lock_target is not None else None
    return Spread(float(p50), float(p99), lock)


def note_errors(train: Train, follower: FollowsPulses) -> Seconds:
    """Return the distance of a note on each step from the ideal grid, (step,), in seconds.

    A note is sent at the time that the latest tempo map gives, or at the pulse that shows it to be overdue.
    """
    came = train.came[~np.isnan(train.came)]
    steps = train.due[::PULSES_PER_STEP]
    left = np.full(len(steps), np.nan)
    step = 0
    for i, time in enumerate(came):
        follower.pulse(time)
        until = came[i + 1] if i + 1 < len(came) else np.inf
        if until == time:
            continue
        tempo = follower.tempo
        while step < len(steps) and tempo.time_of(step) < until:
            left[step] = max(time, tempo.time_of(step))
            step += 1
    return np.abs(left - steps)


def _train(due: Seconds, delay: Delay) -> Callable[..., Train]:
    return lambda random: Train(due, delay(due, random))


def _steady(bpm: float | None, delay: Delay) -> Callable[..., Train]:
    def train(random: np.random.Generator) -> Train:
        due = steady(bpm or random.uniform(70, 160), 32)
        return Train(due, delay(due, random))

    return train


def _stepping(before: float, after: float, delay: Delay) -> Callable[..., Train]:
    def train(random: np.random.Generator) -> Train:
        due, changed = stepping(before, after, 32)
        return Train(due, delay(due, random), changed)

    return train


def _holed(random: np.random.Generator) -> Train:
    due = steady(random.uniform(70, 160), 32)
    came = jittered(due, random)
    at = int(random.integers(8 * PULSES_PER_QUARTER, 24 * PULSES_PER_QUARTER))
    came[at : at + int(random.integers(1, 13))] = np.nan
    return Train(due, came, at)


KINDS = (
    Kind("jitter of 1 ms", _steady(None, jittered), 2, 1),
    Kind("bursts of 256 frames", _steady(None, in_bursts(256))),
    Kind("bursts of 512 frames", _steady(None, in_bursts(512))),
    Kind("bursts of 1,024 frames", _steady(None, in_bursts(1024))),
    Kind("20 BPM", _steady(20, jittered), 2, 1),
    Kind("400 BPM", _steady(400, jittered), 2, 1),
    Kind("90 → 120 BPM", _stepping(90, 120, jittered), 2, 1),
    Kind("120 → 100 BPM", _stepping(120, 100, jittered), 2, 1),
    Kind("90 → 120, bursts of 256", _stepping(90, 120, in_bursts(256))),
    Kind("120 → 100, bursts of 1,024", _stepping(120, 100, in_bursts(1024))),
    Kind("ramp 100 → 140 over 8 bars", _train(ramp(100, 140, 32, 8), jittered), 10),
    Kind("1 to 12 pulses missing", _holed, 2, 1),
    Kind("1 % held up, to 40 ms", _steady(None, held_up)),
)


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    width = max(len(row.name) for row in rows)
    yield f"{'':<{width}}  |note-on − grid| in ms: p50, p99   target   lock, beats   target   mean interval: p50, p99"
    for row in rows:
        ours = f"{row.clock.p50:>25.2f} {row.clock.p99:>6.2f}"
        target = "-" if row.target is None else f"≤ {row.target:g}"
        lock = "-" if row.clock.lock is None else f"{row.clock.lock:.2f}"
        lock_target = "-" if row.lock_target is None else f"≤ {row.lock_target:g}"
        naive = f"{row.naive.p50:>12.2f} {row.naive.p99:>7.2f}"
        yield f"{row.name:<{width}}  {ours}  {target:>8}  {lock:>12}  {lock_target:>7}  {naive}"
