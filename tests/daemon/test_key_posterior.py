import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon.improviser.listening.key_posterior import MOST_EVIDENCE, flat_posterior

rows = st.lists(st.floats(0, 100), min_size=12, max_size=12).map(np.array)


@given(st.lists(rows, max_size=20))
def test_a_belief_stays_a_distribution_and_its_key_in_use_one_of_the_twelve(notes: list[np.ndarray]) -> None:
    belief = flat_posterior(12)
    for bits in notes:
        belief = belief.after(bits)
        assert belief.weights.sum() == approx(1)
        assert belief.weights.min() > 0
        assert belief.in_use in range(12)


@given(rows)
def test_one_note_speaks_for_a_key_with_so_many_bits_at_most(bits: np.ndarray) -> None:
    weights = flat_posterior(12).after(bits).weights
    assert weights.max() / weights.min() <= 2**MOST_EVIDENCE * 1.0001


def test_the_key_in_use_changes_only_with_a_clear_lead() -> None:
    belief = flat_posterior(2)
    for _ in range(3):
        belief = belief.after(np.array([0.0, 4.0]))
    assert belief.in_use == 0
    assert belief.was_clear
    before = belief
    while belief.in_use == 0:
        before, belief = belief, belief.after(np.array([1.0, 0.0]))
    assert before.leader == 1  # it led already, but not clearly
    assert belief.weights[1] >= 0.9 or belief.led == 3
    assert before.weights[1] < 0.9
    assert before.led < 3


def test_until_a_key_was_clear_the_likeliest_is_in_use() -> None:
    belief = flat_posterior(2).after(np.array([0.0, 1.0]))
    assert belief.in_use == 0
    belief = belief.after(np.array([1.5, 0.0]))
    assert belief.in_use == 1
    assert not belief.was_clear


def test_a_fixed_key_is_believed_whatever_is_heard() -> None:
    belief = flat_posterior(1).after(np.array([30.0]))
    assert belief.in_use == 0
    assert belief.weights == approx([1.0])
    assert belief.expected == approx([1.0])


def test_what_a_key_model_hears_outweighs_notes_that_fit_both_keys() -> None:
    belief = flat_posterior(2)
    for _ in range(5):
        belief = belief.after(np.array([0.0, 2.0]), heard=np.array([0.9, 0.1]))
    assert belief.in_use == 0
    assert belief.weights[0] > 0.9  # both agree
    for _ in range(3):
        belief = belief.after(np.array([1.0, 1.0]), heard=np.array([0.001, 0.999]))
    assert belief.in_use == 1


@given(st.lists(st.tuples(rows, rows), max_size=20))
def test_a_belief_with_a_key_model_stays_a_distribution(notes: list[tuple[np.ndarray, np.ndarray]]) -> None:
    belief = flat_posterior(12)
    for bits, scores in notes:
        heard = np.exp2(-scores)
        belief = belief.after(bits, heard / heard.sum())
        assert belief.weights.sum() == approx(1)
        assert belief.evidence.sum() == approx(1)
        assert np.isfinite(belief.weights).all()
        assert belief.in_use in range(12)
