"""What the tempo of a MIDI file follows: its own tempo map, the MIDI clock that it holds, or the playing alone."""

from __future__ import annotations

from typing import NamedTuple

from antiphon.improviser.events import Event
from antiphon.parameters import Sync
from antiphon.recording.performance_file import Performance

UNSAID_BPM = 120.0
"""BPM of a MIDI file until it says a tempo (Standard MIDI Files 1.0)."""


class FileTempo(NamedTuple):
    """Where the tempo comes from while a file is heard."""

    sync: Sync
    bpm: float | None
    """Said for this file, in place of its tempo map; None was not."""
    set_bpm: float
    """BPM of the settings, to begin with where the file's tempo map isn't followed."""

    @property
    def follows_map(self) -> bool:
        """Whether the tempo changes of the file count."""
        return self.sync == "fixed" and self.bpm is None

    @property
    def first_bpm(self) -> float:
        """The tempo before the first event, in BPM."""
        return UNSAID_BPM if self.follows_map else self.set_bpm if self.bpm is None else self.bpm

    def events(self, performance: Performance) -> list[tuple[float, Event]]:
        """Return what is to be heard of a performance, each event with its time in seconds."""
        return performance.events(keep_tempo=self.follows_map, keep_clock=self.sync == "clock")
