import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon_trainer.corpus.metre import Barline, barlines_of, metre_of_steps, read, written

lines = st.lists(
    st.builds(Barline, st.integers(0, 500), st.integers(0, 64), st.integers(0, 64)),
    max_size=8,
    unique_by=lambda line: line.step,
).map(lambda barlines: sorted(barlines, key=lambda line: line.step))


@given(lines)
def test_barlines_go_through_their_text(barlines: list[Barline]) -> None:
    assert read(written(barlines)) == barlines


@pytest.mark.parametrize("text", ["0:1", "4:0/16 0:0/16", "0:0/16 0:0/16", "x", "0:-1/16"])
def test_what_are_no_barlines_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no barlines"):
        read(text)


def test_positions_begin_again_at_every_barline_and_an_upbeat_ends_at_one() -> None:
    position, bar = metre_of_steps(barlines_of([(0, 8), (2, 8), (10, 8)]), 13)
    assert position.tolist() == [6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2]
    assert set(bar.tolist()) == {8}


def test_a_change_of_metre_and_a_song_without_one() -> None:
    position, bar = metre_of_steps(barlines_of([(0, 4), (4, 6), (10, 0)]), 12)
    assert position.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 0, 0]
    assert bar.tolist() == [4] * 4 + [6] * 6 + [0] * 2
    assert [array.tolist() for array in metre_of_steps([], 2)] == [[0, 0], [0, 0]]


def test_a_first_bar_that_is_too_long_is_no_upbeat() -> None:
    assert barlines_of([(0, 8), (12, 8)])[0] == Barline(0, 0, 8)
