"""Whose turn it is, in each mode, in virtual time."""

from pathlib import Path

import pytest

from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import Event, Timed
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.modes import Turn, table_text
from antiphon.improviser.output.metronome import Click
from antiphon.midi.messages import (
    ClockContinue,
    ClockPulse,
    ClockStart,
    ClockStop,
    ControlChange,
    NoteOff,
    NoteOn,
    SongPosition,
)
from antiphon.parameters import MODES, Mode
from tests.daemon.players import BPM, STEP, check_sounding, improviser, ons, play
from tests.daemon.tunes import ODE_IN_E_FLAT, events

BEAT = 4 * STEP
CALL = ODE_IN_E_FLAT[:15]
"""Sixteen beats; its last note is lifted a little early."""
END = 16 * BEAT
PERFORMANCE = list(events(CALL, BPM))


def test_the_docs_show_the_table_that_is_played_by() -> None:
    page = Path(__file__).parents[2] / "docs" / "modes.md"
    assert table_text() in page.read_text(encoding="utf-8")


def test_a_phrase_is_answered_when_it_ends_on_the_beat_and_no_longer_than_it_was() -> None:
    messages = play(improviser(mode="call-response"), PERFORMANCE, rest=60)
    answer = ons(messages)
    assert answer
    # two beats of silence, then the next beat
    assert answer[0][0] == pytest.approx(END + 2 * BEAT)
    assert all(time / STEP == pytest.approx(round(time / STEP)) for time, _ in answer)
    assert messages[-1].time <= END + 2 * BEAT + END + 1e-6
    assert {note.velocity for _, note in answer} == {80}
    check_sounding(messages)


def test_the_answer_falls_silent_when_the_performer_plays_again() -> None:
    player = improviser(mode="call-response")
    messages = play_all(player, PERFORMANCE) + player.advance(END + 4 * BEAT)
    assert player.turn is Turn.ANSWERING
    again = END + 4 * BEAT + 0.1
    messages += player.receive(again, NoteOn(63, 80, 1))
    assert player.turn is Turn.LISTENING
    messages += player.receive(again + 0.2, NoteOff(63, 1)) + player.advance(again + BEAT)
    assert max(time for time, _ in ons(messages)) < again
    assert max(timed.time for timed in messages) <= again + 0.06
    messages += player.advance(again + 20) + player.close(again + 20)
    assert max(time for time, _ in ons(messages)) > again + 2 * BEAT  # and the new phrase is answered
    check_sounding(messages)


def play_all(player: object, performance: list[tuple[float, Event]]) -> list[Timed]:
    return [timed for time, event in performance for timed in player.receive(time, event)]  # type: ignore[attr-defined]


def test_a_pedal_asks_for_the_answer_at_once() -> None:
    player = improviser(mode="call-response")
    play_all(player, PERFORMANCE)
    messages = player.receive(END, Control("answer")) + player.advance(END + BEAT)
    assert ons(messages)[0][0] <= END + STEP
    nothing_to_answer = improviser(mode="call-response")
    assert nothing_to_answer.receive(1.0, Control("answer")) == []
    assert nothing_to_answer.turn is Turn.LISTENING


def test_it_goes_on_by_itself_until_the_performer_plays_and_takes_over_again() -> None:
    player = improviser(mode="continue")
    messages = play_all(player, PERFORMANCE) + player.advance(END + 60)
    going_on = ons(messages)
    assert len(going_on) > 20
    assert going_on[0][0] == pytest.approx(END + 2 * BEAT)
    assert going_on[-1][0] > END + 55
    messages += player.receive(END + 60, NoteOn(63, 80, 1)) + player.receive(END + 61, NoteOff(63, 1))
    messages += player.advance(END + 61.5)
    assert not [time for time, _ in ons(messages) if time > END + 60]
    messages += player.advance(END + 70)
    assert [time for time, _ in ons(messages) if time > END + 61 + 2 * BEAT - 1e-6]
    check_sounding(messages + player.close(END + 70))


def test_the_next_note_may_wait_for_its_moment_and_is_withdrawn_when_the_performer_plays_first() -> None:
    player = improviser(when="onset")
    player.receive(0.0, NoteOn(63, 80, 1))
    due = player.next_time()
    waiting = improviser(when="onset")
    messages = waiting.receive(0.0, NoteOn(63, 80, 1)) + waiting.advance(20)
    moment = ons(messages)[0][0]
    assert moment > 0 and moment / STEP == pytest.approx(round(moment / STEP))
    assert due is not None
    # played again and again just before that moment, it never comes to its note
    hasty = improviser(when="onset")
    performance: list[tuple[float, Event]] = [(i * STEP * 0.6, NoteOn(63 + i % 3, 80, 1)) for i in range(20)]
    assert not [time for time, _ in ons(play_all(hasty, performance)) if time < 19 * STEP * 0.6 - STEP]


