"""Sounding: the improviser's own notes, each of which gets exactly one note-off."""

from __future__ import annotations

from dataclasses import dataclass

from antiphon.improviser.events import NoteOff, NoteOn, Timed

SHORTEST_NOTE = 0.060
"""Seconds that a note sounds at least."""


@dataclass(frozen=True)
class _Sounding:
    start: float
    end: float


class Sounding:
    """The notes that sound, by channel and pitch, and when each is to end. Times are in seconds."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int], _Sounding] = {}

    def start(self, time: float, note: NoteOn, end: float) -> list[Timed]:
        """Start a note that ends at `end`; the same pitch, where it still sounds, ends first."""
        place = (note.channel, note.pitch)
        stopped = self._stop(time, place) if place in self._notes else []
        self._notes[place] = _Sounding(time, max(end, time + SHORTEST_NOTE))
        return [*stopped, Timed(time, note)]

    def end_at(self, note: NoteOn, time: float) -> None:
        """Let a note end at `time`, if it still sounds: no earlier than the shortest note does."""
        place = (note.channel, note.pitch)
        if place in self._notes:
            start = self._notes[place].start
            self._notes[place] = _Sounding(start, max(time, start + SHORTEST_NOTE))

    def shorten(self, time: float) -> None:
        """Let everything end at `time`, or as soon after it as the shortest note allows."""
        for place, note in self._notes.items():
            end = max(time, note.start + SHORTEST_NOTE)
            self._notes[place] = _Sounding(note.start, min(note.end, end))

    def next_time(self) -> float | None:
        """Return when the next note ends, in seconds; None if none sounds."""
        return min((note.end for note in self._notes.values()), default=None)

    def ended(self, time: float) -> list[Timed]:
        """Return the note-offs that are due up to `time`, in their order; those notes no longer sound."""
        due = sorted((note.end, place) for place, note in self._notes.items() if note.end <= time)
        return [message for end, place in due for message in self._stop(end, place)]

    def end_all(self, time: float) -> list[Timed]:
        """End whatever sounds, now."""
        return [message for place in sorted(self._notes) for message in self._stop(time, place)]

    def _stop(self, time: float, place: tuple[int, int]) -> list[Timed]:
        del self._notes[place]
        channel, pitch = place
        return [Timed(time, NoteOff(pitch, channel))]
