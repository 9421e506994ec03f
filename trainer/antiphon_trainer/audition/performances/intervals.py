"""Intervals: how many inter-onset intervals of a melody come out as the number of sixteenths that the score has.

Half or twice the tempo is another way to write the same, so the steps of a performance may be the written ones times
one factor of ½, 1 and 2; without that, the factor is 1. What may be written in two ways, in 6/8 or as swung eighths, is
right if it is one of them throughout. An interval that is no whole number of sixteenths (a triplet's)
is right as the nearest one; one that is nearest to none (a sixty-fourth note) isn't counted.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon_trainer.audition.performances.partitura_calls import quiet
from antiphon_trainer.audition.performances.performance import Floats, Performance
from antiphon_trainer.audition.tempo import FACTORS, FIRST

_EXACT = 0.02
"""Steps; a score's sixteenths are whole numbers but for rounding, and a triplet's are off by 0.33."""
NEARBY = 0.2
"""Share by which a tempo that is set may be off the true one and still be called near it."""
_ESTIMATED = 300
"""Notes from which partitura estimates a tempo: its time grows with their square."""


class Right(NamedTuple):
    """How many intervals are right."""

    with_factor: int = 0
    without: int = 0
    total: int = 0

    def plus(self, other: Right) -> Right:
        """Return both together."""
        return Right(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def right(counted: Floats, performance: Performance) -> Right:
    """Return how many intervals of a performance are right, from the ninth on.

    Args:
        counted: steps from each note to the next, (interval,); NaN where a note wasn't heard.
        performance: with its melody.
    """
    return max((_right_as(counted, steps) for steps in performance.readings), key=lambda each: each[:2])


def unheard_by_grids(performance: Performance) -> Right:
    """Return how many intervals are no whole number of sixteenths: no grid of these can hear what they are."""
    written = performance.steps[FIRST:]
    written = written[written > 0]
    off = int((np.abs(written - np.rint(written)) >= _EXACT).sum())
    return Right(off, off, len(written))


def nearest(performance: Performance) -> Floats:
    """Return the nearest steps at the performance's own median tempo, which nobody knows beforehand, (interval,)."""
    return _at(np.diff([note.on for note in performance.melody]), _median_step(performance))


def bpm_nearby(performance: Performance) -> float:
    """Return a tempo within 20 % of the performance's own median tempo, in quarter notes a minute.

    Which one depends on the performance's name alone, so that all are set as wrongly in every measurement.
    """
    share = int.from_bytes(hashlib.sha256(performance.name.encode()).digest()[:4], "big") / 2**32
    return 15 / _median_step(performance) * math.exp((2 * share - 1) * math.log1p(NEARBY))


def on_annotated_beats(performance: Performance) -> Floats:
    """Return the differences of the nearest sixteenths between the beats that people annotated, (interval,)."""
    melody = performance.melody
    per_beat = _quarters_a_beat(performance)
    places = np.array([performance.beat_at(note.on) for note in melody]) * per_beat * 4
    return np.diff(np.rint(places))


def at_estimated_tempo(performance: Performance) -> Floats:
    """Return the nearest steps at the tempo that partitura estimates from the first notes, (interval,)."""
    import partitura  # takes seconds to import

    seconds = np.diff([note.on for note in performance.melody])
    try:
        with quiet():
            found = partitura.musicanalysis.estimate_time(note_array(performance, _ESTIMATED))
    except Exception:  # noqa: BLE001 - it raises whatever it meets where it finds no beat
        return np.full(len(seconds), np.nan)
    return _at(seconds, 15 / float(found["tempo"]))


def note_array(performance: Performance, most: int | None = None) -> npt.NDArray[Any]:
    """Return the first notes that are heard as partitura has them: a structured array, in seconds."""
    kinds = [("onset_sec", "f4"), ("duration_sec", "f4"), ("pitch", "i4"), ("velocity", "i4"), ("id", "U16")]
    rows = [
        (note.on, max(0.01, note.off - note.on), note.pitch, 80, str(number))
        for number, note in enumerate(performance.line[:most])
    ]
    return np.array(rows, dtype=kinds)


def _right_as(counted: Floats, written: Floats) -> Right:
    """Return how many intervals are those that are written, (interval,)."""
    written = np.rint(written[FIRST:])
    in_order = written > 0  # who plays what comes later first plays no interval of the score's
    steps, written = counted[FIRST:][in_order], written[in_order]
    hits = {factor: int((np.abs(steps - factor * written) < _EXACT).sum()) for factor in FACTORS}
    return Right(max(hits.values()), hits[1.0], len(written))


def _at(seconds: Floats | Sequence[float], step: float) -> Floats:
    """Return the nearest steps of `step` seconds, at least 1."""
    return np.maximum(1, np.rint(np.asarray(seconds) / step))


def _median_step(performance: Performance) -> float:
    """Return the median length of a sixteenth, in seconds."""
    seconds, steps = np.diff([note.on for note in performance.melody]), performance.steps
    in_order = (steps > 0) & (seconds > 0)
    return float(np.median(seconds[in_order] / steps[in_order])) if in_order.any() else 1.0


def _quarters_a_beat(performance: Performance) -> float:
    """Return the quarter notes in a beat: the median over the melody's intervals."""
    beats = np.diff([performance.beat_at(note.on) for note in performance.melody])
    known = (beats > 0) & (performance.steps > 0)
    ratio = performance.steps[known] / 4 / beats[known]
    return min((0.5, 1.0, 1.5, 2.0), key=lambda each: abs(each - float(np.median(ratio)))) if known.any() else 1.0
