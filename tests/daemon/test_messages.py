from hypothesis import given
from hypothesis import strategies as st

from antiphon.improviser.input.controls import Control, parse_table
from antiphon.improviser.input.translator import Translator
from antiphon.midi.codec import decode, encode
from antiphon.midi.messages import (
    ChannelPressure,
    ClockContinue,
    ClockPulse,
    ClockStart,
    ClockStop,
    ControlChange,
    Message,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    SongPosition,
)

channels, bytes_ = st.integers(1, 16), st.integers(0, 127)
messages = st.one_of(
    st.builds(NoteOn, bytes_, st.integers(1, 127), channels),
    st.builds(NoteOff, bytes_, channels),
    st.builds(ControlChange, bytes_, bytes_, channels),
    st.builds(PolyPressure, bytes_, bytes_, channels),
    st.builds(ChannelPressure, bytes_, channels),
    st.builds(PitchBend, st.integers(-8192, 8191), channels),
    st.builds(ProgramChange, bytes_, channels),
    st.builds(SongPosition, st.integers(0, (1 << 14) - 1)),
    st.sampled_from([ClockPulse(), ClockStart(), ClockContinue(), ClockStop()]),
)


@given(messages)
def test_parsing_is_the_inverse_of_encoding(message: Message) -> None:
    assert decode(encode(message)) == message


def test_a_note_on_without_velocity_is_a_note_off() -> None:
    assert decode([0x93, 60, 0]) == NoteOff(60, 4)


def test_what_a_sequencer_says_is_read() -> None:
    said = [decode([status]) for status in (0xF8, 0xFA, 0xFB, 0xFC)]
    assert said == [ClockPulse(), ClockStart(), ClockContinue(), ClockStop()]
    assert decode([0xF2, 0x10, 0x01]) == SongPosition(0x10 + 0x80)
    assert decode([0xC2, 5]) == ProgramChange(5, 3)


@given(st.lists(st.integers(0, 255)))
def test_nonsense_is_ignored(message: list[int]) -> None:
    event = decode(message)
    well_formed = len(message) <= 3 and max(message[1:], default=0) < 128 and message[:1] >= [0x80]
    assert event is None or well_formed


def test_what_the_table_says_is_a_control_is_none_of_the_melody() -> None:
    translator = Translator(parse_table({"temperature": "cc 21", "panic": "note 36 channel 10"}), "next-note")
    assert translator.event_of(ControlChange(21, 127, 1)) == Control("temperature", 2.0)
    assert translator.event_of(ControlChange(22, 127, 1)) == ControlChange(22, 127, 1)
    assert translator.event_of(NoteOn(36, 5, 10)) == Control("panic")
    assert translator.event_of(NoteOff(36, 10)) is None
    assert translator.event_of(NoteOn(36, 5, 1)) == NoteOn(36, 5, 1)  # on another channel it is a note
