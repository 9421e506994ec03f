from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.improviser.events import Event, TempoChange, Timed
from antiphon.improviser.listening.state import HeardNote
from antiphon.improviser.output.playing import ANSWERS_IN_HAND
from antiphon.improviser.output.sounding import SHORTEST_NOTE
from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.players import BPM, STEP, check_sounding, improviser, ons, play
from tests.daemon.tunes import ODE_IN_E_FLAT, events

notes_on = st.builds(NoteOn, st.integers(0, 127), st.integers(1, 127), st.integers(1, 3))
anything = st.one_of(
    notes_on,
    notes_on,
    st.builds(NoteOff, st.integers(0, 127), st.integers(1, 3)),
    st.builds(TempoChange, st.floats(20, 400)),
)
gaps = st.sampled_from([0.0, 0.001, 0.02, 0.05, STEP, 4 * STEP, 3.0, 100.0]) | st.floats(0, 2)


@settings(deadline=None)
@given(st.lists(st.tuples(gaps, anything, st.booleans()), max_size=60))
def test_whatever_is_played_every_note_ends_once(script: list[tuple[float, Event, bool]]) -> None:
    player = improviser()
    messages: list[Timed] = []
    time = 0.0
    for gap, event, advance in script:
        time += gap
        if advance:
            messages += player.advance(time)
        messages += player.receive(time, event)
    messages += player.close(time)
    check_sounding(messages)
    assert player.next_time() is None or player.next_time() > time - 1e-9


def test_a_note_for_every_note_at_once_as_loud_and_in_the_key() -> None:
    performance = list(events(ODE_IN_E_FLAT, BPM))
    messages = play(improviser(), performance)
    answers = ons(messages)
    played = [(time, event) for time, event in performance if isinstance(event, NoteOn)]
    assert [time for time, _ in answers] == [time for time, _ in played]
    assert {note.velocity for _, note in answers} == {80}
    assert {note.channel for _, note in answers} == {2}
    in_e_flat = [note.pitch % 12 in (0, 2, 3, 5, 7, 8, 10) for _, note in answers]
    assert sum(in_e_flat) >= 0.8 * len(in_e_flat)
    check_sounding(messages)


def test_the_same_seed_gives_the_same_answer_and_another_seed_another() -> None:
    performance = list(events(ODE_IN_E_FLAT, BPM))
    assert play(improviser(7), performance) == play(improviser(7), performance)
    assert play(improviser(7), performance) != play(improviser(8), performance)


def test_waiting_in_between_changes_nothing() -> None:
    performance = list(events(ODE_IN_E_FLAT, BPM))
    waiting = improviser()
    messages: list[Timed] = []
    for time, event in performance:
        while (due := waiting.next_time()) is not None and due <= time:
            messages += waiting.advance(due)
        messages += waiting.receive(time, event)
    messages += waiting.advance(time + 10) + waiting.close(time + 10)
    assert messages == play(improviser(), performance)


def test_a_note_sounds_for_60_ms_at_least_and_ends_with_the_next_answer() -> None:
    performance = list(events(ODE_IN_E_FLAT, BPM))
    messages = play(improviser(), performance)
    starts: dict[int, float] = {}
    answers = [time for time, _ in ons(messages)]
    for timed in messages:
        if isinstance(timed.message, NoteOn):
            starts[timed.message.pitch] = timed.time
        else:
            start = starts[timed.message.pitch]
            following = next((time for time in answers if time > start), float("inf"))
            assert start + SHORTEST_NOTE - 1e-9 <= timed.time <= max(following, start + SHORTEST_NOTE) + 1e-9


def test_own_notes_that_come_back_are_not_heard() -> None:
    heard: list[HeardNote] = []
    player = improviser(heard=heard)
    for time, event in events(ODE_IN_E_FLAT, BPM):
        for timed in player.receive(time, event):
            # a DAW that sends its input to its output, 5 ms later
            assert player.receive(timed.time + 0.005, timed.message) == [] or isinstance(event, NoteOff)
    assert [note.pitch for note in heard] == [pitch for pitch, _ in ODE_IN_E_FLAT]


def test_the_performer_may_play_the_answer() -> None:
    heard: list[HeardNote] = []
    player = improviser(heard=heard)
    answer = ons(player.receive(0.0, NoteOn(63, 80, 2)))[0][1]
    player.receive(0.01, answer)  # comes back
    player.receive(0.5, NoteOff(63, 2))
    player.receive(0.5, answer)  # is played
    assert [note.pitch for note in heard] == [63, answer.pitch]


def test_two_in_a_ring_are_bounded_by_one_answer_a_step() -> None:
    first, second = improviser(1), improviser(2)
    time, count = 0.0, 0
    here, there = first, second
    note: NoteOn | None = NoteOn(63, 80, 2)
    seconds = 60.0
    waiting: NoteOn = NoteOn(63, 80, 2)
    while time < seconds:
        answers = ons(here.receive(time, note or waiting))
        count += len(answers)
        if answers:
            note = waiting = answers[0][1]
            here, there = there, here
            time += 0.06  # later than an echo
        else:
            note = None
            time += STEP / 10
    assert count <= 2 * (ANSWERS_IN_HAND + seconds / STEP)


def test_a_chord_is_answered_once() -> None:
    player = improviser()
    messages = [
        *player.receive(0.0, NoteOn(60, 70, 1)),
        *player.receive(0.01, NoteOn(64, 90, 1)),
        *player.receive(0.02, NoteOn(67, 90, 1)),
    ]
    assert Counter(type(timed.message) for timed in messages) == {NoteOn: 1}
    assert messages[0].message.velocity == 70  # type: ignore[union-attr]


def test_a_clock_that_steps_back_does_not_turn_time_back() -> None:
    player = improviser()
    messages = player.receive(5.0, NoteOn(60, 70, 1)) + player.receive(1.0, NoteOn(62, 70, 1))
    messages += player.close(0.0)
    check_sounding(messages)
