from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.input.controls import (
    Control,
    Controls,
    Source,
    check_control,
    is_on,
    moved_by,
    parse_source,
    parse_table,
)
from antiphon.midi.codec import decode
from antiphon.midi.messages import ClockPulse, ControlChange, Message, NoteOff, NoteOn, PitchBend, ProgramChange
from antiphon.parameter import Parameter
from antiphon.parameters import CONTROLS, MODES, controls_table

KNOBS = [name for name, each in CONTROLS.items() if each.kind == "number"]
TEMPERATURE, DENSITY, MODE = CONTROLS["temperature"], CONTROLS["density"], CONTROLS["mode"]
TABLE = {
    "temperature": "cc 21",
    "lowest": "cc 23 channel 2",
    "mode": "cc 25",
    "tap": "note 36 channel 10",
    "answer": "cc 66",
    "hold": "cc 67",
    "mute": "note 37 channel 10",
    "panic": "",
}

sources = st.builds(Source, st.just("cc"), st.integers(0, 119), st.none() | st.integers(1, 16)) | st.builds(
    Source, st.just("note"), st.integers(0, 127), st.none() | st.integers(1, 16)
)
values = st.integers(0, 127)
anything = st.lists(st.integers(0, 255), max_size=4) | st.tuples(st.integers(0x80, 0xBF), values, values).map(list)


def cc(number: int, value: int, channel: int = 1) -> ControlChange:
    return ControlChange(number, value, channel)


def pad(pitch: int, velocity: int, channel: int = 10) -> NoteOn | NoteOff:
    return NoteOn(pitch, velocity, channel) if velocity else NoteOff(pitch, channel)


def steer(messages: Sequence[Message], mode: str = "next-note") -> list[Control]:
    controls = Controls(parse_table(TABLE), next(known for known in MODES if known == mode))
    steered = []
    for message in messages:
        controls, control = controls.after(message)
        steered.append(control)
    return [control for control in steered if control is not None]


@given(sources)
def test_a_source_is_read_as_it_is_written(source: Source) -> None:
    assert parse_source(str(source)) == source


