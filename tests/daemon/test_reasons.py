"""Why what is played is as it is: as values that are what was played, and in words that a musician understands."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.improviser.answering.style import Style
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import Control
from antiphon.improviser.modes import Turn
from antiphon.melody.reasons import (
    ChosenAnswer,
    FormedPhrase,
    Reason,
    TwoVoices,
    in_words,
    interval_name,
)
from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.players import BPM, STEP, improviser, ons
from tests.daemon.tunes import ODE_TO_JOY, events

BAR = 16
CALL = list(events(ODE_TO_JOY[:15], BPM))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (None, ""),
        (TwoVoices(67, 64), "a third below you"),
        (TwoVoices(60, 69).after(TwoVoices(62, 67)), "a sixth above you, in contrary motion"),
        (TwoVoices(62, 59).after(TwoVoices(60, 57)), "a third below you, in parallel motion"),
        (TwoVoices(62, 58).after(TwoVoices(60, 53)), "a third below you, in similar motion"),
        (TwoVoices(62, 58).after(TwoVoices(62, 55)), "a third below you, in oblique motion"),
        (TwoVoices(60, 60), "in unison with you"),
        (TwoVoices(60, 72), "an octave above you"),
        (TwoVoices(60, 66), "a tritone above you"),
        (TwoVoices(60, 24), "3 octaves below you"),
        (TwoVoices(60, 79), "a fifth and an octave above you"),
        (
            FormedPhrase(("A", "A′"), "second", "last", 0, "closed"),
            "A A′: answers the phrase before, begins like it, closes on the tonic",
        ),
        (
            FormedPhrase(("A", "A′"), "second", "last", -2, "open"),
            "A A′: answers the phrase before, a third lower, ends open",
        ),
        (
            FormedPhrase(("A", "A′"), "second", "last", 1, "closed", is_last=True),
            "A A′: answers the phrase before, a step higher, closes on the tonic, the last",
        ),
        (
            FormedPhrase(("A", "B"), "second", "new", 0, "open"),
            "A B: answers the phrase before with another, ends open",
        ),
        (FormedPhrase(("A",), "first", "new", 0, "open"), "A: a new phrase, ends open"),
        (FormedPhrase(("B", "A"), "first", "first", 0, "open"), "B A: the first phrase returns, ends open"),
        (
            FormedPhrase(("B", "A′"), "first", "first", 0, "open"),
            "B A′: the first phrase returns, varied, ends open",
        ),
        (ChosenAnswer(0.8, 0.05, "tonic", 32), "answers your rhythm, closes on the tonic; the best of 32"),
        (
            ChosenAnswer(0.8, 0.5, "triad", 32),
            "answers your rhythm and your turns, closes on the tonic's chord; the best of 32",
        ),
        (ChosenAnswer(0.1, 0.0, "open", 8), "answers with something new, ends open; the best of 8"),
    ],
)  # fmt: skip
def test_a_reason_is_said_in_a_musicians_words(reason: Reason | None, words: str) -> None:
    assert in_words(reason) == words


@given(st.integers(0, 127), st.integers(0, 127))
def test_every_interval_has_a_name(performer: int, answer: int) -> None:
    assert "you" in in_words(TwoVoices(performer, answer))
    assert interval_name(abs(performer - answer))


def test_the_second_voice_is_named_with_the_note_that_it_sounds_beside() -> None:
    player, before = improviser(), None
    assert player.snapshot().reason is None
    for time, event in CALL:
        own = [each.message.pitch for each in player.receive(time, event) if isinstance(each.message, NoteOn)]
        if isinstance(event, NoteOn):
            voices = TwoVoices(event.pitch, own[-1]).after(before)
            assert player.snapshot().reason == voices
            before = voices
    player.receive(CALL[-1][0], Control("mute", True))
    player.receive(CALL[-1][0] + 1, NoteOn(60, 80, 1))
    assert player.snapshot().reason is None  # nothing sounds beside it


def test_a_note_for_a_later_moment_is_named_with_what_is_held_then() -> None:
    def after_a_note(let_go: float) -> tuple[Improviser, int]:
        player = improviser(when="onset", signatures=(0,))
        player.receive(1.0, NoteOn(60, 80, 1))
        player.receive(1.0 + let_go, NoteOff(60, 1))
        (played,) = ons(player.advance(player.snapshot().planned[0].time))
        return player, played[1].pitch

    held, pitch = after_a_note(let_go=0.01)
    assert held.snapshot().reason is None
    player = improviser(when="onset", signatures=(0,))
    player.receive(1.0, NoteOn(60, 80, 1))
    player.advance(player.snapshot().planned[0].time)
    assert player.snapshot().reason == TwoVoices(60, pitch)


def test_an_answer_says_why_it_was_chosen_and_another_mode_forgets_it() -> None:
    player = improviser(mode="call-response", style=Style(candidates=16))
    for time, event in CALL:
        player.receive(time, event)
    assert player.snapshot().reason is None
    while player.turn is Turn.LISTENING:
        player.advance(player.next_time() or 0.0)
    reason = player.snapshot().reason
    assert isinstance(reason, ChosenAnswer)
    assert reason.candidates % 16 == 0  # of all rounds
    assert 0 <= reason.rhythm <= 1
    assert reason.ending == "tonic"
    assert player.snapshot().planned[-1].pitch % 12 in (0, 9)
    for mode in ("next-note", "call-response"):
        player.receive(player.now, Control("mode", mode))
        assert player.snapshot().reason is None


def test_phrases_are_named_as_they_begin_and_the_cadence_is_the_last() -> None:
    player = improviser(mode="continue", style=Style(form=True, candidates=16))
    for time, event in CALL:
        player.receive(time, event)
    seen: list[FormedPhrase] = []
    last_note: dict[int, int] = {}
    end = CALL[-1][0] + 60 * BAR * STEP
    while (due := player.next_time()) is not None and due < end:
        played = ons(player.advance(due))
        reason = player.snapshot().reason
        if isinstance(reason, FormedPhrase):
            if not seen or reason != seen[-1]:
                seen.append(reason)
            for _, note in played:
                last_note[len(seen) - 1] = note.pitch % 12
    assert [each.place for each in seen] == ["first" if n % 2 == 0 else "second" for n in range(len(seen))]
    assert seen[0].form == ("A",)
    assert all(each.form[:-1] == before.form[-len(each.form) + 1 :] for before, each in pairwise(seen))
    assert {each.source for each in seen} == {"new", "last", "first"}
    new = [each.form[-1] for each in seen if each.source == "new"]
    assert new == [chr(ord("A") + number) for number in range(len(new))]
    for each in seen:
        name = each.form[-1]
        assert name.rstrip("′") == "A" if each.source == "first" else True
        assert ("′" in name) >= (each.source == "last")
    (tonic,) = {last_note[n] for n, each in enumerate(seen[:-1]) if each.ending == "closed"}
    assert tonic in (0, 9)
    assert all(last_note[n] != tonic for n, each in enumerate(seen[:-1]) if each.ending == "open")
    player.receive(player.now, Control("answer", True))
    while player.turn is Turn.ANSWERING and (due := player.next_time()) is not None:
        player.advance(due)
    reason = player.snapshot().reason
    assert isinstance(reason, FormedPhrase)
    assert reason.is_last
