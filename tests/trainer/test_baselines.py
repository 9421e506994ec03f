"""The models without a network, against what their papers' words say when they are followed step by step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from antiphon.melody.vocabulary import Vocabulary, vocabulary_of
from antiphon_trainer.corpus.songs import Song
from antiphon_trainer.dataset.melody import melody_of
from antiphon_trainer.evaluation.baselines import LONG_AND_SHORT, NAMES, UNIFORM, measure_baselines, predictions
from antiphon_trainer.evaluation.context_counts import DEEPEST, LongTerm, short_term_counts
from antiphon_trainer.evaluation.ppm import mixed, ppm, witten_bell

VOCABULARY: Vocabulary = vocabulary_of(["60", "62"])
symbols = some.lists(some.sampled_from(["60", "62", "_", "r"]), min_size=1, max_size=40)
corpus = some.lists(symbols, min_size=1, max_size=4)


def song(symbols: list[str]) -> Song:
    return Song("a", "", symbols)


def tokens(symbols: list[str]) -> list[int]:
    return melody_of(song(symbols), VOCABULARY).tokens.tolist()


def counted(text: list[int], since: int, context: list[int]) -> list[int]:
    """Count what follows a context in a text from a place on, the slow way."""
    k = len(context)
    followed = [text[place] for place in range(since, len(text)) if k <= place and text[place - k : place] == context]
    return [followed.count(token) for token in range(len(VOCABULARY))]


@settings(deadline=None)  # the slow way is slow
@given(corpus, symbols)
def test_counts_are_those_of_counting(training: list[list[str]], melody: list[str]) -> None:
    size = len(VOCABULARY)
    read = melody_of(song(melody), VOCABULARY)
    long = LongTerm([melody_of(song(each), VOCABULARY).tokens for each in training], size).counts(read.inputs)
    short = short_term_counts(read.inputs, read.tokens, size)
    ring = [token for each in training for token in tokens(each)]
    for step in range(len(read.tokens)):
        past = read.inputs[: step + 1].tolist()
        for k in range(min(len(past), DEEPEST) + 1):
            context = past[len(past) - k :]
            assert short[step, k].tolist() == counted([*past[:1], *read.tokens[:step].tolist()], 1, context)
            if k <= len(ring):  # the songs stand in a ring: before the first comes the last
                assert long[step, k].tolist() == counted([*ring[len(ring) - k :], *ring], k, context)
        assert not short[step, len(past) + 1 :].any()


@settings(deadline=None)
@given(corpus, symbols)
def test_probabilities_sum_to_one_and_none_is_impossible(training: list[list[str]], melody: list[str]) -> None:
    index = LongTerm([melody_of(song(each), VOCABULARY).tokens for each in training], len(VOCABULARY))
    (predicted,) = predictions(index, [melody_of(song(melody), VOCABULARY)], VOCABULARY)
    assert tuple(predicted) == NAMES
    for name, probabilities in predicted.items():
        assert probabilities.shape == (len(melody) + 1, len(VOCABULARY))
        assert probabilities.sum(axis=1) == pytest.approx(1.0), name
        assert (probabilities > 0).all(), name


def test_witten_bell_by_hand() -> None:
    counts = np.zeros((1, 3, 5), np.float32)
    counts[0, 0] = [2, 1, 1, 0, 0]
    counts[0, 1] = [0, 2, 0, 0, 0]
    none = (np.array([2, 1, 1, 0, 0]) + 3 / 5) / 7
    assert witten_bell(counts, 0)[0] == pytest.approx(none)
    assert witten_bell(counts, 2)[0] == pytest.approx((np.array([0, 2, 0, 0, 0]) + none) / 3)


def test_ppm_by_hand() -> None:
    counts = np.zeros((1, 4, 5), np.float32)
    counts[0, 0] = [4, 2, 1, 0, 0]
    counts[0, 1] = [2, 1, 0, 0, 0]
    # Order 1 gives 2/5 and 1/5, 2/5 escape; order 0, without the two: 1/2 of that; the rest for those never seen.
    assert ppm(counts)[0] == pytest.approx([0.4, 0.2, 0.2, 0.1, 0.1])
    counts[0, 2] = [2, 0, 0, 0, 0]
    counts[0, 3] = [1, 0, 0, 0, 0]
    # It starts at order 2, the shortest context that is sure, and not at 3: 2/3 and not 1/2.
    assert ppm(counts)[0, 0] == pytest.approx(2 / 3)
    assert ppm(counts)[0, 1] == pytest.approx(1 / 3 * 1 / 2)


def test_the_surer_model_weighs_more() -> None:
    sure, vague = np.array([[0.98, 0.01, 0.01]]), np.array([[0.2, 0.4, 0.4]])
    assert mixed(sure, vague, 0.0)[0, 0] == pytest.approx(0.7778, abs=1e-3)
    assert mixed(sure, vague, 1.0)[0, 0] > 0.9
    assert mixed(sure, vague, 1.0) == pytest.approx(mixed(vague, sure, 1.0))


def test_learning_helps() -> None:
    verse = ["60", "_", "62", "_", "60", "_", "r", "_"]
    found = measure_baselines([song(verse * 4)] * 3, [song(verse * 6)], lambda songs: None)
    bits = {name: each.evaluation.bits_a_step for name, each in found.items()}
    assert bits[UNIFORM] == pytest.approx(np.log2(len(VOCABULARY)))
    assert bits[LONG_AND_SHORT] < 0.5 < bits[UNIFORM]
    assert max(bits, key=lambda name: bits[name]) == UNIFORM