@pytest.mark.parametrize("mode", MODES)
def test_another_mode_panic_and_mute_end_what_sounds(mode: Mode) -> None:
    for control in (Control("mode", MODES[MODES.index(mode) - 1]), Control("panic")):
        player = improviser(mode=mode)
        messages = play_all(player, PERFORMANCE) + player.advance(END + 5 * BEAT)
        now = END + 5 * BEAT
        messages += player.receive(now, control)
        assert player.turn is Turn.LISTENING
        assert not ons(player.advance(now + 0.06 - 1e-9))
        check_sounding(messages + player.close(now + 0.06))


@pytest.mark.parametrize("mode", ["call-response", "continue"])
@pytest.mark.parametrize("end", [Control("panic"), ClockStop()])
def test_after_panic_or_the_transports_stop_a_call_that_was_being_played_has_no_answer(
    mode: Mode, end: Control | ClockStop
) -> None:
    player = improviser(mode=mode, sync="clock")
    script = sorted([(-0.01, ClockStart()), *pulses(BPM, 24 * 4), *PERFORMANCE[:5]], key=lambda pair: pair[0])
    play_all(player, script)
    player.receive(2.1, end)
    assert not ons(player.advance(20))
    player.receive(20, NoteOn(63, 80, 1))
    player.receive(20.4, NoteOff(63, 1))
    assert ons(player.advance(30))


def test_a_loop_of_the_transport_leaves_the_call_its_answer() -> None:
    player = improviser(mode="call-response", sync="clock")
    loop = [(2.1, ClockStop()), (2.101, SongPosition(0)), (2.102, ClockContinue()), *pulses(BPM, 24 * 10, 2.103)]
    script = sorted([(-0.01, ClockStart()), *pulses(BPM, 24 * 4), *PERFORMANCE[:6], *loop], key=lambda pair: pair[0])
    assert ons(play_all(player, script))


def test_what_is_muted_is_not_played_and_what_is_held_goes_on() -> None:
    player = improviser(mode="continue")
    play_all(player, PERFORMANCE)
    player.advance(END + 8 * BEAT)
    player.receive(END + 8 * BEAT, Control("mute", True))
    assert not ons(player.advance(END + 20 * BEAT))
    player.receive(END + 20 * BEAT, Control("mute", False))
    assert ons(player.advance(END + 30 * BEAT))
    player.receive(END + 30 * BEAT, Control("hold", True))
    player.receive(END + 30 * BEAT, NoteOn(63, 80, 1))
    assert player.turn is Turn.ANSWERING
    assert ons(player.advance(END + 40 * BEAT))


def test_knobs_change_how_it_plays() -> None:
    player = improviser(mode="continue")
    play_all(player, PERFORMANCE)
    player.receive(END, Control("lowest", 60))
    player.receive(END, Control("highest", 71))
    played = {note.pitch for _, note in ons(player.advance(END + 60))}
    assert played and played <= set(range(60, 72))
    sparse = improviser()
    sparse.receive(0.0, Control("density", 0.0))
    assert not ons(play(sparse, PERFORMANCE))


def test_in_scale_only_the_notes_of_the_key_are_played() -> None:
    style = Style(temperature=5.0, constraints=Constraints(in_scale=True))
    answers = ons(play(improviser(style=style, signatures=(-3,)), PERFORMANCE))
    assert {note.pitch % 12 for _, note in answers} <= {0, 2, 3, 5, 7, 8, 10}


def test_the_pedal_holds_the_phrase() -> None:
    player = improviser(mode="call-response")
    player.receive(0.0, ControlChange(64, 127, 1))
    play_all(player, PERFORMANCE)
    assert not player.advance(END + 8 * BEAT)
    player.receive(END + 8 * BEAT, ControlChange(64, 0, 1))
    assert ons(player.advance(END + 12 * BEAT))


def test_the_left_hand_is_passed_on_and_not_heard() -> None:
    heard: list = []
    player = improviser(hands=InputRouting(split=60, left_hand="passed", thru_channel=5), heard=heard)
    messages = player.receive(0.0, NoteOn(40, 70, 1)) + player.receive(1.0, NoteOn(64, 70, 1))
    assert [note.pitch for note in heard] == [64]
    assert ons(messages)[0] == (0.0, NoteOn(40, 70, 5))
    assert NoteOff(40, 5) in [timed.message for timed in player.close(2.0)]


def test_thru_ends_each_note_once_whoever_holds_it() -> None:
    player = improviser(hands=InputRouting(thru=True, thru_channel=5))
    messages = player.receive(0.0, ControlChange(64, 127, 1)) + player.receive(0.0, NoteOn(64, 70, 1))
    messages += player.receive(0.1, NoteOn(64, 70, 3)) + player.receive(0.2, NoteOff(64, 1))
    messages += player.receive(0.3, NoteOff(64, 1)) + player.receive(0.4, NoteOn(65, 70, 1))
    messages += player.close(1.0)
    check_sounding(messages)
    passed = [timed.message for timed in messages if getattr(timed.message, "channel", 5) == 5]
    assert passed[-1] == ControlChange(64, 0, 5)


