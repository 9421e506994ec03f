import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon.improviser.tempo.rhythm import (
    COMPOUND_COUNTS,
    COMPOUND_POSITIONS,
    COUNTS,
    DURATIONS,
    LAST,
    POSITIONS,
    STATES,
    rhythm,
)
from antiphon.improviser.tempo.tempo_follower import FASTEST, SLOWEST, TempoFollower, tapped_bpm
from tests.daemon.tunes import ODE_TO_JOY

ODE = [round(beats * 4) for _, beats in ODE_TO_JOY]


def followed(follower: TempoFollower, intervals: list[float]) -> list[TempoFollower]:
    followers = []
    for interval in intervals:
        follower = follower.after(interval)
        followers.append(follower)
    return followers


@given(
    st.floats(1, 1000),
    st.sampled_from([1.0, 2.0, 3.0, 4.0, 6.0, 12.0]),
    st.lists(st.floats(-1, 100) | st.floats(0.05, 1) | st.just(math.inf) | st.just(math.nan), max_size=30),
)
def test_whatever_is_played_it_has_a_tempo_and_some_steps(bpm: float, grid: float, intervals: list[float]) -> None:
    for follower in followed(TempoFollower(bpm, grid), intervals):
        assert follower.steps >= 1
        assert math.isfinite(follower.bpm)
        assert 0 <= follower.certainty <= 1.0001
        if follower.weights is not None:
            assert SLOWEST * 0.9999 <= follower.bpm <= FASTEST * 1.0001
            assert follower.weights.sum() == approx(1, abs=1e-4)


@pytest.mark.parametrize("bpm", [75, 88, 104, 120])
def test_a_tune_is_counted_right_at_a_tempo_that_nobody_said(bpm: float) -> None:
    followers = followed(TempoFollower(100), [steps * 15 / bpm for steps in ODE])
    assert [follower.steps for follower in followers][4:] == ODE[4:]
    assert followers[-1].bpm == approx(bpm, rel=0.01)


def test_a_tempo_that_drifts_is_followed() -> None:
    random = np.random.default_rng(1)
    tune = ODE * 3
    tempi = np.linspace(100, 130, len(tune))
    intervals = [steps * 15 / bpm + random.uniform(-0.02, 0.02) for steps, bpm in zip(tune, tempi, strict=True)]
    followers = followed(TempoFollower(100), intervals)
    assert [follower.steps for follower in followers] == tune
    assert followers[-1].bpm == approx(130, rel=0.03)


def counted(follower: TempoFollower, intervals: Iterable[float]) -> list[int]:
    return [each.steps for each in followed(follower, list(intervals))]


def played_by_hand(tune: list[int], bpm: float, seed: int) -> list[float]:
    """Return the intervals of a tune, of which equal neighbours differ by 10 %, and onsets by 12 ms more."""
    random = np.random.default_rng(seed)
    uneven = np.array(tune) * 15 / bpm * np.exp(random.normal(0, 0.07, len(tune)))
    return list(uneven + np.diff(random.normal(0, 0.012, len(tune) + 1)))


def test_a_tune_that_is_played_as_people_play_is_counted_right() -> None:
    tune = ODE * 3
    right = [
        found == written
        for bpm in (80, 100, 120)
        for seed in range(5)
        for found, written in list(
            zip(counted(TempoFollower(100), played_by_hand(tune, bpm, seed)), tune, strict=True)
        )[8:]
    ]
    assert np.mean(right) > 0.97  # 92 % with one level of noise, onsets within 20 ms


@pytest.mark.parametrize(("bpm", "set_bpm"), [(32, 29), (45, 52), (190, 160), (240, 200), (300, 330)])
def test_slow_and_fast_tempi_are_heard_where_they_are_set(bpm: float, set_bpm: float) -> None:
    tune = ODE * 2
    assert counted(TempoFollower(set_bpm), [steps * 15 / bpm for steps in tune])[8:] == tune[8:]


@given(st.floats(70, 180), st.floats(0.85, 1.15))
def test_the_level_is_that_of_the_tempo_that_is_set(bpm: float, off: float) -> None:
    tune = ODE * 2
    assert counted(TempoFollower(bpm * off), [steps * 15 / bpm for steps in tune])[8:] == tune[8:]


def test_the_tempo_in_use_is_held_on_to() -> None:
    followers = followed(TempoFollower(100), [0.6] * 12 + [0.3] * 8)
    assert {follower.steps for follower in followers[:12]} == {4}
    assert {follower.steps for follower in followers[12:]} == {2}


