"""Pulse trains: simulated MIDI clocks, with the times at which pulses were due and at which they came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.midi.protocol import PULSES_PER_QUARTER

Seconds = npt.NDArray[np.float64]
Delay = Callable[[Seconds, np.random.Generator], Seconds]
"""From the times at which pulses are due to those at which they come, in seconds."""
JITTER = 0.001
"""Seconds, at most, by which a pulse is early or late."""
HELD_UP, LONGEST_HOLD = 0.01, 0.040
"""Share of the pulses that are held up, and the seconds, at most, by which they are."""
RATE = 48_000
"""Frames per second of the audio in whose periods pulses are delivered."""


@dataclass(frozen=True, eq=False)
class Train:
    """The pulses of a clock that starts with the first one."""

    due: Seconds
    """Seconds, (pulse,): the ideal grid."""
    came: Seconds
    """Seconds, (pulse,), rising; NaN for a pulse that was dropped."""
    changed: int | None = None
    """Index of the first pulse after a sudden change, from which the time to lock counts; None without one."""


def steady(bpm: float, beats: int) -> Seconds:
    """Return when the pulses of a steady clock are due, from 1 second on."""
    return 1.0 + np.arange(beats * PULSES_PER_QUARTER, dtype=np.float64) * (60 / bpm / PULSES_PER_QUARTER)


def stepping(before: float, after: float, beats: int) -> tuple[Seconds, int]:
    """Return when pulses are due if the tempo changes half-way, and the first one of the new tempo."""
    first, second = steady(before, beats // 2), steady(after, beats - beats // 2)
    return np.concatenate([first, first[-1] + 60 / before / PULSES_PER_QUARTER + second - second[0]]), len(first)


def ramp(before: float, after: float, beats: int, lead: int) -> Seconds:
    """Return when pulses are due if the tempo changes linearly in time over `beats`, after `lead` steady ones."""
    steady_part = steady(before, lead)
    start = steady_part[-1] + 60 / before / PULSES_PER_QUARTER
    n = np.arange(beats * PULSES_PER_QUARTER) / PULSES_PER_QUARTER
    # beats(t) = before·t + rise·t²/2, in minutes; it ends at `after`, so the mean tempo gives the length.
    minutes = beats / ((before + after) / 2)
    rise = (after - before) / minutes
    return np.concatenate([steady_part, start + 60 * (np.sqrt(before**2 + 2 * rise * n) - before) / rise])


def jittered(due: Seconds, random: np.random.Generator) -> Seconds:
    """Move pulses by up to a millisecond, evenly."""
    return np.maximum.accumulate(due + random.uniform(-JITTER, JITTER, len(due)))


def held_up(due: Seconds, random: np.random.Generator) -> Seconds:
    """Jitter pulses, and hold up one in a hundred, and those behind it, by up to 40 ms."""
    came = jittered(due, random)
    held = random.random(len(due)) < HELD_UP
    return np.maximum.accumulate(np.where(held, came + random.uniform(0, LONGEST_HOLD, len(due)), came))


def in_bursts(frames: int) -> Delay:
    """Return the delay of a program that delivers pulses once per audio period of so many frames."""
    period = frames / RATE

    def delayed(due: Seconds, random: np.random.Generator) -> Seconds:
        phase = random.uniform(0, period)
        return np.ceil((due - phase) / period) * period + phase

    return delayed
