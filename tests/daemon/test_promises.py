"""What random playing has found: each of these was once a promise that wasn't kept."""

import pytest

from antiphon.errors import UserError
from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import TempoChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.routing import InputRouting
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn, PitchBend
from antiphon.musician import load_musician
from antiphon.settings import read_settings
from tests.daemon.players import STEP, improviser, ons
from tests.daemon.stub_model import StubModel
from tests.soak.witness import size


def test_a_knob_that_turns_the_range_speaks_for_the_very_next_note_of_a_melody() -> None:
    for seed in range(5):
        player = improviser(seed, mode="continue", style=Style(temperature=2.0))
        player.receive(0.0, NoteOn(63, 80, 1))
        player.receive(STEP, NoteOff(63, 1))
        player.advance(20.0)
        now = player.next_time()
        assert now is not None
        for name in ("lowest", "highest"):
            player.receive(now, Control(name, 40))
        # What is planned already comes yet; whatever is made up from now on has one pitch to choose from.
        assert {note.pitch for _, note in ons(player.advance(now + 20))[1:]} == {40}


def test_panic_sends_the_note_off_of_a_note_that_has_sounded_long_enough() -> None:
    player = improviser()
    sounds = ons(player.receive(0.0, NoteOn(63, 80, 1)))[0][1]
    messages = player.receive(0.07, Control("panic"))
    assert [timed.message for timed in messages].count(NoteOff(sounds.pitch, sounds.channel)) == 1


def test_a_range_holds_however_far_from_it_the_performer_and_the_octave_are() -> None:
    style = Style(octave=4, constraints=Constraints(lowest=0, highest=11))
    player = improviser(style=style)
    assert ons(player.receive(0.0, NoteOn(127, 80, 1)))[0][1].pitch <= 11


def test_a_lost_note_off_leaves_no_note_of_thru_hanging() -> None:
    player = improviser(hands=InputRouting(thru=True, thru_channel=5))
    player.receive(0.0, NoteOn(64, 70, 1))  # the cable is pulled, its note-off never comes
    player.receive(9.0, NoteOn(64, 70, 1))
    messages = player.receive(10.0, NoteOff(64, 1))
    assert NoteOff(64, 5) in [timed.message for timed in messages]


def test_wheels_of_other_channels_are_left_alone() -> None:
    player = improviser(hands=InputRouting(channel=2, thru=True, thru_channel=5))
    assert player.receive(0.0, PitchBend(96, 1)) == []
    assert [timed.message for timed in player.receive(0.0, PitchBend(96, 2))] == [PitchBend(96, 5)]


def test_a_phrase_that_never_ends_is_no_burden() -> None:
    player = improviser(signatures=(0,))
    player.receive(0.0, ControlChange(64, 127, 1))  # a pedal that is stuck
    sizes = []
    for count in range(1_500):
        player.receive(count * STEP, NoteOn(60 + count % 12, 80, 1))
        player.receive(count * STEP + 0.1, NoteOff(60 + count % 12, 1))
        if count % 500 == 499:
            sizes.append(size(player))
    assert max(sizes) < sizes[0] + 200


def test_a_note_that_was_held_for_a_day_is_no_burden_to_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    step = StubModel.step
    monkeypatch.setattr(StubModel, "step", lambda *args: steps.append(1) or step(*args))
    player = improviser(mode="call-response", style=Style(candidates=1))
    player.receive(0.0, NoteOn(63, 80, 1))
    player.advance(86_400.0)
    player.receive(86_400.0, Control("answer"))
    assert len(steps) < 1_000


@pytest.mark.parametrize("clash", [{"channel": 2}, {"channel": 5}])
def test_a_metronome_on_the_channel_of_the_answer_or_of_thru_is_refused(clash: dict[str, int]) -> None:
    # A click of a pitch that sounds there would end the note, and the note's end the click.
    sections = {"play": {"channel": 2}, "hands": {"thru": True, "thru_channel": 5}, "metronome": {"on": True, **clash}}
    with pytest.raises(UserError, match=r"metronome\.channel"):
        load_musician(read_settings(options=sections))


def test_a_tempo_that_nobody_can_play_is_not_believed() -> None:
    player = improviser(mode="continue")
    player.receive(0.0, TempoChange(60e6))
    assert player.bpm == 400
    player.receive(0.0, TempoChange(0.001))
    assert player.bpm == 20


def test_a_note_that_the_model_lacks_is_said_once_and_answered() -> None:
    notices: list[str] = []
    player = improviser(notices=notices, signatures=(0,))  # the stub knows 48 to 84
    answers = []
    for number, pitch in enumerate((60, 84, 100, 62, 101, 47)):
        answers += ons(player.receive(number, NoteOn(pitch, 80, 1)))
        player.receive(number + 0.4, NoteOff(pitch, 1))
    assert len(answers) == 6
    assert notices == ["the model doesn't know the note 100 here, and hears it as 76"]


@pytest.mark.parametrize("controller", range(128))
@pytest.mark.parametrize("thru", [False, True])
def test_only_what_changes_nothing_is_ignored(controller: int, thru: bool) -> None:
    event = ControlChange(controller, 0, 1)
    flooded, quiet = (improviser(mode="call-response", hands=InputRouting(thru=thru, thru_channel=5)) for _ in range(2))
    played = [[*player.receive(0.0, ControlChange(64, 127, 1)), *play_phrase(player)] for player in (flooded, quiet)]
    assert played[0] == played[1]
    if flooded.ignores(event):
        assert not thru
        assert flooded.receive(1.0, event) + flooded.advance(9.0) == quiet.advance(1.0) + quiet.advance(9.0)
    else:
        assert flooded.receive(1.0, event) or controller in (64, 120, 121, *range(123, 128))


def play_phrase(player: Improviser) -> list[Timed]:
    return [
        message
        for number in range(4)
        for event in (NoteOn(63 + number, 80, 1), NoteOff(63 + number, 1))
        for message in player.receive(number * 2 * STEP, event)
    ]
