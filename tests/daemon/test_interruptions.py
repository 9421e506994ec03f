"""A port that is lost and a process that stood still, as the improviser sees them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.improviser.events import NoteOff, NoteOn, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.metronome import Click
from antiphon.improviser.modes import MODES, Mode
from tests.daemon.players import STEP, check_sounding, improviser, ons

BAR = 16 * STEP


def called(player: Improviser) -> list[Timed]:
    """Play a call of two bars."""
    messages: list[Timed] = []
    for beat in range(8):
        messages += player.receive(beat * 4 * STEP, NoteOn(60 + beat, 80, 1))
        messages += player.receive((beat * 4 + 3) * STEP, NoteOff(60 + beat, 1))
    return messages


@given(st.sampled_from(MODES), st.floats(0.0, 12.0), st.floats(0.5, 3600.0), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_after_a_pause_nothing_is_caught_up_with(mode: Mode, since: float, length: float, seed: int) -> None:
    steady, stopped = (improviser(seed, mode=mode, click=Click(10, 76, 77)) for _ in range(2))
    before = called(stopped)
    start = stopped.now
    before += stopped.advance(start + since)
    end = stopped.now + length
    after = stopped.resume(stopped.now, end)
    after += stopped.advance(end + 2 * BAR)
    messages = before + after + stopped.close(stopped.now)
    check_sounding(messages)
    # What was due in the pause comes later: in two bars no more is played than in any two bars.
    melody = [time for time, note in ons(after) if note.channel == 2]
    assert len(set(melody)) == len(melody)
    assert all(time >= end for time, _ in ons(after))
    assert all(abs(time / STEP - round(time / STEP)) < 1e-6 for time in melody)
    # Up to the pause nothing is different.
    expected = called(steady) + steady.advance(start + since)
    assert ons(before) == ons(expected)


def test_an_answer_goes_on_whole_bars_later() -> None:
    steady, stopped = (improviser(3, mode="call-response", click=Click(10, 76, 77)) for _ in range(2))
    called(steady)
    expected = [(time, note) for time, note in ons(steady.advance(30.0)) if note.channel == 2]
    called(stopped)
    assert len(expected) > 2
    since = expected[1][0]
    played = ons(stopped.advance(since))
    played += ons(stopped.resume(since, since + 1.5 * BAR)) + ons(stopped.advance(60.0))
    answer = [(time, note) for time, note in played if note.channel == 2]
    assert answer == expected[:2] + [(time + 2 * BAR, note) for time, note in expected[2:]]


def test_a_lost_port_ends_what_sounds_and_what_is_held_and_keeps_what_was_heard() -> None:
    player = improviser(mode="call-response")
    messages = called(player)
    messages += player.receive(8 * 4 * STEP, NoteOn(70, 80, 1))  # its note-off never comes
    messages += player.interrupt(player.now + STEP)
    answer = player.advance(player.now + 4 * BAR)
    assert ons(answer)
    check_sounding(messages + answer + player.close(player.now))


def test_a_lost_port_silences_a_melody_that_goes_on() -> None:
    player = improviser(mode="continue")
    messages = called(player) + player.advance(player.now + 2 * BAR)
    messages += player.interrupt(player.now)
    check_sounding(messages)
    assert not ons(player.advance(player.now + 4 * BAR))
