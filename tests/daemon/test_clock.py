from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon.improviser.tempo.midi_clock import MidiClock

events = st.one_of(
    st.tuples(st.sampled_from(["start", "proceed", "stop", "pulse", "lose"]), st.floats(0, 1)),
    st.tuples(st.just("song_position"), st.integers(0, 16383)),
    st.tuples(st.just("pulses"), st.lists(st.floats(0, 0.2), max_size=60)),
    st.tuples(st.just("steady"), st.tuples(st.floats(0.003, 0.2), st.integers(0, 60))),
)


def beat(clock: MidiClock, times: Iterable[float]) -> MidiClock:
    for time in times:
        clock.pulse(time)
    return clock


def at(bpm: float, pulses: int, start: float = 0.0) -> list[float]:
    return [start + i * 60 / bpm / 24 for i in range(pulses)]


def started() -> MidiClock:
    clock = MidiClock(100)
    clock.start(0.0)
    return clock


@given(st.lists(events, max_size=20))
def test_whatever_comes_the_map_stays_within_its_bounds(script: list) -> None:
    clock, time = MidiClock(100), 5.0
    for name, value in script:
        if name == "song_position":
            clock.song_position(value)
        elif name in ("pulses", "steady"):
            for gap in value if name == "pulses" else [value[0]] * value[1]:
                time += gap
                clock.pulse(time)
        else:
            time += value
            getattr(clock, name)(time)
        tempo = clock.tempo
        assert 20 <= tempo.bpm <= 400.0001
        assert tempo.step_at(time) < tempo.step_at(time + 0.01)
        assert clock.next_check() is None or clock.rolling


def test_the_first_pulse_after_start_is_step_0() -> None:
    clock = started()
    assert not clock.rolling
    clock.pulse(7.0)
    assert clock.rolling
    assert clock.tempo.step_at(7.0) == approx(0)
    beat(clock, at(120, 49, 7.0)[1:])
    assert clock.tempo.bpm == approx(120)
    assert clock.tempo.step_at(8.0) == approx(8)


def test_the_grid_may_be_another_than_sixteenths_and_be_shifted() -> None:
    clock = MidiClock(100, steps_per_beat=3, offset=-0.02)
    clock.start(0.0)
    beat(clock, at(120, 49))
    assert clock.tempo.time_of(6) == approx(0.98)


@pytest.mark.parametrize("bpm", [20, 61.7, 133, 400])
def test_jitter_is_filtered_out(bpm: float) -> None:
    random = np.random.default_rng(1)
    due = np.array(at(bpm, 240))
    clock = started()
    errors = []
    for i, time in enumerate(due + random.uniform(-0.001, 0.001, len(due))):
        clock.pulse(time)
        errors.append(clock.tempo.time_of((i + 1) / 6) - due[i] - 60 / bpm / 24)
    assert np.abs(errors[24:]).max() < 0.001


@pytest.mark.parametrize("frames", [256, 512, 1024])
def test_bursts_are_seen_through(frames: int) -> None:
    period = frames / 48_000
    due = np.array(at(100, 240))
    clock = beat(started(), np.ceil(due / period) * period)
    assert clock.tempo.bpm == approx(100, rel=0.002)
    assert clock.tempo.time_of(40) == approx(due[-1] + 60 / 100 / 24, abs=0.002)


@pytest.mark.parametrize(("before", "after"), [(90, 120), (120, 100), (120, 60), (60, 120), (120, 40)])
def test_another_tempo_is_locked_within_a_beat(before: float, after: float) -> None:
    random = np.random.default_rng(2)
    first = at(before, 96)
    due = np.array(first + at(after, 24, first[-1] + 60 / before / 24))
    clock = beat(started(), due + random.uniform(-0.001, 0.001, len(due)))
    assert clock.tempo.time_of(20) == approx(due[-1] + 60 / after / 24, abs=0.002)


