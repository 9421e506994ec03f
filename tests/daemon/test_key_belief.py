import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon.improviser.key_belief import MOST_EVIDENCE, no_belief

rows = st.lists(st.floats(0, 100), min_size=12, max_size=12).map(np.array)


@given(st.lists(rows, max_size=20))
def test_a_belief_stays_a_distribution_and_its_key_in_use_one_of_the_twelve(notes: list[np.ndarray]) -> None:
    belief = no_belief(12)
    for bits in notes:
        belief = belief.after(bits)
        assert belief.weights.sum() == approx(1)
        assert belief.weights.min() > 0
        assert belief.in_use in range(12)


@given(rows)
def test_one_note_speaks_for_a_key_with_four_bits_at_most(bits: np.ndarray) -> None:
    weights = no_belief(12).after(bits).weights
    assert weights.max() / weights.min() <= 2**MOST_EVIDENCE * 1.0001


def test_the_key_in_use_changes_only_with_a_clear_lead() -> None:
    belief = no_belief(2)
    for _ in range(3):
        belief = belief.after(np.array([0.0, 4.0]))
    assert belief.in_use == 0
    towards_the_other = np.array([4.0, 0.0])
    in_use = []
    for _ in range(8):
        belief = belief.after(towards_the_other)
        in_use.append((belief.in_use, bool(belief.weights[1] >= 0.9), belief.led))
    first = next(i for i, (key, *_) in enumerate(in_use) if key == 1)
    assert first > 0
    assert all(clear or led >= 3 for key, clear, led in in_use[first:] if key == 1)
    assert not any(clear or (belief.leader == 1 and led >= 3 and key == 1) for key, clear, led in in_use[:first])


def test_a_fixed_key_is_believed_whatever_is_heard() -> None:
    belief = no_belief(1).after(np.array([30.0]))
    assert belief.in_use == 0
    assert belief.weights == approx([1.0])
    assert belief.expected == approx([1.0])
