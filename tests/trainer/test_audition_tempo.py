import numpy as np
import pytest
from pytest import approx

from antiphon.improviser.tempo.midi_clock import MidiClock
from antiphon.improviser.tempo.rhythm import (
    COMPOUND_COUNTS,
    COMPOUND_POSITIONS,
    COUNTS,
    DURATIONS,
    POSITIONS,
    nearest_last,
)
from antiphon_trainer.audition import clock, tempo
from antiphon_trainer.audition.durations import compound_onsets, inter_onset_steps, onsets_in_beats, table
from antiphon_trainer.audition.pulse_trains import Train, in_bursts, jittered, ramp, steady, stepping
from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.corpus.songs import Song
from tests.daemon.tunes import ODE_TO_JOY

ODE = [symbol for pitch, beats in ODE_TO_JOY for symbol in [str(pitch), *["_"] * round(beats * 4 - 1)]]
SONG = Song("ode", "", ODE)


def test_steps_between_onsets_are_counted_over_rests() -> None:
    assert inter_onset_steps(["60", "_", "62", "r", "_", "60", "_"]) == [2, 3]


def test_the_table_counts_durations_by_the_last_one_and_the_position() -> None:
    onsets = [step for step, symbol in enumerate(ODE) if symbol != "_"]
    counted = table([onsets])
    assert counted.shape == np.shape(COUNTS)
    # The dotted quarters begin on the beat, and 2 of its 28 pairs are they with an eighth behind, half a beat later.
    assert counted[nearest_last(6) * POSITIONS + 2, DURATIONS.index(2)] == approx(2 / 28)
    assert counted.sum() == approx(1)


def test_songs_are_counted_from_their_beats_and_those_without_metre_are_not() -> None:
    upbeat = Song("ode", "", ["60", "_", *ODE], [Barline(0, 14, 16), Barline(2, 0, 16)])
    (onsets,) = onsets_in_beats([upbeat, SONG])
    assert [onset % 4 for onset in onsets[:4]] == [2, 0, 0, 0]


def test_songs_in_6_8_are_counted_by_their_dotted_beats_and_those_in_3_4_are_not() -> None:
    def song(lengths: list[int]) -> Song:
        return Song(
            "a", "", [symbol for length in lengths for symbol in ["60", *["_"] * (length - 1)]], [Barline(0, 0, 12)]
        )

    jig, waltz = song([*[4, 2] * 6, 6, 6]), song([4, 4, 2, 2] * 4)
    assert [onsets[:5] for onsets in compound_onsets([jig, waltz, SONG])] == [[0, 4, 6, 10, 12]]
    counted = table(compound_onsets([jig, waltz]), COMPOUND_POSITIONS)
    assert counted.shape == np.shape(COMPOUND_COUNTS)
    assert counted[nearest_last(4) * COMPOUND_POSITIONS + 4, DURATIONS.index(2)] == approx(6 / 12)


def test_a_performance_is_near_its_tempo() -> None:
    steps = np.full(400, 4)
    intervals = tempo.perform(steps, np.random.default_rng(1))
    beat = intervals.mean()
    assert 60 / 140 * 0.97 < beat < 60 / 70 * 1.03
    assert 0.01 * beat < intervals.std() < 0.04 * beat + 0.017


def test_following_is_measured_beside_its_baselines() -> None:
    result = tempo.measure([SONG] * 6, seed=1)
    follower, running, fixed = result.found
    assert result.songs == 6
    assert follower.right >= tempo.TARGET > fixed.right
    assert follower.right >= running.right
    assert sum(follower.songs.values()) == 6
    assert result.as_json()["tempo"]["found"][0]["right"] == follower.right
    assert any("follower" in line for line in result.lines())
    assert tempo.measure([SONG] * 6, seed=1) == result


def test_trains_have_the_tempi_that_they_say() -> None:
    assert np.diff(steady(120, 2)) == approx(60 / 120 / 24)
    due, changed = stepping(90, 120, 4)
    assert np.diff(due)[changed - 1] == approx(60 / 90 / 24)
    assert np.diff(due)[changed] == approx(60 / 120 / 24)
    rising = np.diff(ramp(100, 140, 32, 2))
    assert rising[0] == approx(60 / 100 / 24)
    assert rising[-1] == approx(60 / 140 / 24, rel=0.01)
    assert (np.diff(rising) < 1e-9).all()


def test_pulses_come_as_late_as_said() -> None:
    due, random = steady(113, 16), np.random.default_rng(1)
    assert np.abs(jittered(due, random) - due).max() < 0.001
    delays = in_bursts(512)(due, random) - due
    assert delays.min() >= 0
    assert delays.max() == approx(512 / 48_000, abs=0.001)


def test_a_note_leaves_by_the_latest_map() -> None:
    due = steady(120, 4)
    assert clock.note_errors(Train(due, due), clock.started()) == approx(0, abs=1e-9)
    late = clock.note_errors(Train(due, due + 0.01), clock.started())
    assert late == approx(0.01)


@pytest.mark.parametrize(
    "name", ["jitter of 1 ms", "120 → 100 BPM", "ramp 100 → 140 over 8 bars", "1 to 12 pulses missing"]
)
def test_the_clock_is_measured_beside_the_mean_interval(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "RUNS", 2)
    monkeypatch.setattr(clock, "KINDS", [kind for kind in clock.KINDS if kind.name == name])
    result = clock.measure([SONG], seed=1)
    (row,) = result.rows
    assert row.target is not None
    assert row.clock.p99 <= row.target
    assert row.lock_target is None or (row.clock.lock is not None and row.clock.lock <= row.lock_target)
    assert row.clock.p50 <= row.clock.p99
    assert result.as_json()["clock"][0]["name"] == name
    assert name in result.lines()[1]


def test_the_naive_follower_miscounts_a_hole() -> None:
    due = steady(120, 8)
    came = due.copy()
    came[96:102] = np.nan
    train = Train(due, came)
    assert clock.note_errors(train, clock.MeanInterval())[-1] > 0.1
    assert clock.note_errors(train, clock.started())[-1] < 0.001


def test_started_is_a_clock_at_its_beginning() -> None:
    assert isinstance(clock.started(), MidiClock)
