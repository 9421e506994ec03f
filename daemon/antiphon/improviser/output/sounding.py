"""Sounding: the improviser's own notes, each of which gets exactly one note-off."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from antiphon.improviser.events import Timed
from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import NoteOff, NoteOn

SHORTEST_NOTE = 0.060
"""Seconds that a note sounds at least."""


class _SoundingNote(NamedTuple):
    """Sorted by when it ends."""

    end: float
    channel: int
    pitch: int
    start: float

    def until(self, time: float) -> _SoundingNote:
        """Return the note as it ends at `time`, or as soon after it as the shortest note does."""
        return _SoundingNote(max(time, self.start + SHORTEST_NOTE), self.channel, self.pitch, self.start)


class Sounding:
    """The notes that sound, and when each is to end. Times are in seconds."""

    def __init__(self) -> None:
        self._notes: ActiveNotes[_SoundingNote] = ActiveNotes()

    def start(self, time: float, note: NoteOn, end: float) -> list[Timed]:
        """Start a note that ends at `end`; the same pitch, where it still sounds, ends first."""
        end = max(end, time + SHORTEST_NOTE)
        before = self._notes.turn_on(_SoundingNote(end, note.channel, note.pitch, time))
        stopped = [] if before is None else [Timed(time, NoteOff(note.pitch, note.channel))]
        return [*stopped, Timed(time, note)]

    def end_at(self, note: NoteOn, time: float) -> None:
        """Let a note end at `time`, if it still sounds: no earlier than the shortest note does."""
        sounding = self._notes.turn_off(note)
        if sounding is not None:
            self._notes.turn_on(sounding.until(time))

    def shorten(self, time: float, is_meant: Callable[[int], bool] = lambda _pitch: True) -> None:
        """Let notes end at `time`, or as soon after it as the shortest note allows: those whose pitch is meant."""
        for note in filter(lambda each: is_meant(each.pitch), self._notes):
            shorter = note.until(time)
            if shorter.end < note.end:
                self._notes.turn_on(shorter)

    def next_time(self) -> float | None:
        """Return when the next note ends, in seconds; None if none sounds."""
        return min(self._notes).end if self._notes else None

    def ended(self, time: float) -> list[Timed]:
        """Return the note-offs that are due up to `time`, in their order; those notes no longer sound."""
        due = sorted(note for note in self._notes if note.end <= time)
        for note in due:
            self._notes.turn_off(note)
        return [Timed(note.end, NoteOff(note.pitch, note.channel)) for note in due]

    def end_all(self, time: float) -> list[Timed]:
        """End whatever sounds, now."""
        return [Timed(time, note_off) for note_off in self._notes.turn_all_off()]
