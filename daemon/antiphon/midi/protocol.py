"""MIDI 1.0's protocol: which messages there are, how long each is, and what controllers and values mean.

This is the only place that knows a status byte, a message's length, a controller's number or the value from which a
switch is on; whoever needs one looks it up here. Source: the MIDI 1.0 Detailed Specification, tables I to VII.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# Status bytes; those of channel messages are channel 1's, and channel n's is n - 1 more.
NOTE_OFF = 0x80
NOTE_ON = 0x90
POLY_PRESSURE = 0xA0
CONTROL_CHANGE = 0xB0
PROGRAM_CHANGE = 0xC0
CHANNEL_PRESSURE = 0xD0
PITCH_BEND = 0xE0
SYSTEM_EXCLUSIVE = 0xF0
QUARTER_FRAME = 0xF1
SONG_POSITION = 0xF2
SONG_SELECT = 0xF3
TUNE_REQUEST = 0xF6
END_OF_EXCLUSIVE = 0xF7
CLOCK = 0xF8
START = 0xFA
CONTINUE = 0xFB
STOP = 0xFC
ACTIVE_SENSING = 0xFE
RESET = 0xFF

Kind = Literal["channel", "system exclusive", "system common", "system real-time"]


@dataclass(frozen=True, slots=True)
class MessageSpec:
    """One kind of message."""

    status: int
    """Its first byte; a channel message's on channel 1."""
    name: str
    length: int | None
    """Bytes, the status included; None where the message says itself where it ends."""
    kind: Kind


SPECS = (
    MessageSpec(NOTE_OFF, "note off", 3, "channel"),
    MessageSpec(NOTE_ON, "note on", 3, "channel"),
    MessageSpec(POLY_PRESSURE, "polyphonic key pressure", 3, "channel"),
    MessageSpec(CONTROL_CHANGE, "control change", 3, "channel"),
    MessageSpec(PROGRAM_CHANGE, "program change", 2, "channel"),
    MessageSpec(CHANNEL_PRESSURE, "channel pressure", 2, "channel"),
    MessageSpec(PITCH_BEND, "pitch bend", 3, "channel"),
    MessageSpec(SYSTEM_EXCLUSIVE, "system exclusive", None, "system exclusive"),
    MessageSpec(QUARTER_FRAME, "MIDI time code quarter frame", 2, "system common"),
    MessageSpec(SONG_POSITION, "song position pointer", 3, "system common"),
    MessageSpec(SONG_SELECT, "song select", 2, "system common"),
    MessageSpec(TUNE_REQUEST, "tune request", 1, "system common"),
    MessageSpec(CLOCK, "timing clock", 1, "system real-time"),
    MessageSpec(START, "start", 1, "system real-time"),
    MessageSpec(CONTINUE, "continue", 1, "system real-time"),
    MessageSpec(STOP, "stop", 1, "system real-time"),
    MessageSpec(ACTIVE_SENSING, "active sensing", 1, "system real-time"),
    MessageSpec(RESET, "system reset", 1, "system real-time"),
)

FIRST_CHANNEL, LAST_CHANNEL = 1, 16
"""Channels as people count them; in a status byte they are 0…15."""
HIGHEST = 127
"""The largest data byte: of a pitch, a velocity, a controller's number, a value, a program."""

SPEC_OF_STATUS: dict[int, MessageSpec] = {
    spec.status + offset: spec for spec in SPECS for offset in range(LAST_CHANNEL if spec.kind == "channel" else 1)
}
"""Every status byte that means something, those of all channels included."""

TRANSPORT = frozenset({SONG_POSITION, CLOCK, START, CONTINUE, STOP})
"""The statuses by which a sequencer leads."""

# Controllers
SUSTAIN = 64
SOSTENUTO = 66
HOLD_2 = 69
PEDALS = frozenset({SUSTAIN, SOSTENUTO, HOLD_2})
"""The controllers that keep notes sounding while they are on."""
HIGHEST_CONTROLLER = 119
"""From 120 on, control changes are channel mode messages and no controllers."""

# Channel mode messages
ALL_SOUND_OFF = 120
RESET_ALL_CONTROLLERS = 121
LOCAL_CONTROL = 122
ALL_NOTES_OFF = 123
OMNI_OFF = 124
OMNI_ON = 125
MONO_ON = 126
POLY_ON = 127
ENDS_NOTES = frozenset({ALL_SOUND_OFF, ALL_NOTES_OFF, OMNI_OFF, OMNI_ON, MONO_ON, POLY_ON})
"""Those that end what sounds on their channel: two say so, and the four modes imply it."""

FIRST_ON = 64
"""The value from which a switch or a pedal is on; below it is off."""
BEND_CENTRE = 8192
"""The 14-bit value of a pitch bend wheel at rest."""
PULSES_PER_QUARTER = 24
"""Timing clocks in a quarter note."""


def is_on(value: int) -> bool:
    """Return whether a switch's or a pedal's value, 0…127, means on."""
    return value >= FIRST_ON


def is_channel(channel: int) -> bool:
    """Return whether there is such a channel, 1…16."""
    return FIRST_CHANNEL <= channel <= LAST_CHANNEL


def channel_of(status: int) -> int:
    """Return the channel, 1…16, of a channel message's status byte."""
    return status - SPEC_OF_STATUS[status].status + FIRST_CHANNEL


def data_size(status: int) -> int:
    """Return how many data bytes follow a status byte; 0 where none or any number may follow."""
    spec = SPEC_OF_STATUS.get(status)
    return 0 if spec is None or spec.length is None else spec.length - 1


def is_whole(message: Sequence[int]) -> bool:
    """Return whether bytes are one whole, well-formed message: a status that means something, and all its data."""
    spec = SPEC_OF_STATUS.get(message[0]) if message else None
    if spec is None:
        return False
    data = message[1:]
    if spec.length is None:
        if len(data) == 0 or data[-1] != END_OF_EXCLUSIVE:
            return False
        data = data[:-1]
    elif len(message) != spec.length:
        return False
    return max(data, default=0) <= HIGHEST
