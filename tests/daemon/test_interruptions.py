"""A port that is lost and a process that stood still, as the improviser sees them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.loopback import LoopbackFilter
from antiphon.improviser.output.metronome import Click, Metronome
from antiphon.improviser.output.playing import Playing
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn
from antiphon.parameters import MODES, Mode
from tests.daemon.players import BPM, STEP, check_sounding, improviser, ons

BEAT, BAR = 4 * STEP, 16 * STEP


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
    clicks = [time for time, note in ons(after) if note.channel == 10]
    assert len(set(clicks)) == len(clicks)
    assert all(abs(time / BEAT - round(time / BEAT)) < 1e-6 for time in clicks)
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


def test_what_ended_in_a_pause_is_ended_in_the_order_of_time() -> None:
    time = Timekeeper(Tempo(BPM), is_heard=True)
    metronome = Metronome(Click(10, 76, 77), time.beat, time.bar)
    metronome.set_out(0)
    playing = Playing(time, metronome, LoopbackFilter())
    playing.play(0.0, NoteOn(60, 80, 2), 4.0)
    for moment, act in list(playing.due()):
        if moment == 0.0:
            assert ons(act(moment))  # the click
    playing.play(0.001, NoteOn(62, 80, 2), 2.0)  # the first note ends soon, and then the click
    ended, _ = playing.go_on(3.0)
    assert {timed.message for timed in ended} == {NoteOff(60, 2), NoteOff(77, 10), NoteOff(62, 2)}
    assert ended == sorted(ended, key=lambda timed: timed.time)


def test_a_lost_port_ends_what_sounds_and_what_is_held_and_keeps_what_was_heard() -> None:
    player = improviser(mode="call-response")
    messages = called(player)
    messages += player.receive(8 * 4 * STEP, NoteOn(70, 80, 1))  # its note-off never comes
    messages += player.interrupt(player.now + STEP)
    answer = player.advance(player.now + 4 * BAR)
    assert ons(answer)
    check_sounding(messages + answer + player.close(player.now))


def test_a_lost_port_lifts_the_pedal() -> None:
    player = improviser(mode="call-response")
    player.receive(0.0, ControlChange(64, 127, 1))  # the cable is pulled: nobody will see it come up
    player.interrupt(0.0)
    called(player)
    assert ons(player.advance(player.now + 4 * BAR))


def test_a_lost_port_silences_a_melody_that_goes_on() -> None:
    player = improviser(mode="continue")
    messages = called(player) + player.advance(player.now + 2 * BAR)
    messages += player.interrupt(player.now)
    check_sounding(messages)
    assert not ons(player.advance(player.now + 4 * BAR))
