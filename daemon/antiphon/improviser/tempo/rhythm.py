"""Rhythm: how likely each duration is after another, by where in the beat it begins.

A melody's durations hang together: after a dotted eighth on the beat comes a sixteenth, and that ends the beat. So the
state between two notes is the last duration and the position in the beat (a metrical Markov model; Nakamura, Yoshii and
Sagayama, "Rhythm transcription of polyphonic piano music based on merged-output HMM", 2017).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DURATIONS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24)
"""Sixteenths from one onset to the next that a melody commonly has."""
LAST = (1, 2, 3, 4, 6, 8)
"""Sixteenths; what is remembered of the last duration is which of these is nearest, by the ratio."""
POSITIONS = 4
"""Sixteenths in a beat, in any of which a note may begin."""
COUNTS: tuple[tuple[int, ...], ...] = (
    (467, 177, 42, 88, 9, 29, 19, 5, 7, 3, 1),
    (574, 44, 26, 3, 4, 4, 1, 1, 1, 0, 0),
    (591, 75, 10, 11, 3, 7, 1, 1, 1, 0, 1),
    (659, 48, 30, 5, 10, 5, 2, 0, 1, 0, 0),
    (77, 1066, 73, 416, 5, 112, 80, 27, 28, 12, 1),
    (44, 45, 3, 2, 1, 1, 1, 0, 1, 0, 1),
    (131, 1460, 34, 133, 4, 36, 10, 9, 5, 2, 1),
    (64, 32, 15, 4, 3, 2, 3, 1, 1, 1, 0),
    (5, 14, 4, 4, 3, 2, 4, 0, 9, 1, 0),
    (32, 15, 10, 0, 1, 1, 1, 0, 0, 0, 0),
    (10, 38, 4, 6, 2, 4, 1, 1, 1, 1, 0),
    (159, 5, 14, 6, 5, 2, 1, 1, 1, 1, 0),
    (40, 345, 52, 739, 8, 75, 126, 6, 32, 18, 1),
    (2, 4, 1, 2, 0, 1, 1, 0, 1, 0, 0),
    (15, 141, 10, 34, 2, 3, 1, 2, 1, 1, 1),
    (6, 3, 3, 6, 5, 1, 1, 0, 0, 0, 0),
    (7, 30, 10, 19, 2, 10, 2, 1, 1, 2, 1),
    (20, 11, 7, 2, 1, 2, 1, 0, 1, 1, 0),
    (27, 196, 4, 12, 2, 12, 1, 1, 1, 1, 0),
    (9, 1, 2, 3, 2, 2, 1, 0, 0, 0, 0),
    (12, 109, 16, 177, 2, 21, 195, 2, 16, 84, 15),
    (2, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0),
    (8, 51, 1, 6, 1, 1, 1, 1, 1, 1, 0),
    (4, 3, 1, 2, 1, 1, 1, 0, 1, 1, 0),
)
"""How often each of `DURATIONS` (column) comes after each of `LAST` in each position of the beat (row, position by
position in each), in ten-thousandths: three tenths from the training songs, the rest evenly from what Mozart's, ASAP's,
Weimar's and the sung performances of the even half have in their scores. `python -m antiphon_trainer.audition.durations
prepared/songs/training Batik ASAP Weimar sung` counts them.
"""
RARE = 3.0
"""Ten-thousandths, spread over each row as durations and positions come in any order: what was never seen may come."""
TRUST = 0.85
"""Exponent of the probabilities: a performer's pieces are unlike the counted ones."""
STATES = len(LAST) * POSITIONS
"""Pairs of the last duration and the position, numbered as the rows of `COUNTS`."""

Weights = npt.NDArray[np.float32]


class Rhythm(NamedTuple):
    """The model's tables. An outcome is a duration and the position in which it ends: STATES × outcomes that can be."""

    transitions: Weights
    """P(outcome | state), (state, outcome)."""
    begin: Weights
    """P(state) before the first duration, (state,)."""
    duration_of: npt.NDArray[np.intp]
    """Which of `DURATIONS` each outcome has, (outcome,)."""
    of_duration: Weights
    """1 where an outcome (row) has a duration (column), (outcome, duration)."""
    leads_to: Weights
    """1 where an outcome (row) leads to a state (column), (outcome, state)."""


@cache
def rhythm() -> Rhythm:
    """Return the tables."""
    outcomes = [(duration, end) for duration in range(len(DURATIONS)) for end in range(POSITIONS)]
    counts = np.zeros((STATES, len(outcomes)))
    possible = np.zeros((STATES, len(outcomes)), np.bool_)
    for column, (duration, end) in enumerate(outcomes):
        for state in range(end - DURATIONS[duration], STATES + end - DURATIONS[duration]):
            row = state % STATES
            if (row + DURATIONS[duration] - end) % POSITIONS == 0:
                counts[row, column], possible[row, column] = COUNTS[row][duration], True
    durations = np.array([duration for duration, _ in outcomes])
    ends = np.array([end for _, end in outcomes])
    alone = np.bincount(durations, counts.sum(0)) + 1
    landing = np.bincount(ends, counts.sum(0))
    anywhere = possible * (alone / alone.sum())[durations] * (landing / landing.sum())[ends]
    shares = (counts + RARE * anywhere / anywhere.sum(1, keepdims=True)) ** TRUST * possible
    begin = np.tile(landing, len(LAST)) * np.repeat(counts.sum(1).reshape(len(LAST), -1).sum(1) + 1, POSITIONS)
    leads_to = np.array([nearest_last(DURATIONS[duration]) * POSITIONS + end for duration, end in outcomes])
    return Rhythm(
        (shares / shares.sum(1, keepdims=True)).astype(np.float32),
        (begin / begin.sum()).astype(np.float32),
        durations,
        np.eye(len(DURATIONS), dtype=np.float32)[durations],
        np.eye(STATES, dtype=np.float32)[leads_to],
    )


def nearest_last(duration: float) -> int:
    """Return which of `LAST` a duration, in sixteenths, is nearest to."""
    return int(np.abs(np.log(np.array(LAST) / duration)).argmin())
