"""The tempo part of an audition: how well the tempo is followed without a clock, in songs played inexactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from antiphon.improviser.tempo.division import Counter, Division
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.melody.grid import STEPS_PER_BEAT
from antiphon_trainer.audition.durations import inter_onset_steps
from antiphon_trainer.corpus.songs import Song

TARGET = 0.90
"""Share of the intervals that should come out right."""
SET_BPM = 100.0
"""BPM before the first note, as in the default settings, whatever tempo is played."""
FIRST = 8
"""Intervals at the beginning of a song that don't count: the tempo isn't known yet."""
SLOWEST, FASTEST = 70.0, 140.0
"""BPM; the tempo of each song is drawn between them."""
MOVED = 0.020
"""Seconds, at most, by which an onset is too early or too late."""
DRIFT = 0.05
"""Share by which the tempo drifts up and down, as a sine."""
PERIODS = (8.0, 30.0)
"""Seconds; the period of the drift is drawn between them for each song."""
FACTORS = (0.5, 1.0, 2.0)
"""The steps of a song are right if they are the written ones times one of these: half or twice a tempo is right too."""

Steps = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.float64]
Counts = Callable[[Seconds], Steps]
"""From intervals in seconds, (interval,), to steps, each from the intervals up to it only."""


class Found(msgspec.Struct, frozen=True):
    """The figures of one way to count steps."""

    name: str
    right: float
    """Share of the intervals with the right steps, times the best factor of each song."""
    right_at_1: float
    """The same with a factor of 1."""
    songs: dict[str, int]
    """Factor → songs of which it is the best."""


@dataclass(frozen=True)
class TempoResult:
    """The figures of the tempo follower and of the baselines."""

    songs: int
    intervals: int
    found: list[Found]

    def lines(self) -> list[str]:
        """Return a table with a line for each way to count steps."""
        return list(_lines(self))

    def as_json(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        return {
            "tempo": {
                "songs": self.songs,
                "intervals": self.intervals,
                "target": TARGET,
                "found": msgspec.to_builtins(self.found),
            }
        }


def measure(songs: Sequence[Song], seed: int) -> TempoResult:
    """Measure how many inter-onset intervals, from the ninth on, come out as the right number of steps."""
    random = np.random.default_rng(seed)
    written = [np.array(inter_onset_steps(song.symbols), np.int64) for song in songs]
    written = [steps for steps in written if len(steps) > FIRST]
    played = [perform(steps, random) for steps in written]
    ways: tuple[tuple[str, Counts], ...] = (
        ("follower", followed),
        ("nearest, running tempo", running),
        (f"fixed {SET_BPM:g} BPM", fixed),
    )
    found = [_found(name, count, written, played) for name, count in ways]
    return TempoResult(len(written), sum(len(steps) - FIRST for steps in written), found)


def perform(steps: Steps, random: np.random.Generator) -> Seconds:
    """Play a melody at a random, drifting tempo, each onset moved; return the intervals in seconds, (interval,)."""
    bpm = random.uniform(SLOWEST, FASTEST)
    turn = 2 * np.pi / random.uniform(*PERIODS)
    phase = random.uniform(0, 2 * np.pi)
    per_second = bpm * STEPS_PER_BEAT / 60
    onsets = np.concatenate([[0], np.cumsum(steps)])
    time = np.linspace(0, onsets[-1] / per_second * (1 + 2 * DRIFT) + 1, 20_000)
    # The integral of per_second · (1 + DRIFT · sin(turn · time + phase)).
    reached = per_second * (time + DRIFT / turn * (np.cos(phase) - np.cos(turn * time + phase)))
    moved = np.interp(onsets, reached, time) + random.uniform(-MOVED, MOVED, len(onsets))
    return np.diff(moved)


def followed(intervals: Seconds) -> Steps:
    """Count steps with the tempo follower, as the listener does."""
    counter: Counter = TempoFollower(SET_BPM)
    division, steps = Division(), list[int]()
    for interval in intervals.tolist():
        division, counter = division.after(interval, counter)
        steps.append(division.steps)
    return np.array(steps, np.int64)


def fixed(intervals: Seconds) -> Steps:
    """Count steps on a grid at the set tempo."""
    return np.maximum(1, np.rint(intervals * SET_BPM * STEPS_PER_BEAT / 60)).astype(np.int64)


def running(intervals: Seconds) -> Steps:
    """Count the nearest steps at a tempo that moves a fifth of the way to that of each interval."""
    bpm, steps = SET_BPM, []
    for interval in intervals.tolist():
        steps.append(max(1, round(interval * bpm * STEPS_PER_BEAT / 60)))
        bpm += (steps[-1] * 60 / STEPS_PER_BEAT / interval - bpm) / 5
    return np.array(steps, np.int64)


def _found(name: str, count: Counts, written: Sequence[Steps], played: Sequence[Seconds]) -> Found:
    songs = dict.fromkeys(FACTORS, 0)
    right = right_at_1 = total = 0
    for steps, intervals in zip(written, played, strict=True):
        counted, true = count(intervals)[FIRST:], steps[FIRST:]
        hits = {factor: int((counted == factor * true).sum()) for factor in FACTORS}
        # With ties, the factor 1.
        factor = max(FACTORS, key=lambda factor: (hits[factor], factor == 1))
        songs[factor] += 1
        right, right_at_1, total = right + hits[factor], right_at_1 + hits[1.0], total + len(true)
    return Found(name, right / total, right_at_1 / total, {f"{factor:g}": n for factor, n in songs.items()})


def _lines(result: TempoResult) -> Iterator[str]:
    yield f"{result.songs:,} songs, {result.intervals:,} intervals from the ninth on; target ≥ {TARGET:.0%} right"
    width = max(len(found.name) for found in result.found)
    heading = "  ".join(f"songs × {factor:g}".rjust(11) for factor in FACTORS)
    yield f"{'':<{width}}   right  without factor  {heading}"
    for found in result.found:
        songs = "  ".join(f"{n:>11,}" for n in found.songs.values())
        yield f"{found.name:<{width}}  {found.right:>6.1%}  {found.right_at_1:>14.1%}  {songs}"
