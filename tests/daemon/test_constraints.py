"""What an answer may hold."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from antiphon.improviser.answering.constraints import WHITE_KEYS, Constraints, new_histories
from antiphon.melody.vocabulary import vocabulary_of

from .stub_model import VOCABULARY

any_constraints = st.builds(
    Constraints,
    lowest=st.integers(0, 127),
    highest=st.integers(0, 127),
    in_scale=st.booleans(),
    longest_rest=st.integers(0, 8),
    repetitions=st.integers(1, 3),
)
any_semitones = st.integers(-30, 30)
any_tokens = st.lists(st.integers(0, len(VOCABULARY) - 1), max_size=40)


def pitches_of(mask: np.ndarray) -> list[int]:
    return [pitch for pitch, token in VOCABULARY.pitches.items() if mask[token]]


def after(tokens: list[int]):
    course = new_histories(1)
    for token in tokens:
        course = course.after(np.array([token], np.int32), VOCABULARY)
    return course


def test_by_default_every_token_is_allowed() -> None:
    assert Constraints().mask(VOCABULARY, 0).all()


def test_the_range_counts_in_pitches_as_played() -> None:
    mask = Constraints(lowest=60, highest=64).mask(VOCABULARY, -3)
    assert pitches_of(mask) == [63, 64, 65, 66, 67]
    assert mask[[VOCABULARY.hold, VOCABULARY.rest, VOCABULARY.end]].all()


def test_in_scale_are_the_white_keys_of_the_models_key() -> None:
    mask = Constraints(lowest=60, highest=72, in_scale=True).mask(VOCABULARY, 5)
    assert pitches_of(mask) == [55, 57, 59, 60, 62, 64, 65, 67]


def test_crossed_bounds_are_a_range_too() -> None:
    assert np.array_equal(
        Constraints(lowest=64, highest=60).mask(VOCABULARY, 0), Constraints(lowest=60, highest=64).mask(VOCABULARY, 0)
    )


def test_a_range_beyond_the_vocabulary_moves_the_register_by_octaves() -> None:
    low = Constraints(lowest=24, highest=36)
    assert low.octaves(VOCABULARY, 0) == -24  # 48…60 of the vocabulary's 48…84 sound as 24…36
    assert pitches_of(low.mask(VOCABULARY, 0)) == list(range(48, 61))
    assert Constraints(lowest=40, highest=50).octaves(VOCABULARY, 0) == 0  # three pitches are left


def test_a_range_without_a_note_of_the_scale_goes_before_the_scale() -> None:
    assert pitches_of(Constraints(lowest=61, highest=61, in_scale=True).mask(VOCABULARY, 0)) == [61]


def test_a_range_that_the_vocabulary_cannot_reach_is_passed_over() -> None:
    triad = vocabulary_of(["60", "64", "67"])
    narrow = Constraints(lowest=61, highest=61)
    assert narrow.mask(triad, 0).all()
    assert narrow.octaves(triad, 0) == 0


@given(any_constraints, any_semitones)
def test_what_the_mask_allows_is_played_within_range_and_scale(constraints: Constraints, semitones: int) -> None:
    pitches = pitches_of(constraints.mask(VOCABULARY, semitones))
    low, high = sorted((constraints.lowest, constraints.highest))
    up = constraints.octaves(VOCABULARY, semitones)
    assert pitches
    assert up % 12 == 0
    assert all(low <= pitch + semitones + up <= high for pitch in pitches)
    if constraints.in_scale and high - low >= 11:
        assert {pitch % 12 for pitch in pitches} <= set(WHITE_KEYS)


@given(any_constraints, any_semitones, any_tokens)
def test_there_is_always_something_to_play(constraints: Constraints, semitones: int, tokens: list[int]) -> None:
    mask = constraints.mask(VOCABULARY, semitones)
    allowed = constraints.allowed(VOCABULARY, mask, after(tokens))
    assert allowed[0, VOCABULARY.pitch_tokens].any()
    assert not (allowed[0] & ~mask).any()


def test_a_rest_lasts_no_longer_than_it_may() -> None:
    hold, rest, note = VOCABULARY.hold, VOCABULARY.rest, VOCABULARY.tokens["60"]
    constraints = Constraints(longest_rest=2)
    mask = constraints.mask(VOCABULARY, 0)
    for tokens, goes_on in (
        ([note, rest], True),
        ([note, rest, hold], False),
        ([rest, rest], False),
        ([rest, note], True),
        ([note, hold, hold, hold], True),
    ):
        allowed = constraints.allowed(VOCABULARY, mask, after(tokens))[0]
        assert (allowed[hold], allowed[rest]) == (goes_on, goes_on), tokens
    never = Constraints(longest_rest=0).allowed(VOCABULARY, mask, after([note]))[0]
    assert never[hold]
    assert not never[rest]


def test_a_pitch_sounds_no_oftener_in_a_row_than_it_may() -> None:
    constraints, hold, rest = Constraints(repetitions=2), VOCABULARY.hold, VOCABULARY.rest
    c, d = VOCABULARY.tokens["60"], VOCABULARY.tokens["62"]
    mask = constraints.mask(VOCABULARY, 0)
    for tokens, again in (([c], True), ([c, c], False), ([c, rest, hold, c, hold], False), ([c, c, d], True)):
        assert constraints.allowed(VOCABULARY, mask, after(tokens))[0, c] == again, tokens
    alone = Constraints(lowest=60, highest=60, repetitions=2)
    assert alone.allowed(VOCABULARY, alone.mask(VOCABULARY, 0), after([c, c]))[0, c]


def test_rows_are_limited_each_for_itself() -> None:
    constraints, c, d = Constraints(repetitions=1), VOCABULARY.tokens["60"], VOCABULARY.tokens["62"]
    course = new_histories(2).after(np.array([c, d], np.int32), VOCABULARY)
    allowed = constraints.allowed(VOCABULARY, constraints.mask(VOCABULARY, 0), course)
    assert allowed[:, [c, d]].tolist() == [[False, True], [True, False]]
