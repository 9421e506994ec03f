"""What the improviser is told beside MIDI messages, and what it tells, as values.

Times are in seconds, on any steady clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from antiphon.improviser.tempo.link_session import LinkTimeline
from antiphon.midi.messages import ControlChange, Expression, Message, NoteOff, NoteOn
from antiphon.parameters import Sync

ROUNDING_SECONDS = 1e-6
"""Seconds that a difference of two times may be off, as sums of floats are. Limits on such differences allow for it, so
that a limit which is just met is met at any time of a set."""


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
class SwingChange:
    """From now on answers swing: the share of the beat before an eighth off the beat; None is as the performer does."""

    share: float | None


Event = Message | TempoChange | SyncChange | KeyLock | SwingChange | LinkTimeline
"""What goes in."""

Output = NoteOn | NoteOff | ControlChange | Expression
"""What comes out."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A message that leaves, and when it is due, in seconds."""

    time: float
    message: Output
