"""What was steered by no message is written down as text, and read back to the digit; damage is nothing."""

from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.improviser.events import KeyLock, SyncChange, TempoChange
from antiphon.improviser.input.controls import Control
from antiphon.live.performance import PAUSED
from antiphon.live.port_events import INTERRUPTED, told_of
from antiphon.live.programs import MODEL
from antiphon.melody.keys import SIGNATURES
from antiphon.midi.messages import NoteOn
from antiphon.parameters import CONTROLS, Sync
from antiphon.recording.commands import Steered, event_of, text_of
from tests.daemon.players import improviser


def controls(name: str) -> st.SearchStrategy[Control]:
    """Every value that a control may have, beyond its knob's ends as well."""
    parameter = CONTROLS[name]
    if parameter.kind == "number":
        numbers = st.floats(parameter.least, parameter.most)
        values = numbers.map(int) if parameter.is_whole else numbers
        return st.builds(Control, st.just(name), values)
    return st.builds(Control, st.just(name), st.floats(0, 1).map(parameter.at))


steered = (
    st.sampled_from(list(CONTROLS)).flatmap(controls)
    | st.builds(TempoChange, st.floats(0, 1e6, exclude_min=True))
    | st.builds(SyncChange, st.sampled_from(get_args(Sync)))
    | st.builds(KeyLock, st.none() | st.sampled_from(SIGNATURES))
)
words = ["control", "tempo", "sync", "key", "auto", "-3", "nan", "inf", "-0.0", "1e400", "0.5", "temperature", "", "٣"]


@given(steered)
@example(Control("temperature", 1))  # an int is a float
@example(Control("mute", False))
@example(Control("mode", "call-response"))
def test_what_is_written_is_read_back(event: Steered) -> None:
    assert event_of(text_of(event)) == event


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Control("temperature", 0.1), "control temperature 0.1"),
        (Control("mode", "continue"), 'control mode "continue"'),
        (Control("lowest", 48), "control lowest 48"),
        (Control("mute"), "control mute true"),
        (Control("tap"), "control tap true"),
        (TempoChange(97.3), "tempo 97.3"),
        (SyncChange("clock"), "sync clock"),
        (KeyLock(-3), "key -3"),
        (KeyLock(None), "key auto"),
    ],
)
def test_recordings_of_today_are_read_tomorrow(event: Steered, text: str) -> None:
    assert (text_of(event), event_of(text)) == (text, event)


@given(st.text() | st.lists(st.sampled_from(words) | st.text(max_size=5), max_size=4).map(" ".join))
@example("control temperature nan")
@example("control temperature 10.5")
@example("control tap false")
@example("control lowest 60.0")
@example('control mode "solo"')
@example("control bpm 100.0")
@example("control volume 0.5")
@example("tempo 0.0")
@example("tempo inf")
@example("tempo 1_00.0")
@example("key 7")
@example("key  3")
@example("sync midi")
@example("control temperature 0.50")
def test_any_text_is_an_event_or_none(text: str) -> None:
    event = event_of(text)
    assert event is None or text_of(event) == text


@given(steered, st.data())
def test_a_damaged_text_is_another_event_or_none(event: Steered, data: st.DataObject) -> None:
    text = text_of(event)
    place = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:place] + data.draw(st.characters()) + text[place + 1 :]
    read = event_of(damaged)
    assert read is None or text_of(read) == damaged


@given(st.text() | st.sampled_from(["nan", "inf", "-inf", "1e999", "", "x", "-1.0", "2.0"]))
def test_any_text_of_a_pause_is_a_pause_or_none(text: str) -> None:
    told = told_of(PAUSED + text)
    player = improviser(mode="continue")
    player.receive(0.5, NoteOn(60, 80, 1))
    if told is not None:
        told(player, 1.0)
        assert player.now == 1.0


def test_no_two_kinds_of_text_are_taken_for_each_other() -> None:
    assert event_of(INTERRUPTED) is event_of(MODEL + "essen") is event_of(f"{PAUSED}1.0") is None
    assert told_of("key auto") is None
