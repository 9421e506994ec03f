"""A display may look at any moment: what it sees is what there is, and looking changes nothing."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import Event, TempoChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import Control
from antiphon.improviser.listening.distribution import LEAST_PROBABILITY, MOST_PITCHES
from antiphon.improviser.modes import Turn
from antiphon.melody.keys import SIGNATURES
from antiphon.midi.messages import ClockPulse, ClockStart, NoteOff, NoteOn
from antiphon.parameters import MODES, Mode
from tests.daemon.players import BPM, STEP, expectation, improviser, ons, play
from tests.daemon.tunes import events, transposed

TUNE = [(60, 1.0), (62, 0.5), (64, 0.5), (65, 1.0), (67, 2.0), (64, 1.0), (62, 1.0), (60, 1.0)]
scripts = st.lists(
    st.tuples(st.sampled_from([STEP, 2 * STEP, 0.7 * STEP, 6 * STEP, 0.01]), st.integers(40, 90), st.integers(0, 4)),
    min_size=1,
    max_size=25,
)


def after(performance: Iterable[tuple[float, Event | Control]], player: Improviser | None = None) -> Improviser:
    player = player or improviser()
    for time, event in performance:
        player.receive(time, event)
    return player


def prepare_distribution(player: Improviser) -> None:
    distribution = player.next_note_distribution()
    if distribution is not None:
        distribution.prepare()


def test_a_snapshot_shows_how_it_is_played_and_steered() -> None:
    style = Style(
        temperature=0.5, density=0.25, harmony=0.5, memory=0.75, constraints=Constraints(lowest=50, highest=70)
    )
    player = improviser(style=style)
    seen = player.snapshot()
    assert (seen.mode, seen.turn) == ("next-note", Turn.LISTENING)
    assert seen.knobs == {
        "temperature": 0.5,
        "density": 0.25,
        "harmony": 0.5,
        "memory": 0.75,
        "feel": 0.0,
        "lowest": 50,
        "highest": 70,
    }
    assert (seen.is_muted, seen.holds, seen.is_shared) == (False, False, False)
    assert (seen.tempo.bpm, seen.sync, seen.bar, seen.health) == (BPM, "fixed", 16, "none")
    steered = [Control("mute", True), Control("hold", True), Control("mode", "continue"), TempoChange(90.0)]
    then = after([(1.0, event) for event in steered], player).snapshot()
    assert (then.is_muted, then.holds, then.mode, then.tempo.bpm) == (True, True, "continue", 90.0)
    assert (seen.is_muted, seen.holds, seen.mode, seen.tempo.bpm) == (False, False, "next-note", BPM)


def test_a_snapshot_shows_the_key_and_how_sure_it_is() -> None:
    player = improviser()
    assert player.snapshot().posterior == approx([1 / 12] * 12)
    play(player, events(transposed(TUNE, 3) * 3, BPM, 0.9))  # in E flat
    seen = player.snapshot()
    assert seen.locked is None
    assert seen.sharps == -3
    assert sum(seen.posterior) == approx(1)
    assert SIGNATURES[int(np.argmax(seen.posterior))] == -3


def test_a_fixed_key_is_the_only_one() -> None:
    seen = after([(0.0, NoteOn(60, 80, 1))], improviser(signatures=(2,))).snapshot()
    assert (seen.locked, seen.sharps) == (2, 2)
    assert seen.posterior == tuple(float(sharps == 2) for sharps in SIGNATURES)


def test_a_snapshot_shows_how_the_clock_is() -> None:
    player = improviser(sync="clock")
    assert player.snapshot().health == "waiting"
    player.receive(1.0, ClockStart())
    for i in range(48):
        player.receive(1.0 + i * 60 / BPM / 24, ClockPulse())
    assert (player.snapshot().health, player.snapshot().is_shared) == ("rolling", True)
    player.advance(5.0)
    assert player.snapshot().health == "lost"


@pytest.mark.parametrize("mode", ["call-response", "continue"])
def test_a_snapshot_shows_exactly_the_notes_that_are_then_played(mode: Mode) -> None:
    player = improviser(mode=mode)
    messages: list[Timed] = []
    for time, event in events(TUNE, BPM, 0.9):
        messages += player.receive(time, event)
    while player.turn is Turn.LISTENING:
        due = player.next_time()
        assert due is not None
        messages += player.advance(due)
    planned = player.snapshot().planned
    assert planned
    assert all(first.end <= second.time + 1e-9 for first, second in pairwise(planned))
    played = ons([*messages, *player.advance(planned[-1].time)])
    assert [(approx(each.time), each.pitch, each.velocity) for each in planned] == [
        (time, note.pitch, note.velocity) for time, note in played
    ]


def test_the_next_note_distribution_is_in_the_performers_key_and_register() -> None:
    plain = improviser(signatures=(0,))
    assert expectation(plain) == ()
    expected = expectation(after(events(TUNE, BPM, 0.9), plain))
    assert len(expected) <= MOST_PITCHES
    assert all(probability >= LEAST_PROBABILITY for _, probability in expected)
    assert [probability for _, probability in expected] == sorted((p for _, p in expected), reverse=True)
    assert 0.9 < sum(probability for _, probability in expected) <= 1 + 1e-9
    for semitones, sharps in ((5, -1), (-5, 1), (3, -3)):
        moved = after(events(transposed(TUNE, semitones), BPM, 0.9), improviser(signatures=(sharps,)))
        assert dict(expectation(moved)) == approx({pitch + semitones: each for pitch, each in expected})
    low = after(events(transposed(TUNE, -36), BPM, 0.9), improviser(signatures=(0,)))
    assert abs(expectation(low)[0][0] - 24) <= 4


def test_the_next_note_distribution_is_what_the_model_says_of_pitches_whenever_they_come() -> None:
    # What the stub expects of pitches is the same at every step, so how long the note is held doesn't matter.
    player = after([(0.0, NoteOn(67, 80, 1))], improviser(signatures=(0,)))
    weights = {67: 1.0, 64: 0.9 * 0.8**3, 65: 0.5 * 0.8**2, 69: 0.4 * 0.8**2, 72: 0.8**5}
    found = dict(expectation(player))
    for pitch, weight in weights.items():
        assert found[pitch] / found[67] == approx(weight, rel=1e-4)


def test_an_uncertain_key_spreads_the_next_note_distribution_over_several() -> None:
    one, all_keys = improviser(signatures=(0,)), improviser()
    for player in (one, all_keys):
        player.receive(0.0, NoteOn(60, 80, 1))
    assert expectation(all_keys)[0][1] < expectation(one)[0][1]


def test_a_distribution_prepared_in_pieces_is_the_same() -> None:
    at_once, in_pieces = after(events(TUNE, BPM, 0.9)), after(events(TUNE, BPM, 0.9))
    pieces = 0
    distribution = in_pieces.next_note_distribution()
    assert distribution is not None
    while distribution.prepare():
        pieces += 1
    assert pieces
    assert distribution.pitches() == expectation(at_once)


@settings(max_examples=60)
@given(scripts, st.sampled_from(MODES), st.sampled_from(["now", "onset"]), st.sampled_from(["fixed", "auto"]))
def test_looking_changes_nothing_that_is_played(
    script: list[tuple[float, int, int]], mode: Mode, when: str, sync: str
) -> None:
    looked_at, alone = (improviser(mode=mode, when=when, sync="auto" if sync == "auto" else "fixed") for _ in range(2))
    seen: list[Timed] = []
    not_seen: list[Timed] = []
    time = 0.0
    for gap, pitch, looks in script:
        for event in (NoteOn(pitch, 80, 1), NoteOff(pitch, 1)):
            seen += looked_at.receive(time, event)
            not_seen += alone.receive(time, event)
            if looks & 1:
                prepare_distribution(looked_at)
            if looks & 2:
                looked_at.snapshot()
            if looks == 4:
                expectation(looked_at)
            time += gap
    seen += looked_at.advance(time + 5)
    expectation(looked_at)
    assert seen + looked_at.close(time + 30) == not_seen + alone.advance(time + 5) + alone.close(time + 30)
