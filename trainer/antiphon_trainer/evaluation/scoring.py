"""Scoring: how good a model's probabilities were on songs, step by step, and the figures that summarize it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Floats, Tokens
from antiphon.melody.vocabulary import Vocabulary

LEAST_PROBABILITY = float(np.finfo(np.float32).tiny)
"""Probability; lower ones count as this one, because 0 would cost infinitely many bits."""
BINS = 15
"""Bins of equal width, 0 to 1, over which confidence is compared with accuracy."""
_DIGITS = 6
"""Decimals of a figure: the next ones depend on the order of additions."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Guesses:
    """Whether the likeliest outcome came, at many moments; all arrays are (moment,)."""

    confidence: Doubles
    """The probability of the likeliest outcome."""
    top_1: Doubles
    """1 where it came, else 0; with ties, the chance that a draw among the tied ones is right."""
    top_3: Doubles
    """The same for the three likeliest outcomes."""


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of the probabilities at each step of a song, or of many songs."""

    bits: Doubles
    """−log2 of the probability of the token that came, (step,)."""
    place: Doubles
    """Place in the song, 0 ≤ place < 1, (step,)."""
    steps: Guesses
    """Of the token, at every step."""
    pitch_bits: Doubles
    """Bits of the pitch, given that a note starts, (onset,)."""
    pitches: Guesses
    """Of the pitch, given that a note starts, at every onset."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a model on songs. Those about pitches are None where no note starts."""

    bits_a_step: float
    bits_a_note: float | None
    """All bits of the songs, those of holds, rests and ends too, divided by the number of onsets."""
    bits_a_pitch: float | None
    """Bits of an onset's pitch, given that a note starts."""
    top_1: float | None
    """Share of the onsets whose pitch was the likeliest, given that a note starts."""
    top_3: float | None
    """Share of the onsets whose pitch was among the three likeliest."""
    calibration_error: float
    """Of the likeliest token of each step (`calibration_error`)."""
    pitch_calibration_error: float | None
    """Of the likeliest pitch of each onset."""


def score(probabilities: Floats | Doubles, tokens: Tokens, vocabulary: Vocabulary) -> Scores:
    """Score a song.

    Args:
        probabilities: of each token at each step, (step, V).
        tokens: those that came, with the final `"/"`, (step,).
        vocabulary: of the tokens.
    """
    predicted = np.maximum(probabilities.astype(np.float64), LEAST_PROBABILITY)
    onsets = np.isin(tokens, vocabulary.pitch_tokens)
    among = predicted[np.ix_(onsets, vocabulary.pitch_tokens)]
    among /= among.sum(axis=1, keepdims=True)
    came = (tokens[onsets][:, None] == vocabulary.pitch_tokens).argmax(axis=1)
    return Scores(
        bits=-np.log2(predicted[np.arange(len(tokens)), tokens]),
        place=np.arange(len(tokens)) / len(tokens),
        steps=_guesses(predicted, tokens),
        pitch_bits=-np.log2(among[np.arange(len(came)), came]),
        pitches=_guesses(among, came),
    )


def _guesses(predicted: Doubles, came: npt.NDArray[np.integer]) -> Guesses:
    chosen = predicted[np.arange(len(came)), came][:, None]
    likelier = (predicted > chosen).sum(axis=1)
    as_likely = (predicted == chosen).sum(axis=1)
    top_1, top_3 = (np.clip((count - likelier) / as_likely, 0.0, 1.0) for count in (1, 3))
    return Guesses(predicted.max(axis=1), top_1, top_3)


def joined(scores: Sequence[Scores]) -> Scores:
    """Return the scores of several songs as one."""
    return Scores(
        bits=np.concatenate([each.bits for each in scores]),
        place=np.concatenate([each.place for each in scores]),
        steps=_joined([each.steps for each in scores]),
        pitch_bits=np.concatenate([each.pitch_bits for each in scores]),
        pitches=_joined([each.pitches for each in scores]),
    )


def _joined(guesses: Sequence[Guesses]) -> Guesses:
    return Guesses(
        confidence=np.concatenate([each.confidence for each in guesses]),
        top_1=np.concatenate([each.top_1 for each in guesses]),
        top_3=np.concatenate([each.top_3 for each in guesses]),
    )


def figures(scores: Scores) -> Figures:
    """Summarize scores, rounded to `_DIGITS` decimals."""
    onsets = len(scores.pitch_bits)
    return Figures(
        bits_a_step=round(float(scores.bits.mean()), _DIGITS),
        bits_a_note=round(float(scores.bits.sum()) / onsets, _DIGITS) if onsets else None,
        bits_a_pitch=_mean(scores.pitch_bits),
        top_1=_mean(scores.pitches.top_1),
        top_3=_mean(scores.pitches.top_3),
        calibration_error=round(calibration_error(scores.steps), _DIGITS),
        pitch_calibration_error=round(calibration_error(scores.pitches), _DIGITS) if onsets else None,
    )


def _mean(values: Doubles) -> float | None:
    return round(float(values.mean()), _DIGITS) if len(values) else None


def reliability(guesses: Guesses) -> tuple[Doubles, Doubles, Doubles]:
    """Return confidence, accuracy and share of the moments of each bin that isn't empty, all (bin,)."""
    bins = np.clip(np.ceil(guesses.confidence * BINS).astype(int) - 1, 0, BINS - 1)
    held = np.bincount(bins, minlength=BINS)
    some = held > 0
    confidence, right = (
        np.bincount(bins, weights=values, minlength=BINS)[some] / held[some]
        for values in (guesses.confidence, guesses.top_1)
    )
    return confidence, right, held[some] / len(bins)


def calibration_error(guesses: Guesses) -> float:
    """Return the expected calibration error: how far confidence is from accuracy, on average.

    The mean of |accuracy − mean confidence| over bins of equal width, weighted by their sizes (Naeini, Cooper &
    Hauskrecht 2015; Guo et al. 2017).
    """
    confidence, right, share = reliability(guesses)
    return float((share * np.abs(right - confidence)).sum())
