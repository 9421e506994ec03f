"""Messages ↔ bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from antiphon.midi import protocol
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

# Status → what makes a message of the channel and the data bytes, for channel messages, or of the data bytes.
_CHANNEL_MESSAGES: dict[int, Callable[..., Message]] = {
    protocol.NOTE_OFF: lambda channel, pitch, _velocity: NoteOff(pitch, channel),
    # A note-on of velocity 0 is a note-off.
    protocol.NOTE_ON: lambda channel, pitch, velocity: (
        NoteOn(pitch, velocity, channel) if velocity else NoteOff(pitch, channel)
    ),
    protocol.POLY_PRESSURE: lambda channel, pitch, pressure: PolyPressure(pitch, pressure, channel),
    protocol.CONTROL_CHANGE: lambda channel, controller, value: ControlChange(controller, value, channel),
    protocol.PROGRAM_CHANGE: lambda channel, program: ProgramChange(program, channel),
    protocol.CHANNEL_PRESSURE: lambda channel, pressure: ChannelPressure(pressure, channel),
    protocol.PITCH_BEND: lambda channel, low, high: PitchBend((low | high << 7) - protocol.BEND_CENTRE, channel),
}
_SYSTEM_MESSAGES: dict[int, Callable[..., Message]] = {
    protocol.SONG_POSITION: lambda low, high: SongPosition(low | high << 7),
    protocol.CLOCK: ClockPulse,
    protocol.START: ClockStart,
    protocol.CONTINUE: ClockContinue,
    protocol.STOP: ClockStop,
}


def _makers() -> dict[int, tuple[int | None, int | None, Callable[..., Message]]]:
    """Return, by status byte, a message's length, its channel if it has one, and what makes a message of its data."""
    makers: dict[int, tuple[int | None, int | None, Callable[..., Message]]] = {}
    for status, spec in protocol.SPEC_OF_STATUS.items():
        if spec.kind == "channel":
            makers[status] = spec.length, protocol.channel_of(status), _CHANNEL_MESSAGES[spec.status]
        elif status in _SYSTEM_MESSAGES:
            makers[status] = spec.length, None, _SYSTEM_MESSAGES[status]
    return makers


_MAKERS = _makers()


def decode(data: Sequence[int]) -> Message | None:
    """Return the message that bytes are, or None if they are malformed or of no concern.

    Args:
        data: the bytes of one whole message, status byte first, as RtMidi delivers it.
    """
    if not data:
        return None
    found = _MAKERS.get(data[0])
    if found is None:
        return None
    length, channel, make = found
    if len(data) != length or (length > 1 and max(data[1:]) > protocol.HIGHEST):
        return None
    return make(*data[1:]) if channel is None else make(channel, *data[1:])


def encode(message: Message) -> bytes:
    """Return the bytes of a message."""
    return bytes(_BYTES_OF[type(message)](message))


def _channel_bytes(status: int, data: Callable[[Any], tuple[int, ...]]) -> Callable[[Any], tuple[int, ...]]:
    """Return what makes all bytes of a channel message, by its data bytes."""
    first = status - protocol.FIRST_CHANNEL
    return lambda message: (first + message.channel, *data(message))


def _two_bytes(value: int) -> tuple[int, int]:
    """Return a 14-bit value as two data bytes, the lower one first."""
    return value & protocol.HIGHEST, value >> 7


_BYTES_OF: dict[type[Message], Callable[[Any], tuple[int, ...]]] = {
    NoteOn: _channel_bytes(protocol.NOTE_ON, lambda note: (note.pitch, note.velocity)),
    NoteOff: _channel_bytes(protocol.NOTE_OFF, lambda note: (note.pitch, 0)),
    PolyPressure: _channel_bytes(protocol.POLY_PRESSURE, lambda pressed: (pressed.pitch, pressed.pressure)),
    ControlChange: _channel_bytes(protocol.CONTROL_CHANGE, lambda moved: (moved.controller, moved.value)),
    ProgramChange: _channel_bytes(protocol.PROGRAM_CHANGE, lambda chosen: (chosen.program,)),
    ChannelPressure: _channel_bytes(protocol.CHANNEL_PRESSURE, lambda pressed: (pressed.pressure,)),
    PitchBend: _channel_bytes(protocol.PITCH_BEND, lambda bend: _two_bytes(bend.value + protocol.BEND_CENTRE)),
    SongPosition: lambda position: (protocol.SONG_POSITION, *_two_bytes(position.sixteenths)),
    ClockPulse: lambda _: (protocol.CLOCK,),
    ClockStart: lambda _: (protocol.START,),
    ClockContinue: lambda _: (protocol.CONTINUE,),
    ClockStop: lambda _: (protocol.STOP,),
}
"""Kind of message → what makes its bytes."""
