"""What a performer may change while playing, beside the controls: the tempo, what it follows, and the key."""

from itertools import pairwise

import numpy as np
import pytest
from pytest import approx

from antiphon.improviser.events import Event, KeyLock, SyncChange, TempoChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.output.metronome import Click
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon.midi.messages import ClockPulse, ClockStart
from antiphon.musician import load_musician
from antiphon.parameters import Sync
from antiphon.settings import read_settings
from tests.daemon.players import BPM, STEP, check_sounding, expectation, improviser, ons, play
from tests.daemon.tunes import ODE_IN_E_FLAT, ODE_TO_JOY, events, transposed

BEAT = 4 * STEP
CLICK = Click(10, 76, 77)
SYNCS: tuple[Sync, ...] = ("fixed", "clock", "auto", "link")


def pulses(bpm: float, count: int, start: float = 0.0) -> list[tuple[float, Event]]:
    return [(start, ClockStart()), *((start + i * 60 / bpm / 24, ClockPulse()) for i in range(count))]


def play_on(player: Improviser, script: list[tuple[float, Event]], until: float) -> list[Timed]:
    messages: list[Timed] = []
    for time, event in script:
        messages += player.receive(time, event)
    return messages + player.advance(until)


def clicks(messages: list[Timed]) -> list[float]:
    return [time for time, note in ons(messages) if note.channel == CLICK.channel]


# The tempo and what it follows


def test_the_metronome_goes_on_from_where_it_stands_at_another_tempo() -> None:
    player = improviser(click=CLICK)
    heard = clicks(play_on(player, [(2.25 * BEAT, TempoChange(2 * BPM))], 5 * BEAT))
    assert heard == approx([0, BEAT, 2 * BEAT, *(2.25 * BEAT + (0.75 + i) * BEAT / 2 for i in range(5))])


@pytest.mark.parametrize("before", SYNCS)
@pytest.mark.parametrize("after", SYNCS)
def test_the_grid_does_not_jump_when_something_else_is_followed(before: Sync, after: Sync) -> None:
    player = improviser(sync=before, click=CLICK)
    script = [(3.3 * BEAT, SyncChange(after)), (6 * BEAT, SyncChange(before))]
    assert clicks(play_on(player, script, 9.5 * BEAT)) == approx([i * BEAT for i in range(10)])
    assert player.snapshot().sync == before
    assert player.snapshot().tempo.step_at(0.0) == approx(0)


@pytest.mark.parametrize("after", ["fixed", "auto"])
def test_the_tempo_of_a_clock_that_is_left_is_kept_and_its_pulses_are_not_heard(after: Sync) -> None:
    player = improviser(sync="clock", click=CLICK)
    script = [*pulses(100, 24 * 3), (2.1, SyncChange(after)), *pulses(180, 24 * 8, 2.11)]
    heard = clicks(play_on(player, script, 6.0))[1:]  # the first is from before the clock came
    assert [second - first for first, second in pairwise(heard)] == approx([0.6] * (len(heard) - 1), abs=1e-3)
    seen = player.snapshot()
    assert (seen.health, seen.sync) == ("none", after)
    assert seen.tempo.bpm == approx(100, rel=1e-3)
    assert seen.is_shared is (after == "fixed")


def test_a_clock_is_followed_from_the_moment_that_is_asked_for_it() -> None:
    player = improviser()
    play_on(player, pulses(100, 48), 2.0)
    assert player.snapshot().tempo.bpm == BPM
    player.receive(2.0, SyncChange("clock"))
    assert (player.snapshot().health, player.snapshot().tempo.bpm) == ("waiting", BPM)
    play_on(player, pulses(90, 48, 2.1), 3.0)
    assert player.snapshot().health == "rolling"
    assert player.snapshot().tempo.bpm == approx(90, rel=1e-3)
    player.receive(10.0, SyncChange("fixed"))
    player.receive(10.1, SyncChange("clock"))
    assert player.snapshot().health == "waiting"


def test_playing_is_followed_from_the_moment_that_is_asked_for() -> None:
    player = improviser()
    slow = list(events(ODE_TO_JOY, 84))
    play_on(player, slow[:20], slow[19][0])
    assert player.bpm == BPM
    play_on(player, [(slow[19][0], SyncChange("auto")), *slow[20:]], slow[-1][0])
    assert player.bpm == approx(84, rel=0.05)
    fixed = player.bpm
    play_on(player, [(60.0, SyncChange("fixed")), *((60 + time, each) for time, each in events(ODE_TO_JOY))], 80)
    assert player.bpm == fixed


def test_a_tempo_that_is_the_clocks_is_not_changed_and_that_is_said() -> None:
    said: list[str] = []
    player = improviser(sync="clock", notices=said)
    play_on(player, [*pulses(100, 24), (0.6, TempoChange(140))], 0.6)
    assert player.snapshot().tempo.bpm == approx(100, rel=1e-3)
    assert said == ["the tempo is the clock's; set it there, or choose another sync"]


