from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.input.controls import (
    CONTROL_NAMES,
    KNOBS,
    MODES,
    Control,
    Controls,
    Source,
    check_control,
    density_of,
    is_on,
    mode_of,
    moved_by,
    parse_source,
    parse_table,
    pitch_of,
    temperature_of,
    value_of_density,
    value_of_mode,
    value_of_pitch,
    value_of_switch,
    value_of_temperature,
)

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


def cc(number: int, value: int, channel: int = 1) -> list[int]:
    return [0xB0 | channel - 1, number, value]


def pad(pitch: int, velocity: int, channel: int = 10) -> list[int]:
    return [0x90 | channel - 1, pitch, velocity]


def steer(messages: list[list[int]], mode: str = "next-note") -> list[Control]:
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
    with pytest.raises(UserError, match=r"controls\.volume: there is no control 'volume'; there are temperature, mode"):
        parse_table({"volume": "cc 7"})
    assert [check_control(name) for name in CONTROL_NAMES] == list(CONTROL_NAMES)


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


@given(anything)
def test_any_bytes_are_a_control_or_none(message: list[int]) -> None:
    table = parse_table(TABLE)
    control = table.control_of(message)
    controls, steered = Controls(table, "continue").after(message)
    if control is None:
        assert (controls, steered) == (Controls(table, "continue"), None)
    else:
        assert 0 <= control.value <= 1
        assert steered is None or steered.name == control.name


@pytest.mark.parametrize("message", [cc(120, 127), cc(127, 0), cc(21, 128), [0xB0, 149, 1], [0xB0, 21], [0xC0, 21], []])
def test_what_is_no_controller_and_no_note_moves_nothing(message: list[int]) -> None:
    assert moved_by(message) is None
    assert moved_by(cc(119, 127, 16)) == (Source("cc", 119, 16), 1.0)


@given(st.sampled_from(sorted(TABLE)), st.integers(1, 16), values)
def test_another_channel_is_no_control(name: str, channel: int, value: int) -> None:
    table = parse_table(TABLE)
    source = dict(table.entries).get(check_control(name))
    if source is not None:
        message = (cc if source.kind == "cc" else pad)(source.number, value, channel)
        control = table.control_of(message)
        assert (control is not None) == (source.channel in (None, channel))
        assert control is None or control.name == name


def test_a_pads_note_off_belongs_to_its_control_too() -> None:
    table = parse_table(TABLE)
    for message in ([0x89, 36, 64], pad(36, 0)):
        assert table.control_of(message) == Control("tap", 0.0)
        assert steer([message]) == []


@given(st.lists(values))
def test_a_knob_gives_every_value(turned: list[int]) -> None:
    assert steer([cc(21, value) for value in turned]) == [Control("temperature", value / 127) for value in turned]


@given(st.lists(values))
def test_a_controller_presses_where_it_crosses_64(moved: list[int]) -> None:
    presses = sum(before < 64 <= after for before, after in pairwise([0, *moved]))
    assert steer([cc(66, value) for value in moved]) == [Control("answer", 1.0)] * presses


@given(st.lists(values))
def test_a_pedal_is_on_while_it_is_down(moved: list[int]) -> None:
    edges = [after >= 64 for before, after in pairwise([0, *moved]) if (before >= 64) != (after >= 64)]
    assert steer([cc(67, value) for value in moved]) == [Control("hold", float(is_down)) for is_down in edges]


def test_a_note_presses_however_soft_and_whether_or_not_it_ends() -> None:
    assert steer([pad(36, 1), pad(36, 0), pad(36, 127), pad(36, 5)]) == [Control("tap", 1.0)] * 3


@given(st.lists(values))
def test_a_note_turns_a_switch_on_and_off_again(velocities: list[int]) -> None:
    strokes = sum(velocity > 0 for velocity in velocities)
    expected = [Control("mute", float(stroke % 2 == 0)) for stroke in range(strokes)]
    assert steer([pad(37, velocity) for velocity in velocities]) == expected


def test_controls_do_not_disturb_each_other() -> None:
    messages = [pad(37, 90), cc(67, 127), cc(66, 127), cc(67, 0), pad(37, 90), cc(66, 0)]
    assert [(control.name, control.value) for control in steer(messages)] == [
        ("mute", 1),
        ("hold", 1),
        ("answer", 1),
        ("hold", 0),
        ("mute", 0),
    ]


def test_a_knob_points_at_a_mode() -> None:
    assert [mode_of(value / 127) for value in (0, 42, 43, 84, 85, 127)] == [
        "next-note",
        "next-note",
        "call-response",
        "call-response",
        "continue",
        "continue",
    ]
    assert [mode_of(value_of_mode(mode)) for mode in MODES] == list(MODES)
    modes = [mode_of(control.value) for control in steer([cc(25, value) for value in range(128)])]
    assert modes == ["call-response", "continue"]  # told once each


def test_a_note_steps_through_the_modes_from_the_first_one() -> None:
    controls = Controls(parse_table({"mode": "note 38"}), "call-response")
    modes = []
    for velocity in (80, 0, 80, 0, 80, 0):
        controls, control = controls.after(pad(38, velocity, 4))
        if control is not None:
            modes.append(mode_of(control.value))
    assert modes == ["continue", "next-note", "call-response"]


def test_values_have_units() -> None:
    assert [temperature_of(0), temperature_of(1)] == [0.1, 2.0]
    assert [pitch_of(value / 127) for value in range(128)] == list(range(128))
    assert [density_of(value) for value in (0.0, 0.4, 1.0)] == [0.0, 0.4, 1.0]
    assert [is_on(value / 127) for value in range(128)] == [value >= 64 for value in range(128)]


@given(st.floats(0.1, 2.0), st.floats(0, 1), st.integers(0, 127))
def test_what_is_set_in_its_unit_comes_back(temperature: float, density: float, pitch: int) -> None:
    assert abs(temperature_of(value_of_temperature(temperature)) - temperature) < 1e-12
    assert density_of(value_of_density(density)) == density
    assert pitch_of(value_of_pitch(pitch)) == pitch
    for value in (value_of_temperature(temperature), value_of_density(density), value_of_pitch(pitch)):
        assert 0 <= value <= 1


def test_two_decimals_of_a_temperature_are_what_they_were() -> None:
    written = [f"{hundredths / 100:.2f}" for hundredths in range(10, 201)]
    assert [f"{temperature_of(value_of_temperature(float(each))):.2f}" for each in written] == written
    assert [value_of_temperature(each) for each in (0.0, 10.0)] == [0.0, 1.0]  # out of the knob's reach
    assert [is_on(value_of_switch(on)) for on in (False, True)] == [False, True]


def test_pads_go_on_from_what_was_steered_elsewhere() -> None:
    controls = Controls(parse_table({"mode": "note 38", "mute": "note 37"}), "next-note")
    for name, value in (("mode", value_of_mode("call-response")), ("mute", 1.0), ("temperature", 0.3)):
        controls = controls.steered(Control(check_control(name), value))
    controls, stepped = controls.after(pad(38, 80))
    controls, switched = controls.after(pad(37, 80))
    assert [stepped, switched] == [Control("mode", value_of_mode("continue")), Control("mute", 0.0)]
    _, again = controls.steered(Control("mute", 0.0)).after(pad(37, 80))
    assert again == Control("mute", 1.0)
