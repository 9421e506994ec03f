import pytest

from antiphon.errors import UserError
from antiphon.live.ports import find_port

NAMES = ["Digital Piano:MIDI 1 20:0", "Synth:in 24:0", "Synth:in two 24:1", "Piano"]


@pytest.mark.parametrize(
    ("part", "number"), [("digital", 0), ("in two", 2), ("24:1", 2), ("Digital Piano:MIDI 1 20:0", 0), ("Piano", 3)]
)
def test_a_unique_part_of_a_name_is_enough(part: str, number: int) -> None:
    assert find_port(NAMES, part, "input") == (number, NAMES[number])


def test_several_are_listed() -> None:
    with pytest.raises(
        UserError,
        match=r"more than one output port has 'synth'.*'Synth:in 24:0', 'Synth:in two 24:1'; say more of its name$",
    ):
        find_port(NAMES, "synth", "output")


def test_none_lists_what_there_is() -> None:
    with pytest.raises(UserError, match=r"no input port has 'organ'.*'Piano'; plug it in"):
        find_port(NAMES, "organ", "input")
    with pytest.raises(UserError, match="there is: none"):
        find_port([], "organ", "input")
