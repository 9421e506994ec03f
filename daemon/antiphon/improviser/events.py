"""Events: what the improviser is told and what it tells, as values. Times are in seconds, on any steady clock."""

from __future__ import annotations

from dataclasses import dataclass


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
class TempoChange:
    """From now on there are `bpm` beats (quarter notes) a minute."""

    bpm: float


Event = NoteOn | NoteOff | TempoChange
"""What goes in."""


@dataclass(frozen=True, slots=True)
class Timed:
    """What comes out: a message and when it is due, in seconds."""

    time: float
    message: NoteOn | NoteOff
