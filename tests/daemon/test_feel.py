"""Feel: the answer takes on how the performer places and stresses the notes of the beat."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon.improviser.answering.style import Style
from antiphon.improviser.output.groove import Groove
from antiphon.improviser.output.metronome import Click
from antiphon.improviser.tempo.feel import MOST_LAG, Feel, FeelLearner
from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.players import BPM, improviser, ons, play

STEP = 15 / BPM
LATE = 0.012
"""Seconds by which the eighths off the beat come late."""
SOFT, LOUD = 60, 90


def laid_back(count: int = 48) -> list[tuple[float, NoteOn | NoteOff]]:
    """Return eighths of which those off the beat are late and soft."""
    events: list[tuple[float, NoteOn | NoteOff]] = []
    for number in range(count):
        start, pitch = number * 2 * STEP + (LATE if number % 2 else 0), 60 + 2 * (number % 4)
        events += [(start, NoteOn(pitch, SOFT if number % 2 else LOUD, 1)), (start + 1.5 * STEP, NoteOff(pitch, 1))]
    return events


def answered(feel: float, sync: str = "fixed") -> list[tuple[int, float, int]]:
    """Return (place in the beat in steps, seconds behind it, velocity) of each note of an answer."""
    click = Click(10, 76, 77) if sync == "fixed" else None
    style = Style(feel=feel, candidates=4)
    player = improviser(mode="call-response", sync="auto" if sync == "auto" else "fixed", style=style, click=click)
    notes = [(time, note) for time, note in ons(play(player, laid_back())) if note.channel == 2]
    assert len(notes) > 8
    return [(round(time / STEP) % 4, time - round(time / STEP) * STEP, note.velocity) for time, note in notes]


def of(place: int, notes: Sequence[tuple[int, float, int]]) -> list[tuple[float, int]]:
    return [(late, velocity) for where, late, velocity in notes if where == place]


def test_without_feel_the_answer_is_on_the_grid() -> None:
    assert all(abs(late) < 1e-6 for _, late, _ in answered(0.0))


@pytest.mark.parametrize("feel", [0.5, 1.0])
def test_notes_off_the_beat_come_as_late_as_hers(feel: float) -> None:
    notes = answered(feel)
    assert all(late == approx(feel * LATE, rel=0.25) for late, _ in of(2, notes))
    assert all(abs(late) < 0.001 for late, _ in of(0, notes))
    assert of(0, notes) and of(2, notes)


def test_accents_are_where_hers_are() -> None:
    notes = answered(1.0)
    on, off = ([velocity for _, velocity in of(place, notes)] for place in (0, 2))
    assert min(on) > max(off)


def test_a_note_is_stressed_by_its_own_place_and_not_by_that_of_the_note_it_is_like() -> None:
    feel = Feel()
    for number in range(40):
        feel = feel.after(2 * (number % 2), 0.0, SOFT if number % 2 else LOUD)
    all_of_it, none = Groove(4, feel=feel, amount=1.0), Groove(4, feel=feel)
    assert all_of_it.velocity(SOFT, step=8, like=2) == approx(LOUD, abs=6)
    assert all_of_it.velocity(LOUD, step=6, like=0) == approx(SOFT, abs=6)
    assert all_of_it.velocity(LOUD, step=12, like=0) == none.velocity(LOUD, step=6, like=0) == LOUD


def test_without_a_shared_beat_it_is_learned_from_interval_to_interval() -> None:
    feel = FeelLearner()
    player = improviser(mode="call-response", sync="auto", style=Style(feel=1.0, candidates=4))
    feel = player._replies.feel
    play(player, laid_back())
    assert feel.feel.mean_lag(2) * STEP == approx(LATE, rel=0.5)
    assert feel.feel.mean_lag(0) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.none() | st.floats(-3, 3), st.integers(1, 127)), max_size=30))
def test_whatever_is_learned_is_bounded_and_can_be_taken_back(notes: list[tuple[int, float | None, int]]) -> None:
    learner = FeelLearner()
    for note in notes:
        learner.join(*note, replaces=False)
    before = learner.feel
    learner.join(1, 0.1, 127, replaces=False)
    learner.join(2, 0.2, 1, replaces=True)
    learner.withdraw()
    assert learner.feel == before
    groove = Groove(4, feel=before, amount=1.0)
    for step in range(8):
        assert abs(groove.at(step) - step) <= MOST_LAG
        assert 1 <= groove.velocity(64, step, step + 1) <= 127


def test_few_notes_are_believed_little() -> None:
    one = Feel().after(2, 0.1, 80)
    many = one
    for _ in range(30):
        many = many.after(2, 0.1, 80)
    assert 0 < one.lag(2) < 0.03 < 0.08 < many.lag(2) <= 0.1
    assert one.lag(1) == one.accent(1) == 0
