"""Events: what the improviser is told and what it tells, as values. Times are in seconds, on any steady clock."""

from __future__ import annotations

from dataclasses import dataclass

from antiphon.parameters import Sync

RESET_CONTROLLERS = 121
ENDS_NOTES = frozenset({120, 123, 124, 125, 126, 127})
"""MIDI 1.0's channel mode messages that end what sounds on their channel: two say so, the modes imply it."""
SUSTAIN = 64
"""The controller of the sustain pedal."""


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
class Expression:
    """Pitch bend or aftertouch: the message's own two or three bytes. It is passed on with the notes or not at all."""

    message: tuple[int, ...]

    @property
    def channel(self) -> int:
        """The channel, 1…16."""
        return (self.message[0] & 0x0F) + 1


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From now on there are `bpm` beats (quarter notes) a minute."""

    bpm: float


@dataclass(frozen=True, slots=True)
class SyncChange:
    """From now on the tempo follows something else."""

    sync: Sync


@dataclass(frozen=True, slots=True)
class KeyLock:
    """From now on the key signature is this one, −5…6 sharps; None: it is found by listening."""

    sharps: int | None


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
    """The transport stands at `sixteenths` from the song's beginning."""

    sixteenths: int


Transport = ClockPulse | ClockStart | ClockContinue | ClockStop | SongPosition
Event = NoteOn | NoteOff | ControlChange | ProgramChange | Expression | TempoChange | SyncChange | KeyLock | Transport
"""What goes in."""

Message = NoteOn | NoteOff | ControlChange | Expression
"""What comes out."""


@dataclass(frozen=True, slots=True)
class Timed:
    """What comes out: a message and when it is due, in seconds."""

    time: float
    message: Message
