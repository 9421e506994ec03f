from hypothesis import given
from hypothesis import strategies as st

from antiphon.improviser.events import NoteOff, NoteOn
from antiphon.live.messages import encode, parse

notes = st.builds(NoteOn, st.integers(0, 127), st.integers(1, 127), st.integers(1, 16)) | st.builds(
    NoteOff, st.integers(0, 127), st.integers(1, 16)
)


@given(notes)
def test_parsing_is_the_inverse_of_encoding(note: NoteOn | NoteOff) -> None:
    assert parse(encode(note)) == note


def test_a_note_on_without_velocity_is_a_note_off() -> None:
    assert parse([0x93, 60, 0]) == NoteOff(60, 4)


@given(st.lists(st.integers(0, 255)))
def test_nonsense_is_ignored(message: list[int]) -> None:
    event = parse(message)
    assert event is None or (message[0] & 0xE0 == 0x80 and len(message) == 3 and max(message[1:]) < 128)
