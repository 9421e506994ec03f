"""MIDI messages as values: what a key, a pedal, a wheel or a sequencer says, without its bytes.

Pitches, velocities, controllers, values, pressures and programs are 0…127, channels 1…16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A key goes down: `pitch` 0…127, `velocity` 1…127, `channel` 1…16."""

    pitch: int
    velocity: int
    channel: int


@dataclass(frozen=True, slots=True)
class NoteOff:
    """A key comes up."""

    pitch: int
    channel: int


@dataclass(frozen=True, slots=True)
class ControlChange:
    """A knob, a pedal or a pad: `controller` and `value` 0…127, `channel` 1…16."""

    controller: int
    value: int
    channel: int


@dataclass(frozen=True, slots=True)
class ProgramChange:
    """A program is chosen: `program` 0…127, `channel` 1…16."""

    program: int
    channel: int


@dataclass(frozen=True, slots=True)
class PolyPressure:
    """A key that is down is pressed harder or softer (polyphonic aftertouch)."""

    pitch: int
    pressure: int
    channel: int


@dataclass(frozen=True, slots=True)
class ChannelPressure:
    """The keys that are down are pressed harder or softer, all together (aftertouch)."""

    pressure: int
    channel: int


@dataclass(frozen=True, slots=True)
class PitchBend:
    """The pitch wheel moves: `value` −8192…8191, 0 at rest."""

    value: int
    channel: int


@dataclass(frozen=True, slots=True)
class ClockPulse:
    """A pulse of MIDI clock, of which there are 24 in a quarter note."""


@dataclass(frozen=True, slots=True)
class ClockStart:
    """The transport starts: the next pulse is the song's first."""


@dataclass(frozen=True, slots=True)
class ClockContinue:
    """The transport goes on from where it stood."""


@dataclass(frozen=True, slots=True)
class ClockStop:
    """The transport stops."""


@dataclass(frozen=True, slots=True)
class SongPosition:
    """The transport stands at `sixteenths` (0…16383) from the song's beginning."""

    sixteenths: int


Expression = PolyPressure | ChannelPressure | PitchBend
"""What shapes notes that sound: it is passed on with them or not at all."""
Transport = ClockPulse | ClockStart | ClockContinue | ClockStop | SongPosition
"""What a sequencer says of its tempo and its place."""
Message = NoteOn | NoteOff | ControlChange | ProgramChange | Expression | Transport


class Packet(NamedTuple):
    """One MIDI message that came or leaves, with its time: decoded or encoded once, for all who need either form."""

    time: float
    """Seconds from the session's start."""
    data: bytes
    """All bytes of the message, status byte first."""
    message: Message | None
    """What the bytes mean; None if they are malformed, or of no concern here."""
