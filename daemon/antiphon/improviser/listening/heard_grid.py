"""The heard grid: where the performer's beats lie on the timekeeper's grid, and how far her last onset was off it."""

from __future__ import annotations

from typing import NamedTuple

from antiphon.improviser.listening.inter_onset import nearest
from antiphon.improviser.listening.state import ListenerState
from antiphon.improviser.tempo.beat import Beat
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Place
from antiphon.melody.swing import STRAIGHT, played

FARTHEST_LAG = 0.4
"""Steps; an onset that is farther from its step was counted wrongly, or is of another rhythm."""

SOON = 0.02
"""Seconds after a note, in which a beat doesn't count as the next: the note's own may be a little behind it."""

STRAY = 0.25
"""Steps; a beat that is farther from every step of the grid moves the grid: its steps are counted by a wrong tempo."""


BELIEVED = 0.6
"""Probability that a bar begins on a beat, from which on answers start there and not on the beat that comes first. Of
answers after each note of beginners, Mozart, Chopin and Schubert and virtuosi (even half), melodies and whole textures,
.239 start on a downbeat with it, with 0.7 .237, and on the first beat .222; each source counts alike."""


class HeardBarline(NamedTuple):
    """A step at which a bar of the performer's begins, as it was heard."""

    step: int
    bar: int
    """Steps in the bar."""

    def place(self, step: int) -> Place:
        """Return where a step stands in her bars."""
        return Place((step - self.step) % self.bar, self.bar)


class HeardGrid(NamedTuple):
    """The grid under what was heard: its beats are hers where she hears it; else her own, as soon as there are any."""

    state: ListenerState
    time: Timekeeper
    beat: Beat
    """Where her beats fall by what she has played."""

    @property
    def swing(self) -> float:
        """Share of the beat before an eighth off the beat, as the performer plays it; 0.5 is straight."""
        return self.state.shared_division.swing if self.time.is_shared else self.state.division.share

    @property
    def swings(self) -> bool:
        """Whether the performer swings, which tells the beat as well."""
        return self.swing != STRAIGHT

    @property
    def beat_at(self) -> int:
        """A step at which a beat lies, as far as it is known; where it isn't, the phrase's first."""
        state = self.state
        if self.time.is_shared:
            return 0
        if state.division.swings:
            return (state.onset or 0) - round(state.division.place * self.time.beat)
        return state.phrase

    def next_beat(self, time: float) -> int:
        """Return the step of the first beat at `time` (seconds) or later: an answer may start there."""
        grid = self.time
        if self.swings and not grid.is_shared:  # the long one of each pair is on a beat
            return grid.next_step(time, grid.beat, self.beat_at)
        beat = None if grid.is_shared else self.beat.next(time)
        if beat is None:
            return grid.next_step(time, grid.beat)
        return max(grid.next_step(time, 1), nearest(grid.tempo.step_at(beat.time)))

    def next_beat_time(self, time: float) -> float:
        """Return when an answer starts there, in seconds: on its step, but with the beat where that is far from it."""
        grid = self.time
        step = self.next_beat(time)
        on_step = grid.tempo.time_of(step)
        beat = None if grid.is_shared else self.beat.next(time)
        strays = beat is not None and abs(beat.time - on_step) > STRAY * grid.tempo.step_seconds
        return beat.time if beat is not None and strays else on_step

    def barline(self, time: float) -> HeardBarline | None:
        """Return the first barline of hers at `time` (seconds) or later, as far as her bar is inferred and believed."""
        grid = self.time
        if grid.is_shared or not grid.infers_bar:
            return None
        step = self.next_beat(time)
        found = self.state.bar.barline(step - (self.state.onset or 0))
        if found is None or found.certainty < BELIEVED:
            return None
        return HeardBarline(step + found.beats * grid.beat, found.bar * grid.beat)

    def next_start_time(self, time: float) -> float:
        """Return when an answer starts, in seconds: at the next barline that is believed, or at the next beat."""
        start, barline = self.next_beat_time(time), self.barline(time)
        if barline is None:
            return start
        return start + (barline.step - self.next_beat(time)) * self.time.tempo.step_seconds

    def beat_certainty(self, time: float) -> float:
        """Return how probable it is that a beat of hers is where `next_beat` says: 1 on a grid that she hears."""
        if self.time.is_shared:
            return 1.0
        beat = self.beat.next(time)
        return 0.0 if beat is None else beat.certainty

    def lag(self, time: float, interval: int) -> float | None:
        """Return by how many steps the last onset came behind where it was to be; None where nobody knows where.

        Args:
            time: of the onset, in seconds.
            interval: steps from the note before to it.
        """
        onset, beat = self.state.onset or 0, self.time.beat
        if not self.time.is_shared:
            there = onset + self.state.division.lag
        else:
            there = beat * played(onset / beat, self.swing) if self.time.is_simple else onset
        lag = self.time.tempo.step_at(time) - there
        is_near = self.time.is_shared or interval <= beat
        return lag if is_near and abs(lag) < FARTHEST_LAG else None
