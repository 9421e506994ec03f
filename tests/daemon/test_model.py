import numpy as np
import pytest

from antiphon.melody.model import LiteModel, Metre
from antiphon.musician import load_musician
from antiphon.settings import read_settings


@pytest.fixture(scope="module")
def model() -> LiteModel:
    return load_musician(read_settings(None)).model


@pytest.mark.parametrize("rows", [1, 12])
def test_a_step_knows_the_metre_that_it_is_given_whatever_the_step_before_was_given(
    model: LiteModel, rows: int
) -> None:
    state, tokens = model.initial_state(rows), np.zeros(rows, np.int32)
    downbeat, upbeat = (Metre(np.full(rows, at, np.int32), np.full(rows, 16, np.int32)) for at in (0, 15))
    metres = [None, downbeat, upbeat]
    first = [model.step(tokens, state, metre)[0] for metre in metres]
    again = [model.step(tokens, state, metre)[0] for metre in reversed(metres)]
    assert len({each.tobytes() for each in first}) == 3
    np.testing.assert_array_equal(first, again[::-1])
