import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon.improviser.listening.blues import TONIC, Blues
from antiphon.improviser.listening.key_posterior import MOST_EVIDENCE, SETTLED, flat_posterior

TRANSPOSED = np.arange(12)
"""Semitones from what is played to the model's key, in each of twelve."""
rows = st.lists(st.floats(0, 100), min_size=12, max_size=12).map(np.array)


@given(st.lists(rows, max_size=20))
def test_a_belief_stays_a_distribution_and_its_key_in_use_one_of_the_twelve(notes: list[np.ndarray]) -> None:
    posterior = flat_posterior(12)
    for bits in notes:
        posterior = posterior.after(bits)
        assert posterior.weights.sum() == approx(1)
        assert posterior.weights.min() > 0
        assert posterior.in_use in range(12)


@given(rows)
def test_one_note_speaks_for_a_key_with_so_many_bits_at_most(bits: np.ndarray) -> None:
    weights = flat_posterior(12).after(bits).weights
    assert weights.max() / weights.min() <= 2**MOST_EVIDENCE * 1.0001


def test_the_key_in_use_changes_only_with_a_clear_lead() -> None:
    posterior = flat_posterior(2)
    for _ in range(3):
        posterior = posterior.after(np.array([0.0, 4.0]))
    assert posterior.in_use == 0
    assert posterior.was_clear
    before = posterior
    while posterior.in_use == 0:
        before, posterior = posterior, posterior.after(np.array([1.0, 0.0]))
    assert before.leader == 1  # it led already, but not clearly
    assert posterior.weights[1] >= 0.9 or posterior.led == 3
    assert before.weights[1] < 0.9
    assert before.led < 3


def test_until_a_key_was_clear_the_likeliest_is_in_use() -> None:
    posterior = flat_posterior(2).after(np.array([0.0, 1.0]))
    assert posterior.in_use == 0
    posterior = posterior.after(np.array([1.5, 0.0]))
    assert posterior.in_use == 1
    assert not posterior.was_clear


def test_a_fixed_key_is_believed_whatever_is_heard() -> None:
    posterior = flat_posterior(1).after(np.array([30.0]))
    assert posterior.in_use == 0
    assert posterior.weights == approx([1.0])
    assert posterior.expected == approx([1.0])


def test_what_a_key_model_hears_outweighs_notes_that_fit_both_keys() -> None:
    posterior = flat_posterior(2)
    for _ in range(5):
        posterior = posterior.after(np.array([0.0, 2.0]), heard=np.array([0.9, 0.1]))
    assert posterior.in_use == 0
    assert posterior.weights[0] > 0.9  # both agree
    for _ in range(3):
        posterior = posterior.after(np.array([1.0, 1.0]), heard=np.array([0.001, 0.999]))
    assert posterior.in_use == 1


def test_of_the_first_notes_all_count_and_of_later_ones_the_last() -> None:
    even = np.array([0.5, 0.5])

    def after_one_clear_note(then: int, before: int) -> float:
        posterior = flat_posterior(2)
        for number in range(before + 1 + then):
            posterior = posterior.after(np.array([0.0, 4.0 if number == before else 0.0]), heard=even)
        return float(posterior.evidence[0])

    assert after_one_clear_note(then=SETTLED - 1, before=0) > 0.9
    assert after_one_clear_note(then=SETTLED - 1, before=SETTLED) < 0.7


@given(st.lists(st.tuples(rows, rows), max_size=20))
def test_a_belief_with_a_key_model_stays_a_distribution(notes: list[tuple[np.ndarray, np.ndarray]]) -> None:
    posterior = flat_posterior(12)
    for bits, scores in notes:
        heard = np.exp2(-scores)
        posterior = posterior.after(bits, heard / heard.sum())
        assert posterior.weights.sum() == approx(1)
        assert posterior.evidence.sum() == approx(1)
        assert np.isfinite(posterior.weights).all()
        assert posterior.in_use in range(12)


def test_the_accompaniment_says_which_of_two_keys_it_is() -> None:
    """The melody fits C major and G major alike; below it lies F."""
    classes = np.array([5, 10])  # as F is in C major, and in G major
    undecided = flat_posterior(2).after(np.array([1.0, 1.0]), heard=np.array([0.45, 0.55]))
    assert undecided.in_use == 1
    decided = undecided.accompanied(classes, 1.0)
    assert decided.weights is undecided.weights  # until the melody's next note
    assert decided.after(np.array([1.0, 1.0]), heard=np.array([0.45, 0.55])).weights[0] > 0.8
    without = flat_posterior(2).after(np.array([1.0, 1.0]))
    assert without.accompanied(classes, 1.0).after(np.array([1.0, 1.0])).weights[0] > 0.8


@given(st.lists(st.integers(0, 11), max_size=40))
def test_whatever_accompanies_the_belief_stays_a_distribution(pitches: list[int]) -> None:
    posterior = flat_posterior(12)
    for pitch in pitches:
        posterior = posterior.accompanied((pitch + np.arange(12)) % 12, 0.5).after(np.zeros(12))
        assert posterior.weights.sum() == approx(1)
        assert posterior.weights.min() > 0


def test_a_note_that_any_key_may_have_changes_no_key_in_use_before_one_was_clear() -> None:
    heard = np.array([0.5, 0.5])
    posterior = flat_posterior(2).after(np.array([0.0, 0.5]), heard)
    assert posterior.in_use == 0
    posterior = posterior.after(np.array([2.0, 0.0]), heard)
    assert posterior.leader == 1
    assert not posterior.was_clear
    assert posterior.in_use == 0


def test_a_line_in_a_blues_scale_speaks_for_the_minor_key_of_its_tonic() -> None:
    blues, costs = Blues(np.full(12, 1 / 12)), 4.0
    for degree in (0, 3, 5, 6, 7, 10, 12):
        blues = blues.after((2 + degree + TRANSPOSED) % 12, costs)  # in D
    assert blues.weights.argmax() == 12 - (2 - TONIC) % 12
    assert blues.weights.sum() == approx(1)
    assert blues.probability > 0.5
    assert Blues(blues.weights).after((2 + TRANSPOSED) % 12, 0.5).probability < 0.05  # the model knew it better
