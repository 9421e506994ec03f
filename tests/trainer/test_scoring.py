"""Figures on probabilities that can be reckoned by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from antiphon.melody.vocabulary import vocabulary_of
from antiphon_trainer.evaluation.scoring import Guesses, Scores, calibration_error, figures, joined, score

VOCABULARY = vocabulary_of(["60", "62", "64", "65"])  # tokens: / 0, 60…65 1–4, _ 5, r 6


def scored(rows: list[list[float]], tokens: list[int]) -> Scores:
    return score(np.array(rows), np.array(tokens, np.int32), VOCABULARY)


def test_bits_and_ranks() -> None:
    song = scored(
        [[0, 0.4, 0.2, 0.1, 0.1, 0.2, 0], [0, 0, 0, 0, 0, 0.5, 0.5], [0.25, 0.2, 0.15, 0.05, 0.1, 0.25, 0]], [2, 5, 0]
    )
    assert song.bits.tolist() == pytest.approx([-math.log2(0.2), 1.0, 2.0])
    found = figures(song)
    assert found.bits_a_step == pytest.approx((3 - math.log2(0.2)) / 3, abs=1e-6)
    assert found.bits_a_note == pytest.approx(3 - math.log2(0.2), abs=1e-6)
    assert found.bits_a_pitch == pytest.approx(2.0, abs=1e-6)  # 0.2 of the 0.8 that any pitch has
    assert (found.top_1, found.top_3) == (0.0, 1.0)


def test_what_is_as_likely_is_drawn_among() -> None:
    guess = scored([[1 / 7] * 7], [3])
    assert (figures(guess).top_1, figures(guess).top_3) == (0.25, 0.75)
    assert figures(guess).calibration_error == 0.0


def test_calibration() -> None:
    sure, right = np.array([0.9, 0.9, 0.9, 0.9, 0.3, 0.3]), np.array([1.0, 1.0, 0.0, 0.0, 0.0, 1.0])
    assert calibration_error(Guesses(sure, right, right)) == pytest.approx((4 * 0.4 + 2 * 0.2) / 6)


def test_songs_without_a_note_have_no_figures_of_pitch() -> None:
    found = figures(scored([[1 / 7] * 7] * 2, [6, 0]))
    assert (found.bits_a_note, found.bits_a_pitch, found.top_1, found.pitch_calibration_error) == (None,) * 4


@given(some.lists(some.tuples(some.lists(some.floats(0, 1), min_size=7, max_size=7), some.integers(0, 6)), min_size=2))
def test_joining_is_scoring_together(moments: list[tuple[list[float], int]]) -> None:
    rows, tokens = [row for row, _ in moments], [token for _, token in moments]
    apart = joined([scored(rows[:1], tokens[:1]), scored(rows[1:], tokens[1:])])
    assert figures(apart) == figures(scored(rows, tokens))
