"""Ableton Link: a tempo, a beat and a transport that programs on a network share, as a map of seconds to steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from antiphon.melody.grid import Tempo

Standing = Literal["alone", "together", "stopped"]
"""Nobody else is in the session; others are; others are, and their transport has been stopped."""


@dataclass(frozen=True, slots=True)
class LinkTimeline:
    """What Link says at a moment: from then on its beats come evenly, until it says something else."""

    bpm: float
    """Beats (quarter notes) a minute."""
    time: float
    """Seconds; when the session stands at `beat`."""
    beat: float
    """Quarter notes; where the bar's length divides it, a bar begins."""
    is_playing: bool
    """The transport runs, where a program of the session shares its transport; otherwise False."""
    peers: int
    """Other programs in the session."""

    def tempo(self, steps_per_beat: float, offset: float) -> Tempo:
        """Return seconds ↔ steps, later than Link's beats by `offset` seconds."""
        return Tempo(self.bpm, self.time + offset, self.beat * steps_per_beat, steps_per_beat)


@dataclass(frozen=True, slots=True)
class LinkSession:
    """How a session stands after a timeline."""

    timeline: LinkTimeline
    is_stopped: bool = False
    """The transport was seen running, and then stopped: most programs don't share theirs, which says nothing."""

    def after(self, timeline: LinkTimeline) -> LinkSession:
        """Return how it stands after another timeline."""
        stops = self.timeline.is_playing or self.is_stopped
        return LinkSession(timeline, stops and not timeline.is_playing and timeline.peers > 0)

    @property
    def standing(self) -> Standing:
        """How it stands."""
        if self.timeline.peers == 0:
            return "alone"
        return "stopped" if self.is_stopped else "together"