@pytest.mark.parametrize("text", ["CC 21 Channel 3", "  cc  21  channel  3 ", "cc 021 channel 03"])
def test_capitals_and_spaces_do_not_matter(text: str) -> None:
    assert parse_source(text) == Source("cc", 21, 3)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("knob 3", "names no controller"),
        ("cc", "names no controller"),
        ("cc 21, channel 3", "names no controller"),
        ("cc -1", "names no controller"),
        ("cc ²", "names no controller"),
        ("cc 120", "controllers are 0 to 119"),
        ("note 128", "notes are 0 to 127"),
        ("note 36 channel 17", "channels are 1 to 16"),
        ("cc 1 channel 0", "channels are 1 to 16"),
    ],
)
def test_a_wrong_source_is_refused_with_its_key_and_an_example(text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as refused:
        parse_table({"tap": text})
    assert str(refused.value).startswith(f"controls.tap: {text!r}")
    assert '"note 36 channel 10"' in str(refused.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_table({"tap": text})
    except UserError as error:
        assert str(error).startswith("controls.tap: ")


def test_an_unknown_control_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UserError, match=r"controls\.volume: there is no control 'volume'; there are mode, temperature"):
        parse_table({"volume": "cc 7"})
    assert [check_control(name) for name in CONTROLS] == list(CONTROLS)


@pytest.mark.parametrize(
    ("one", "other"), [("cc 21", "cc 21"), ("cc 21", "cc 21 channel 3"), ("cc 21 channel 3", "cc 21")]
)
def test_two_controls_on_one_source_are_both_named(one: str, other: str) -> None:
    with pytest.raises(UserError, match=r"controls\.tap and controls\.temperature are both on") as refused:
        parse_table({"temperature": one, "tap": other})
    assert f'"{one}"' in str(refused.value)
    parse_table({"temperature": "cc 21 channel 1", "tap": "cc 21 channel 2", "mode": "note 21 channel 1"})


@pytest.mark.parametrize("name", sorted(KNOBS))
def test_a_note_turns_no_knob(name: str) -> None:
    with pytest.raises(UserError, match=f"controls.{name}: 'note 36' can't set a value"):
        parse_table({name: "note 36"})


@given(anything.map(decode).filter(bool))
def test_any_message_is_a_control_or_none(message: Message) -> None:
    table = parse_table(TABLE)
    moved = table.moved(message)
    controls, steered = Controls(table, "continue").after(message)
    if moved is None:
        assert (controls, steered) == (Controls(table, "continue"), None)
    else:
        assert 0 <= moved[2] <= 1
        assert steered is None or (steered.name, steered.value) == (moved[0], CONTROLS[moved[0]].checked(steered.value))


@pytest.mark.parametrize("message", [cc(120, 127), cc(127, 0), ProgramChange(21, 1), PitchBend(0, 1), ClockPulse()])
def test_what_is_no_controller_and_no_note_moves_nothing(message: Message) -> None:
    assert moved_by(message) is None
    assert moved_by(cc(119, 127, 16)) == (Source("cc", 119, 16), 1.0)


@given(st.sampled_from(sorted(TABLE)), st.integers(1, 16), values)
def test_another_channel_is_no_control(name: str, channel: int, value: int) -> None:
    table = parse_table(TABLE)
    source = dict(table.entries).get(check_control(name))
    if source is not None:
        message = (cc if source.kind == "cc" else pad)(source.number, value, channel)
        moved = table.moved(message)
        assert (moved is not None) == (source.channel in (None, channel))
        assert moved is None or moved[0] == name


def test_a_pads_note_off_belongs_to_its_control_too() -> None:
    table = parse_table(TABLE)
    for message in (decode([0x89, 36, 64]), decode([0x99, 36, 0])):
        assert message is not None
        assert table.moved(message) == ("tap", Source("note", 36, 10), 0.0)
        assert steer([message]) == []


@given(st.lists(values))
def test_a_knob_gives_every_value(turned: list[int]) -> None:
    assert steer([cc(21, value) for value in turned]) == [
        Control("temperature", 0.1 + value / 127 * 1.9) for value in turned
    ]


@given(st.lists(values))
def test_a_controller_presses_where_it_crosses_64(moved: list[int]) -> None:
    presses = sum(before < 64 <= after for before, after in pairwise([0, *moved]))
    assert steer([cc(66, value) for value in moved]) == [Control("answer")] * presses


@given(st.lists(values))
def test_a_pedal_is_on_while_it_is_down(moved: list[int]) -> None:
    edges = [after >= 64 for before, after in pairwise([0, *moved]) if (before >= 64) != (after >= 64)]
    assert steer([cc(67, value) for value in moved]) == [Control("hold", is_down) for is_down in edges]


def test_a_note_presses_however_soft_and_whether_or_not_it_ends() -> None:
    assert steer([pad(36, 1), pad(36, 0), pad(36, 127), pad(36, 5)]) == [Control("tap")] * 3


@given(st.lists(values))
def test_a_note_turns_a_switch_on_and_off_again(velocities: list[int]) -> None:
    strokes = sum(velocity > 0 for velocity in velocities)
    expected = [Control("mute", stroke % 2 == 0) for stroke in range(strokes)]
    assert steer([pad(37, velocity) for velocity in velocities]) == expected


def test_controls_do_not_disturb_each_other() -> None:
    messages = [pad(37, 90), cc(67, 127), cc(66, 127), cc(67, 0), pad(37, 90), cc(66, 0)]
    assert [(control.name, control.value) for control in steer(messages)] == [
        ("mute", True),
        ("hold", True),
        ("answer", True),
        ("hold", False),
        ("mute", False),
    ]


def test_a_knob_points_at_a_mode() -> None:
    assert [MODE.at(value / 127) for value in (0, 31, 32, 63, 64, 95, 96, 127)] == [
        "next-note",
        "next-note",
        "call-response",
        "call-response",
        "continue",
        "continue",
        "accompany",
        "accompany",
    ]
    modes = [control.value for control in steer([cc(25, value) for value in range(128)])]
    assert modes == ["call-response", "continue", "accompany"]  # told once each


def test_a_note_steps_through_the_modes_from_the_first_one() -> None:
    controls = Controls(parse_table({"mode": "note 38"}), "call-response")
    modes = []
    for velocity in (80, 0, 80, 0, 80, 0, 80, 0):
        controls, control = controls.after(pad(38, velocity, 4))
        if control is not None:
            modes.append(control.value)
    assert modes == ["continue", "accompany", "next-note", "call-response"]


def test_a_knob_and_a_note_choose_the_accompaniment() -> None:
    knob = Controls(parse_table({"accompaniment": "cc 9"}), "accompany")
    chosen = []
    for value in (127, 0, 42, 43, 84, 85, 127, 60):
        knob, control = knob.after(cc(9, value))
        chosen.append(control and control.value)
    assert chosen == [None, "chords", None, "bass", None, "both", None, "bass"]  # it begins with both
    steps = Controls(parse_table({"accompaniment": "note 38"}), "accompany", "bass")
    found = []
    for velocity in (80, 0, 80, 0, 80, 0):
        steps, control = steps.after(pad(38, velocity, 4))
        found += [] if control is None else [control.value]
    assert found == ["both", "chords", "bass"]
    stepped = steps.steered(Control("accompaniment", "chords")).after(pad(38, 80, 4))[1]
    assert stepped == Control("accompaniment", "bass")


def test_a_knob_of_a_recording_chooses_from_the_modes_that_there_were() -> None:
    before = Controls(parse_table({"mode": "cc 25"}), "next-note", modes=MODES[:3])
    assert [before.after(cc(25, value))[1] for value in (43, 127)] == [
        Control("mode", "call-response"),
        Control("mode", "continue"),
    ]
    pads = Controls(parse_table({"mode": "note 38"}), "continue", modes=MODES[:3])
    assert pads.after(pad(38, 80, 4))[1] == Control("mode", "next-note")
    assert pads.steered(Control("mode", "accompany")).after(pad(38, 80, 4))[1] == Control("mode", "next-note")


def test_values_have_units() -> None:
    assert [TEMPERATURE.at(0), TEMPERATURE.at(1)] == [0.1, 2.0]
    assert [CONTROLS["lowest"].at(value / 127) for value in range(128)] == list(range(128))
    assert [DENSITY.at(value) for value in (0.0, 0.4, 1.0)] == [0.0, 0.4, 1.0]
    assert [is_on(value / 127) for value in range(128)] == [value >= 64 for value in range(128)]


@pytest.mark.parametrize("parameter", [each for each in CONTROLS.values() if each.kind == "number"], ids=str)
@given(share=st.floats(0, 1))
def test_whatever_a_knob_says_is_a_value_that_its_parameter_may_have(parameter: Parameter, share: float) -> None:
    value = parameter.at(share)
    assert parameter.checked(value) == value
    assert parameter.knob is not None and parameter.knob[0] <= float(value) <= parameter.knob[1]


def test_a_temperature_that_no_knob_reaches_may_be_set_all_the_same() -> None:
    assert [TEMPERATURE.checked(each) for each in (0, 0.05, 10)] == [0.0, 0.05, 10.0]


def test_pads_go_on_from_what_was_steered_elsewhere() -> None:
    controls = Controls(parse_table({"mode": "note 38", "mute": "note 37"}), "next-note")
    for name, value in (("mode", "call-response"), ("mute", True), ("temperature", 0.3)):
        controls = controls.steered(Control(check_control(name), value))
    controls, stepped = controls.after(pad(38, 80))
    controls, switched = controls.after(pad(37, 80))
    assert [stepped, switched] == [Control("mode", "continue"), Control("mute", False)]
    _, again = controls.steered(Control("mute", False)).after(pad(37, 80))
    assert again == Control("mute", True)


def test_the_controls_stand_in_the_docs() -> None:
    docs = Path(__file__).parents[2] / "docs" / "controls.md"
    assert controls_table() in docs.read_text(encoding="utf-8")
