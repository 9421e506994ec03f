"""What was told in no message is written down as an entry, and read back to the digit; damage is nothing."""

import math
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.events import KeyLock, SyncChange, TempoChange
from antiphon.improviser.input.controls import Control, ControlTable
from antiphon.improviser.input.translator import Translator
from antiphon.melody.keys import SIGNATURES, major_name
from antiphon.midi.messages import NoteOn
from antiphon.parameters import AUTO, CONTROLS, MODES, PARAMETERS, Sync
from antiphon.recording.commands import Steered, carry_out, check, event_of
from antiphon.recording.entries import (
    LinkHeard,
    ModelChanged,
    PortLost,
    Press,
    RecordedCommand,
    Resumed,
    Set,
    command_as_json,
    command_from_json,
)
from tests.daemon.players import command, improviser


def controls(name: str) -> st.SearchStrategy[Set | Press]:
    """Every value that a control may have, beyond its knob's ends as well."""
    parameter = CONTROLS[name]
    if parameter.kind == "number":
        numbers = st.floats(parameter.least, parameter.most)
        return (numbers.map(int) if parameter.is_whole else numbers).map(lambda value: command(name, value))
    return st.floats(0, 1).map(lambda share: command(name, parameter.at(share)))


bpm = PARAMETERS["bpm"]
names = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
steered = (
    st.sampled_from(list(CONTROLS)).flatmap(controls)
    | st.builds(Set, st.just("bpm"), st.floats(bpm.least, bpm.most))
    | st.builds(Set, st.just("sync"), st.sampled_from(get_args(Sync)))
    | st.builds(Set, st.just("key"), st.sampled_from([AUTO, "c#m", *map(major_name, SIGNATURES)]))
)
told = steered | st.builds(PortLost, names) | st.builds(Resumed, st.floats(0, 1e9)) | st.builds(ModelChanged, names)
told |= st.builds(
    LinkHeard, st.floats(19, 1000), st.floats(-1e7, 1e7), st.floats(-1e9, 1e9), st.booleans(), st.integers(0, 9)
)


@given(told)
def test_what_is_written_is_read_back(given: RecordedCommand) -> None:
    assert command_from_json(command_as_json(given)) == given
    check(given)


@pytest.mark.parametrize(
    ("given", "content", "event"),
    [
        (Set("temperature", 0.1), '"set","name":"temperature","value":0.1', Control("temperature", 0.1)),
        (Set("mode", "continue"), '"set","name":"mode","value":"continue"', Control("mode", "continue")),
        (Set("lowest", 48), '"set","name":"lowest","value":48', Control("lowest", 48)),
        (Set("mute", value=True), '"set","name":"mute","value":true', Control("mute", value=True)),
        (Press("tap"), '"press","name":"tap"', Control("tap")),
        (Set("bpm", 97.3), '"set","name":"bpm","value":97.3', TempoChange(97.3)),
        (Set("sync", "clock"), '"set","name":"sync","value":"clock"', SyncChange("clock")),
        (Set("key", "Eb"), '"set","name":"key","value":"Eb"', KeyLock(-3)),
        (Set("key", AUTO), '"set","name":"key","value":"auto"', KeyLock(None)),
        (PortLost("gone"), '"port_lost","what":"gone"', None),
        (Resumed(1.5), '"resumed","since":1.5', None),
        (ModelChanged("essen"), '"model_changed","model":"essen"', None),
        (
            LinkHeard(97.5, 1.25, 8.5, is_playing=True, peers=2),
            '"link","bpm":97.5,"time":1.25,"beat":8.5,"is_playing":true,"peers":2',
            None,
        ),
    ],
)
def test_recordings_of_today_are_read_tomorrow(given: RecordedCommand, content: str, event: Steered | None) -> None:
    content = f'{{"type":{content}}}'
    assert command_as_json(given).decode() == content
    assert command_from_json(content.encode()) == given
    if isinstance(given, Set | Press):
        assert event_of(given) == event


@given(st.binary() | st.text().map(str.encode))
@example(b"control temperature 0.5")
@example(b'{"type":"set","name":"volume","value":1}')
@example(b'{"type":"set","name":"bpm","value":[1]}')
@example(b'{"type":"resumed","since":NaN}')
@example(b'{"type":"resumed","since":1e999}')
@example(b'{"type":"sent","data":""}')
@example(b"[" * 100_000)
@example(b"\xff")
def test_any_bytes_are_something_told_or_none(content: bytes) -> None:
    given = command_from_json(content)
    assert given is None or command_from_json(command_as_json(given)) == given


@given(steered | st.builds(PortLost, names), st.data())
def test_a_damaged_entry_is_another_or_none_and_never_beyond_bounds(
    given: RecordedCommand, data: st.DataObject
) -> None:
    content = command_as_json(given)
    place = data.draw(st.integers(0, len(content) - 1))
    read = command_from_json(content[:place] + data.draw(st.binary(min_size=1, max_size=1)) + content[place + 1 :])
    if read is None:
        return
    try:
        check(read)
    except UserError as error:
        assert "\n" not in str(error)
        return
    player = improviser()
    player.receive(0.5, NoteOn(60, 80, 1))
    carry_out(read, player, Translator(ControlTable(), MODES[0]), 1.0)
    assert player.now == 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        Set("temperature", 10.5),
        Set("bpm", math.inf),
        Set("mode", "solo"),
        Set("key", "H"),
        Set("volume", 1),
        Set("tap", 1),
        Press("mute"),
        Press("x"),
        Set("seed", 1),
        Set("octave", 1),
    ],
)
def test_what_may_not_be_set_is_refused(wrong: Set | Press) -> None:
    with pytest.raises(UserError):
        check(wrong)


@given(st.floats(allow_nan=False))
def test_a_pause_that_began_at_any_time_ends_when_it_ends(since: float) -> None:
    player = improviser(mode="continue")
    player.receive(0.5, NoteOn(60, 80, 1))
    given = command_from_json(msgspec.json.encode(Resumed(since)))
    if given is not None:
        carry_out(given, player, Translator(ControlTable(), MODES[0]), 1.0)
        assert player.now == 1.0
