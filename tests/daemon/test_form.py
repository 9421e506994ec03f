"""A melody that goes on has a form: phrases that close, in pairs, of which some return; and it can be ended."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.form import (
    MOST_PAIRS,
    WIDTH,
    Form,
    Plan,
    bars_of,
    first_steps,
    in_sequence,
    window_around,
)
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import KeyLock, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import Control
from antiphon.improviser.modes import Turn
from antiphon.melody.grid import Note
from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.players import BPM, STEP, check_sounding, improviser, ons
from tests.daemon.tunes import ODE_TO_JOY, events

FORMED = Style(form=True, candidates=16)
BAR = 16
TRIADS = (0, 4, 7, 9)
"""Pitch classes of C major's and A minor's."""
CALL = list(events(ODE_TO_JOY[:15], BPM))


def notes(*pairs: tuple[int | None, int]) -> tuple[Note, ...]:
    return tuple(Note(pitch, steps) for pitch, steps in pairs)


def goes_on(player: Improviser, bars: int, prepares: bool = False) -> list[Timed]:
    """Play the call, and return what follows for so many bars."""
    for time, event in CALL:
        player.receive(time, event)
    messages: list[Timed] = []
    last = CALL[-1][0] + (bars + 3) * BAR * STEP
    while (due := player.next_time()) is not None and due <= last:
        messages += player.advance(due)
        while prepares and player.prepare():
            pass
    return messages


def melody(messages: list[Timed]) -> list[tuple[int, int]]:
    """Return (step from the first note, pitch) of each note."""
    start = ons(messages)[0][0]
    return [(round((time - start) / STEP), note.pitch) for time, note in ons(messages)]


def test_a_sequence_moves_along_the_scale_and_keeps_what_is_altered() -> None:
    assert in_sequence(notes((60, 4), (64, 4), (None, 4), (71, 4)), 1) == notes((62, 4), (65, 4), (None, 4), (72, 4))
    assert in_sequence(notes((60, 4), (66, 4)), -2) == notes((57, 4), (63, 4))


def test_bars_are_what_starts_in_them() -> None:
    tune = notes((67, 4), (60, 8), (62, 8), (64, 20), (65, 8))
    assert bars_of(tune, BAR) == [((0, 67), (4, 60), (12, 62)), ((4, 64),), ((8, 65),)]
    assert bars_of(notes((60, 16), (None, 16)), BAR) == [((0, 60),), ()]
    assert first_steps(tune, 10) == notes((67, 4), (60, 6))


def test_a_melody_lies_around_its_call() -> None:
    assert window_around(notes((60, 4), (64, 4)), 40, 90) == (54, 70)
    assert window_around(notes((50, 4), (80, 4)), 40, 90) == (50, 80)
    assert window_around((), 40, 90) == (40, 90)


def test_phrases_are_planned_in_pairs_that_begin_alike_and_the_first_returns() -> None:
    form, generator, plans = Form(BAR, 0), np.random.default_rng(1), []
    for number in range(200):
        plans.append(form.planned(generator, 40, 90))
        opening = plans[-1].opening or notes((60 + number % 20, 8), (62 + number % 7, 24))
        left = 64 - sum(note.steps for note in opening)
        form = form.after((*opening, *(notes((60, left)) if left else ())), plans[-1])
    assert [plan.is_open for plan in plans] == [True, False] * 100
    assert {plan.source for plan in plans[0::2]} == {"new", "first"}
    assert {plan.source for plan in plans[1::2]} == {"new", "last"}
    assert {plan.degrees for plan in plans} == {-2, -1, 0, 1, 2}
    assert 10 < sum(plan.source == "first" for plan in plans) < 50


def test_a_pair_of_bars_that_has_come_often_does_not_return() -> None:
    phrase = notes((60, 16), (64, 16), (62, 16), (67, 16))
    form = Form(BAR, 0)
    for _ in range(MOST_PAIRS):
        form = form.after(phrase, Plan())
    plans = [form.planned(np.random.default_rng(seed), 40, 90) for seed in range(50)]
    assert all(plan.source == "new" or plan.degrees for plan in plans)
    assert form.heard_of(phrase, ()) == 4 and form.heard_of(phrase, phrase[:2]) == 2


@pytest.mark.parametrize("seed", range(3))
def test_what_goes_on_closes_returns_and_stays_in_its_range(seed: int) -> None:
    tune = melody(goes_on(improviser(seed, mode="continue", style=FORMED), 64))
    bars = [tuple((step % BAR, pitch) for step, pitch in tune if step // BAR == bar) for bar in range(64)]
    ends = [max(step for step, _ in tune if step < 64 * (number + 1)) for number in range(16)]  # as long as the call
    pitch_at = dict(tune)
    closing = [pitch_at[end] % 12 in TRIADS and end % 4 == 0 and -end % 64 >= 4 for end in ends]
    assert sum(closing) >= 0.8 * len(closing)
    assert 0.05 <= sum(bar in bars[:number] for number, bar in enumerate(bars)) / 64 <= 0.35
    assert max(Counter(pairwise(bars)).values()) <= MOST_PAIRS + 1
    assert max(pitch_at.values()) - min(pitch_at.values()) <= WIDTH


def test_what_is_prepared_is_what_would_be_drawn() -> None:
    prepared = goes_on(improviser(mode="continue", style=FORMED), 12, prepares=True)
    assert prepared == goes_on(improviser(mode="continue", style=FORMED), 12)
    assert prepared != goes_on(improviser(2, mode="continue", style=FORMED), 12)


def test_a_phrase_that_was_prepared_is_drawn_anew_once_the_performer_has_played_on() -> None:
    # A held melody goes on while she plays, and what is learned then counts for the next phrase, whenever it is drawn.
    def held(prepares: bool) -> list[tuple[float, NoteOn]]:
        player = improviser(mode="continue", style=replace(FORMED, memory=1.0))
        player.receive(0.0, Control("hold", 1))
        messages = goes_on(player, 0)
        for number, pitch in enumerate((60, 67) * 18):
            while prepares and number % 12 == 0 and player.prepare():
                pass
            messages += player.receive(player.now + 2 * STEP, NoteOn(pitch, 80, 1))
            messages += player.receive(player.now + STEP, NoteOff(pitch, 1))
        return ons(messages)

    assert held(prepares=True) == held(prepares=False)


def test_a_phrase_is_prepared_while_the_one_before_sounds() -> None:
    player = improviser(mode="continue", style=FORMED)
    goes_on(player, 1)
    steps = 0
    while player.prepare():
        steps += 1
    assert steps >= 63  # all but the last of a phrase of four bars
    assert not player.prepare()


@pytest.mark.parametrize("bars", [-1, 0, 1])
def test_knobs_and_a_key_count_from_the_next_note_on(bars: int) -> None:
    player = improviser(mode="continue", style=FORMED)
    goes_on(player, bars)
    now = player.now
    for event in (Control("lowest", 72), Control("highest", 83), KeyLock(0)):
        player.receive(now, event)
    after = ons(player.advance(now + 8 * BAR * STEP))
    assert len(after) > 10
    assert all(72 <= note.pitch <= 83 for _, note in after[1:])


def test_answer_now_brings_a_cadence_and_silence() -> None:
    player = improviser(mode="continue", style=FORMED)
    before = goes_on(player, 3)
    start = ons(before)[0][0]
    pressed = player.now
    player.receive(pressed, Control("answer"))
    messages = player.advance(pressed + 20 * BAR * STEP)
    check_sounding([*before, *messages])
    last_time, last = ons(messages)[-1]
    assert pressed + 4 * STEP < last_time < pressed + 3 * BAR * STEP
    assert last.pitch % 12 in TRIADS
    assert round((last_time - start) / STEP) % 4 == 0
    assert player.turn is Turn.LISTENING
    player.receive(player.now, NoteOn(60, 80, 1))  # and it listens again
    assert player.next_time() is not None


def test_without_a_form_the_answer_now_changes_nothing() -> None:
    player, other = (improviser(mode="continue") for _ in range(2))
    goes_on(player, 2)
    goes_on(other, 2)
    player.receive(player.now, Control("answer"))
    assert player.advance(player.now + 30) == other.advance(other.now + 30)


def test_a_range_too_narrow_for_what_returns_is_kept() -> None:
    style = Style(form=True, candidates=4, constraints=Constraints(lowest=60, highest=64))
    pitches = {pitch for _, pitch in melody(goes_on(improviser(mode="continue", style=style), 16))}
    assert pitches <= set(range(60, 65))