def test_a_change_is_said_once() -> None:
    notices: list[str] = []
    player = improviser(notices=notices)
    play_on(player, [(0.0, SyncChange("clock")), (1.0, SyncChange("clock")), (2.0, KeyLock(-3)), (3.0, KeyLock(-3))], 4)
    player.receive(5.0, KeyLock(None))
    assert notices == ["sync clock", "key Eb major / c minor", "key by listening"]


# The key


def test_a_locked_key_is_in_use_from_now_on_whatever_is_played() -> None:
    player = improviser()
    tune = list(events(ODE_IN_E_FLAT * 2))
    play_on(player, tune[:60], tune[59][0])
    assert player.sharps == -3
    player.receive(tune[59][0], KeyLock(6))
    for time, event in tune[60:]:
        player.receive(time, event)
        assert player.sharps == 6
    seen = player.snapshot()
    assert seen.locked == 6
    assert seen.posterior == tuple(float(sharps == 6) for sharps in SIGNATURES)


def test_what_was_heard_while_a_key_was_locked_takes_over_when_it_is_unlocked() -> None:
    locked, free = improviser(), improviser()
    locked.receive(0.0, KeyLock(6))
    for player in (locked, free):
        play_on(player, list(events(ODE_IN_E_FLAT)), 20.0)
    assert (locked.sharps, free.sharps) == (6, -3)
    locked.receive(20.0, KeyLock(None))
    assert locked.sharps == -3
    assert locked.snapshot().locked is None
    assert locked.snapshot().posterior == approx(free.snapshot().posterior)


@pytest.mark.parametrize("mode", ["next-note", "call-response", "continue"])
@pytest.mark.parametrize("when", ["now", "onset"])
def test_to_lock_a_key_at_the_start_is_to_have_said_it(mode: str, when: str) -> None:
    tune = transposed(ODE_TO_JOY, -12)
    said = improviser(mode=mode, when=when, signatures=(2,))  # type: ignore[arg-type]
    chosen = improviser(mode=mode, when=when)  # type: ignore[arg-type]
    chosen.receive(0.0, KeyLock(2))
    answer = play(chosen, events(tune))
    assert ons(answer)
    assert answer == play(said, events(tune))
    assert dict(expectation(chosen)) == approx(dict(expectation(said)))
    check_sounding(answer)


def test_answers_are_in_the_locked_key() -> None:
    # The stub hardly plays anything but the notes of its key.
    for sharps in (-5, 0, 6):
        player = improviser(mode="call-response")
        player.receive(0.0, KeyLock(sharps))
        answer = [note.pitch for _, note in ons(play(player, events(ODE_IN_E_FLAT)))]
        in_key = [(pitch + transposition(sharps)) % 12 in (0, 2, 4, 5, 7, 9, 11) for pitch in answer]
        assert np.mean(in_key) > 0.9


def test_a_session_that_listens_in_one_key_alone_says_that_it_stays_there() -> None:
    notices: list[str] = []
    player = improviser(signatures=(2,), notices=notices)
    for sharps in (2, None, -3):
        player.receive(0.0, KeyLock(sharps))
    assert player.sharps == player.snapshot().locked == 2
    assert len(notices) == 2
    assert all("stays D major / b minor" in notice for notice in notices)


def test_a_prepared_answer_is_not_in_the_key_from_before() -> None:
    prepared, plain = improviser(mode="call-response"), improviser(mode="call-response")
    answers = []
    for player in (prepared, plain):
        messages = play_on(player, list(events(ODE_IN_E_FLAT)), 16.1)
        while player is prepared and player.prepare():
            pass
        messages += player.receive(16.2, KeyLock(1))
        answers.append(messages + player.advance(40.0))
    assert ons(answers[0])
    assert answers[0] == answers[1]


def test_a_note_that_was_anticipated_is_heard_in_the_key_that_was_locked_since() -> None:
    player = improviser()
    tune = list(events(ODE_IN_E_FLAT))
    play_on(player, tune[:20], tune[19][0])
    while player.prepare():
        pass
    player.receive(tune[19][0], KeyLock(6))
    play_on(player, tune[20:], tune[-1][0])
    assert player.snapshot().locked == 6


def test_a_key_from_the_settings_can_be_unlocked_too() -> None:
    musician = load_musician(read_settings(None, {"play": {"key": "D", "seed": 1}}))
    player = musician.improviser(BPM, 0.0, 2)
    assert player.snapshot().locked == 2
    play_on(player, list(events(ODE_IN_E_FLAT)), 20.0)
    assert player.sharps == 2
    player.receive(20.0, KeyLock(None))
    assert player.sharps == -3