def test_other_channels_are_left_alone() -> None:
    player = improviser(hands=InputRouting(channel=2))
    assert player.receive(0.0, NoteOn(64, 70, 1)) == []
    assert ons(player.receive(0.1, NoteOn(64, 70, 2)))


def test_the_metronome_clicks_on_every_beat_and_on_a_channel_of_its_own() -> None:
    player = improviser(click=Click(10, 76, 77))
    messages = player.advance(8 * BEAT + 0.1)
    assert [time for time, _ in ons(messages)] == pytest.approx([i * BEAT for i in range(9)])
    assert [note.pitch for _, note in ons(messages)] == [77, 76, 76, 76] * 2 + [77]
    assert {note.channel for _, note in ons(messages)} == {10}
    check_sounding(messages + player.close(9 * BEAT))


def test_with_a_metronome_the_answer_comes_where_the_call_did_in_its_bar() -> None:
    upbeat = 3 * BEAT
    performance = [(time + upbeat, event) for time, event in PERFORMANCE]
    messages = play(improviser(mode="call-response", click=Click(10, 76, 77)), performance)
    answer = [time for time, note in ons(messages) if note.channel == 2]
    assert (answer[0] - upbeat) / (4 * BEAT) == pytest.approx(round((answer[0] - upbeat) / (4 * BEAT)))
    assert answer[0] >= upbeat + END + 2 * BEAT - 1e-6


def pulses(bpm: float, count: int, start: float = 0.0) -> list[tuple[float, Event]]:
    return [(start + i * 60 / bpm / 24, ClockPulse()) for i in range(count)]


def test_with_a_clock_the_answer_is_on_its_grid() -> None:
    player = improviser(mode="call-response", sync="clock")
    start = 0.37  # the sequencer's own
    clock = pulses(100, 24 * 60, start)
    beat = 0.6
    tune = [(start + time, event) for time, event in events(CALL, 100)]
    script = sorted([(start - 0.01, ClockStart()), *clock, *tune], key=lambda pair: pair[0])
    messages = play_all(player, script)
    answer = ons(messages)
    assert (answer[0][0] - start) / (4 * beat) == pytest.approx(5)  # 16 beats of call, a bar of silence
    assert all((time - start) / (beat / 4) == pytest.approx(round((time - start) / (beat / 4))) for time, _ in answer)
    check_sounding(messages + player.close(100))


@pytest.mark.parametrize("silence", [3, 9, 30])
def test_a_phrase_after_a_long_silence_is_answered_at_its_own_place_in_the_bar(silence: int) -> None:
    player = improviser(mode="call-response", sync="clock")
    first, second = 4 * BEAT, (8 + silence) * BEAT  # of four beats each
    calls = [(start + time, event) for start in (first, second) for time, event in events(CALL[:4], BPM)]
    script = sorted([(-0.01, ClockStart()), *pulses(BPM, 24 * 60), *calls], key=lambda pair: pair[0])
    answer = [time for time, _ in ons(play_all(player, script)) if time > second]
    assert (answer[0] - second) / (4 * BEAT) == pytest.approx(
        2
    )  # four beats of call, the silence, and the rest of the bar


def test_a_stop_of_the_transport_ends_the_answer_and_a_clock_that_is_gone_does_not() -> None:
    notices: list[str] = []
    player = improviser(mode="continue", sync="clock", notices=notices)
    tune = list(events(CALL, BPM))
    script = sorted([(0.0, ClockStart()), *pulses(BPM, 24 * 20), *tune], key=lambda pair: pair[0])
    play_all(player, script)
    after_loss = ons(player.advance(16.0))
    assert len(notices) == 1 and "120 BPM" in notices[0]
    assert after_loss
    assert all(time / STEP == pytest.approx(round(time / STEP), abs=0.01) for time, _ in after_loss)
    messages = player.receive(16.0, ClockStop())
    assert player.turn is Turn.LISTENING
    assert not ons(player.advance(30.0))
    del messages


def test_the_performers_own_tempo_is_followed() -> None:
    player = improviser(mode="call-response", sync="auto")
    messages = play_all(player, list(events(CALL, 92)))
    assert player.bpm == pytest.approx(92, rel=0.04)
    answer = [time for time, _ in ons(messages + player.advance(40))]
    step = 60 / player.bpm / 4
    assert all((time - answer[0]) / step == pytest.approx(round((time - answer[0]) / step)) for time in answer)
    fixed = improviser(mode="call-response")
    play_all(fixed, list(events(CALL, 92)))
    assert fixed.bpm == BPM


def test_taps_set_the_tempo() -> None:
    for sync in ("fixed", "auto"):
        player = improviser(sync=sync)  # type: ignore[arg-type]
        for i in range(4):
            player.receive(i * 0.75, Control("tap"))
        assert player.bpm == pytest.approx(80)