@pytest.mark.parametrize("missing", [1, 2, 5, 12])
@pytest.mark.parametrize("bpm", [20, 120, 400])
def test_missing_pulses_are_counted(missing: int, bpm: float) -> None:
    times = np.array(at(bpm, 120)) + np.random.default_rng(3).uniform(-0.001, 0.001, 120)
    clock = beat(started(), [*times[:60], *times[60 + missing :]])
    assert clock.tempo.step_at(times[-1]) == approx(119 / 6, abs=0.1)


@pytest.mark.parametrize("delay", [0.015, 0.03, 0.05])
def test_a_pulse_that_was_held_up_changes_nothing(delay: float) -> None:
    times = at(120, 120)
    held_up = [*times[:60], *[max(time, times[60] + delay) for time in times[60:]]]
    clock = beat(started(), held_up)
    assert clock.tempo.bpm == approx(120, rel=0.001)
    assert clock.tempo.step_at(times[-1]) == approx(119 / 6, abs=0.02)


def test_a_late_pulse_is_not_believed_at_once() -> None:
    clock = beat(started(), at(120, 60))
    clock.pulse(at(120, 61)[60] + 0.015)
    assert clock.tempo.bpm == approx(120, rel=0.001)
    assert clock.tempo.step_at(at(120, 61)[60]) == approx(10, abs=0.01)


def test_pulses_of_a_stopped_transport_tell_the_tempo_only() -> None:
    clock = beat(MidiClock(100), at(140, 48))
    assert not clock.rolling
    assert clock.tempo.bpm == approx(140)
    assert clock.next_check() is None


def test_continue_goes_on_behind_the_last_pulse_that_counted() -> None:
    times = at(120, 72)
    clock = beat(started(), times[:24])
    clock.stop(times[23])
    assert not clock.rolling
    beat(clock, times[24:48])
    clock.proceed(times[47])
    beat(clock, times[48:])
    assert clock.rolling
    assert clock.tempo.step_at(times[48]) == approx(4)


def test_song_position_puts_the_next_pulse_there() -> None:
    times = at(120, 72)
    clock = MidiClock(100)
    clock.song_position(32)
    clock.proceed(0.0)
    beat(clock, times[:30])
    assert clock.tempo.step_at(times[6]) == approx(33)
    clock.song_position(8)
    assert clock.rolling
    beat(clock, times[30:])
    assert clock.tempo.step_at(times[30]) == approx(8)


def test_a_second_start_begins_again() -> None:
    times = at(120, 60)
    clock = beat(started(), times[:30])
    clock.start(times[29])
    clock.start(times[29])
    beat(clock, times[30:])
    assert clock.tempo.step_at(times[36]) == approx(1)
    assert clock.tempo.bpm == approx(120)


def test_a_clock_laid_anew_at_start_is_followed_from_its_first_pulse() -> None:
    clock = beat(MidiClock(100), at(120, 60))
    restart = at(120, 60)[-1] + 0.012
    clock.start(restart)
    clock.pulse(restart)
    assert clock.tempo.time_of(4) == approx(restart + 0.5, abs=0.002)


def test_a_silent_clock_is_lost_once_and_playing_goes_on() -> None:
    clock = beat(started(), at(120, 48))
    last = at(120, 48)[-1]
    assert clock.next_check() == approx(last + 0.5)
    assert not clock.is_lost(last + 0.49)
    assert clock.is_lost(last + 0.5)
    clock.lose(last + 0.5)
    assert not clock.is_lost(last + 1)
    assert clock.next_check() is None
    assert clock.tempo.step_at(4.0) == approx(32)
    clock.pulse(4.0)
    assert clock.tempo.step_at(4.0) == approx(32)
    assert clock.next_check() == approx(4.5)


def test_pulses_that_come_at_once_after_a_stall_are_no_quick_tempo() -> None:
    interval, stall = 60 / 110 / 24, (6.8, 6.87)
    clock = MidiClock(100)
    clock.start(0.0)
    quickest = 0.0
    for number in range(600):
        time = number * interval
        clock.pulse(stall[1] if stall[0] <= time < stall[1] else time)
        quickest = max(quickest, clock.tempo.bpm)
    assert quickest < 200
    assert clock.tempo.step_at(599 * interval) == pytest.approx(599 / 6, abs=0.05)
