"""The figures of a session: bits per step and per pitch of the network alone, of PPM*, and of the mixture, by place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.audition.sessions.playing import Played, ppm_of_the_session
from antiphon_trainer.evaluation.ppm import Doubles
from antiphon_trainer.evaluation.scoring import Scores, joined, score

PARTS: tuple[tuple[str, int], ...] = (("0-200", 200), ("200-1,000", 1000), ("1,000-4,000", 4000), ("later", 1 << 60))
"""(Name, end in notes) of the parts that a session is divided into."""
ALL = "all"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a session. Means over its steps; those per pitch over its onsets, given that a note starts."""

    notes: int
    frozen: float
    """Bits per step of the network alone."""
    ppm: float
    """Of PPM*, of the session alone."""
    mixed: float
    """Of the network with the memory mixed in."""
    gain: float
    """Frozen less mixed."""
    error: float
    """The standard error of the gain, over tunes."""
    frozen_pitch: float
    """Bits per pitch of the network alone."""
    mixed_pitch: float
    gain_pitch: float
    error_pitch: float


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a session, by the name of the part, and of all of it."""

    tunes: int
    parts: dict[str, Part]


def measured(played: Sequence[Played], vocabulary: Vocabulary) -> Session:
    """Summarize a session."""
    frozen = [score(each.frozen, each.tokens, vocabulary) for each in played]
    mixed = [score(each.mixed, each.tokens, vocabulary) for each in played]
    tokens = np.concatenate([each.tokens for each in played])
    alone = score(ppm_of_the_session(played, len(vocabulary)), tokens, vocabulary)
    starts = np.isin(tokens, vocabulary.pitch_tokens)
    notes = np.cumsum(starts)
    tune = np.repeat(np.arange(len(played)), [len(each.tokens) for each in played])
    parts, start = {}, 0
    for name, end in (*PARTS, (ALL, 0)):
        inside = np.ones(len(notes), bool) if name == ALL else (notes > start) & (notes <= end)
        inside[0] |= start == 0 and name != ALL
        if inside.any():
            parts[name] = _part(joined(frozen), alone, joined(mixed), _Places(inside, starts, tune))
        start = end
    return Session(tunes=len(played), parts=parts)


class _Places:
    """Which steps, and which onsets, a part consists of, and of which tunes they are.

    Args:
        inside: whether it holds each step of the session, (step,).
        starts: whether a note starts in it, (step,).
        tune: the number of its tune, (step,).
    """

    def __init__(self, inside: npt.NDArray[np.bool_], starts: npt.NDArray[np.bool_], tune: npt.NDArray[np.intp]):
        self.steps, self.onsets = inside, inside[starts]
        self.tune_of_steps, self.tune_of_onsets = tune[inside], tune[starts][self.onsets]


def _part(frozen: Scores, alone: Scores, mixed: Scores, places: _Places) -> Part:
    gain, error = _mean_and_error((frozen.bits - mixed.bits)[places.steps], places.tune_of_steps)
    pitch_bits = frozen.pitch_bits[places.onsets], mixed.pitch_bits[places.onsets]
    gain_pitch, error_pitch = _mean_and_error(pitch_bits[0] - pitch_bits[1], places.tune_of_onsets)
    return Part(
        notes=int(places.onsets.sum()),
        frozen=float(frozen.bits[places.steps].mean()),
        ppm=float(alone.bits[places.steps].mean()),
        mixed=float(mixed.bits[places.steps].mean()),
        gain=gain,
        error=error,
        frozen_pitch=float(pitch_bits[0].mean()),
        mixed_pitch=float(pitch_bits[1].mean()),
        gain_pitch=gain_pitch,
        error_pitch=error_pitch,
    )


def _mean_and_error(values: Doubles, tune: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Return the mean of values and its standard error, where the values of a tune depend on each other.

    The mean is a ratio, of the tunes' sums to their sizes (Cochran, Sampling Techniques, 1977, section 2.11).
    """
    if not len(values):
        return 0.0, 0.0
    mean = float(values.mean())
    _, places = np.unique(tune, return_inverse=True)
    sums = np.bincount(places, weights=values - mean)
    count = len(sums)
    if count < 2:
        return mean, 0.0
    return mean, math.sqrt(float((sums**2).sum()) * count / (count - 1)) / len(values)
