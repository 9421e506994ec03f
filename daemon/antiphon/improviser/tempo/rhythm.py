"""Rhythm: how likely each duration is after another, by where in the beat it begins.

A melody's durations hang together: after a dotted eighth on the beat comes a sixteenth, and that ends the beat. So the
state between two notes is the last duration and the position in the beat (a metrical Markov model; Nakamura, Yoshii and
Sagayama, "Rhythm transcription of polyphonic piano music based on merged-output HMM", 2017).

A beat is a quarter note or, in 6/8, 9/8 and 12/8, a dotted one. Which of them isn't known beforehand: each has states
of its own, and what is played says which are likelier. Without the dotted ones the quarter and eighth of 6/8, which
people play nearer to 3:2, are heard as a dotted quarter and a quarter.
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
POSITIONS, COMPOUND_POSITIONS = 4, 6
"""Sixteenths in a beat, in any of which a note may begin: in a quarter note, and in a dotted one."""
COMPOUND = 0.01
"""Probability, before the first note, that the beat is a dotted quarter."""
OTHER_BEAT = 0.0001
"""Probability, at each note, that the other beat goes on. Without it a wrong beat that was believed for long is kept
for as long."""
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
COMPOUND_COUNTS: tuple[tuple[int, ...], ...] = (
    (1, 45, 30, 130, 1, 9, 0, 6, 3, 0, 0),
    (10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (3, 6, 0, 0, 0, 0, 2, 0, 0, 0, 0),
    (8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (46, 384, 0, 0, 0, 2, 0, 0, 0, 0, 0),
    (232, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (11, 810, 367, 2054, 0, 333, 2, 178, 20, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (5, 873, 2, 8, 0, 0, 22, 0, 0, 0, 0),
    (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (15, 865, 0, 0, 0, 1, 1, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (421, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 4, 0, 3, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (140, 2317, 0, 0, 0, 4, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (1, 45, 24, 241, 0, 74, 0, 6, 2, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 4, 1, 13, 0, 6, 0, 2, 5, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (20, 195, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
)
"""The same where the beat is a dotted quarter, in the training songs in 6/8 and 12/8."""
RARE = 3.0
"""Ten-thousandths, spread over each row as durations and positions come in any order: what was never seen may come."""
TRUST = 0.85
"""Exponent of the probabilities: a performer's pieces are unlike the counted ones."""
STATES = len(LAST) * (POSITIONS + COMPOUND_POSITIONS)
"""Pairs of the last duration and the position, numbered as the rows of `COUNTS`, then as those of `COMPOUND_COUNTS`."""

Weights = npt.NDArray[np.float32]


class Rhythm(NamedTuple):
    """The model's tables. An outcome is a duration and the position in which it ends: STATES × outcomes that can be."""

    transitions: Weights
    """P(outcome | state), (state, outcome)."""
    begin: Weights
    """P(state) before the first duration, (state,)."""
    duration: npt.NDArray[np.int64]
    """Which of `DURATIONS` an outcome has, (outcome,)."""
    of_duration: Weights
    """The same as 1 where an outcome (row) has a duration (column), (outcome, duration)."""
    is_compound: npt.NDArray[np.bool_]
    """Whether the beat is a dotted quarter in a state, (state,)."""
    leads_to: Weights
    """P(state | outcome), (outcome, state): 1 but for `OTHER_BEAT`."""


@cache
def rhythm() -> Rhythm:
    """Return the tables of both beats, those of the quarter note first."""
    quarter, dotted = _beat(COUNTS, POSITIONS), _beat(COMPOUND_COUNTS, COMPOUND_POSITIONS)
    to_dotted = _same_duration(quarter.leads_to, POSITIONS, COMPOUND_POSITIONS)
    to_quarter = _same_duration(dotted.leads_to, COMPOUND_POSITIONS, POSITIONS)
    stays = 1 - OTHER_BEAT
    apart = np.zeros((len(quarter.transitions), dotted.transitions.shape[1]), np.float32)
    back = np.zeros((len(dotted.transitions), quarter.transitions.shape[1]), np.float32)
    return Rhythm(
        np.block([[quarter.transitions, apart], [back, dotted.transitions]]),
        np.concatenate([quarter.begin * np.float32(1 - COMPOUND), dotted.begin * np.float32(COMPOUND)]),
        np.concatenate([quarter.duration, dotted.duration]),
        np.concatenate([quarter.of_duration, dotted.of_duration]),
        np.concatenate([quarter.is_compound, dotted.is_compound]),
        np.block(
            [[quarter.leads_to * stays, to_dotted * OTHER_BEAT], [to_quarter * OTHER_BEAT, dotted.leads_to * stays]]
        ).astype(np.float32),
    )


def nearest_last(duration: float) -> int:
    """Return which of `LAST` a duration, in sixteenths, is nearest to."""
    return int(np.abs(np.log(np.array(LAST) / duration)).argmin())


def _beat(table: tuple[tuple[int, ...], ...], positions: int) -> Rhythm:
    """Return the tables of one beat, of `positions` sixteenths."""
    outcomes = [(duration, end) for duration in range(len(DURATIONS)) for end in range(positions)]
    states = len(LAST) * positions
    counts = np.zeros((states, len(outcomes)))
    possible = np.zeros((states, len(outcomes)), np.bool_)
    for column, (duration, end) in enumerate(outcomes):
        for row in range((end - DURATIONS[duration]) % positions, states, positions):
            counts[row, column], possible[row, column] = table[row][duration], True
    durations = np.array([duration for duration, _ in outcomes])
    ends = np.array([end for _, end in outcomes])
    alone = np.bincount(durations, counts.sum(0)) + 1
    landing = np.bincount(ends, counts.sum(0)) + 1
    anywhere = possible * (alone / alone.sum())[durations] * (landing / landing.sum())[ends]
    shares = (counts + RARE * anywhere / anywhere.sum(1, keepdims=True)) ** TRUST * possible
    begin = np.tile(landing, len(LAST)) * np.repeat(counts.sum(1).reshape(len(LAST), -1).sum(1) + 1, positions)
    leads_to = np.array([nearest_last(DURATIONS[duration]) * positions + end for duration, end in outcomes])
    return Rhythm(
        (shares / shares.sum(1, keepdims=True)).astype(np.float32),
        (begin / begin.sum()).astype(np.float32),
        durations,
        np.eye(len(DURATIONS), dtype=np.float32)[durations],
        np.full(states, positions == COMPOUND_POSITIONS),
        np.eye(states, dtype=np.float32)[leads_to],
    )


def _same_duration(leads_to: Weights, positions: int, others: int) -> Weights:
    """Return what leads to the same last duration in any of the other beat's positions, (outcome, other state)."""
    of_last = leads_to.reshape(len(leads_to), len(LAST), positions).sum(2)
    return np.repeat(of_last / np.float32(others), others, axis=1)