def test_a_tempo_that_is_only_a_little_likelier_takes_no_other_ones_place() -> None:
    *_, follower = followed(TempoFollower(100), [0.6] * 4)
    assert follower.weights is not None
    weights = follower.weights.copy()
    in_use = int(weights.sum(1).argmax())
    other = in_use - 17  # half the tempo, more or less
    weights[other] = weights[in_use - 3 : in_use + 4].sum(0) * 3
    torn = replace(follower, weights=weights / weights.sum()).after(0.6)
    assert torn.bpm == approx(follower.bpm, rel=0.05)


def test_an_interval_that_no_duration_explains_is_rounded_and_changes_no_tempo() -> None:
    *_, before = followed(TempoFollower(100), [0.6] * 12)
    after = before.after(0.15 * 53)
    assert after.steps == 53
    assert after.bpm == before.bpm


def test_the_tempo_is_surer_in_a_tune_than_where_nothing_is_in_time() -> None:
    tune = followed(TempoFollower(100), [steps * 0.15 for steps in ODE])
    jumble = followed(TempoFollower(100), np.random.default_rng(1).uniform(0.05, 1, 60).tolist())
    assert min(follower.certainty for follower in tune[8:]) > 0.95
    assert np.median([follower.certainty for follower in jumble[1:20]]) < 0.9
    assert TempoFollower(100).certainty == 0
    assert tune[-1].tapped(80).certainty == 1


def test_what_is_believed_is_a_value() -> None:
    follower = TempoFollower(100).after(0.6)
    once, again = follower.after(0.31), follower.after(0.31)
    assert (once.steps, once.bpm) == (again.steps, again.bpm)


@pytest.mark.parametrize(("grid", "steps"), [(2, [2, 1, 4]), (3, [3, 2, 6]), (12, [12, 6, 24])])
def test_the_grid_may_be_another_than_sixteenths(grid: float, steps: list[int]) -> None:
    followers = followed(
        TempoFollower(100, grid), [0.6, 0.6, 0.6, 0.6, 0.3, 1.2] if grid != 3 else [0.6] * 4 + [0.4, 1.2]
    )
    assert followers[3].steps == steps[0]
    assert followers[5].steps == steps[2]


def test_what_is_tapped_is_believed() -> None:
    *_, follower = followed(TempoFollower(100), [0.6] * 8)
    tapped = follower.tapped(50)
    assert tapped.bpm == 50
    assert tapped.after(0.6).steps == 2
    assert follower.tapped(1e6).bpm == FASTEST


def test_two_taps_suffice_and_old_ones_are_forgotten() -> None:
    assert tapped_bpm([]) is None
    assert tapped_bpm([1.0]) is None
    assert tapped_bpm([1.0, 1.5]) == approx(120)
    assert tapped_bpm([1.0, 1.5, 2.0, 2.9, 3.4]) == approx(120)
    assert tapped_bpm([1.0, 1.5, 4.0]) is None
    assert tapped_bpm([1.0, 1.5, 4.0, 5.0]) == approx(60)
    assert tapped_bpm([1.0, 1.0]) is None


def test_the_table_has_a_row_for_each_last_duration_in_each_position() -> None:
    assert np.shape(COUNTS) == (len(LAST) * POSITIONS, len(DURATIONS))
    assert np.shape(COMPOUND_COUNTS) == (len(LAST) * COMPOUND_POSITIONS, len(DURATIONS))
    assert rhythm().transitions.sum(1) == approx(np.ones(STATES), abs=1e-5)
    assert rhythm().leads_to.sum(1) == approx(1, abs=1e-5)


def test_quarters_and_eighths_of_6_8_may_be_played_nearer_to_each_other_than_2_to_1() -> None:
    quarter, eighth = 0.75, 0.54
    siciliano = [0.645, 0.215, 0.43]
    found = followed(TempoFollower(100), [*[*siciliano, quarter, eighth] * 2, *[quarter, eighth] * 2] * 4)
    assert [follower.steps for follower in found[10:]] == ([4, 2, 4, 2] + [3, 1, 2, 4, 2] * 2) * 3 + [4, 2, 4, 2]


@pytest.mark.parametrize("ratio", [1.7, 2.0])
def test_quarters_and_eighths_of_6_8_alone_are_no_dotted_notes(ratio: float) -> None:
    eighth = 1.29 / (1 + ratio)
    found = followed(TempoFollower(100), [ratio * eighth, eighth] * 16)
    assert [follower.steps for follower in found[20:]] == [4, 2] * 6
