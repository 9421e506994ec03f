"""Which notes are on: so that each note-on gets exactly one note-off, on every way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from antiphon.midi.messages import NoteOff


class Note(Protocol):
    """Anything that says which note it is about; a note is its channel, 1…16, and its pitch, 0…127."""

    @property
    def channel(self) -> int:
        """1…16."""

    @property
    def pitch(self) -> int:
        """0…127."""


N = TypeVar("N", bound=Note)


class ActiveNotes(Generic[N]):
    """The notes that are on. Each is kept as what turned it on: a `NoteOn`, or a value that knows more of the note."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int], N] = {}

    def __iter__(self) -> Iterator[N]:
        """Yield what turned on each note. Meanwhile, no note may go off, and none on that was off."""
        return iter(self._notes.values())

    def __contains__(self, note: Note) -> bool:
        """Return whether a note is on."""
        return (note.channel, note.pitch) in self._notes

    def __bool__(self) -> bool:
        """Return whether any note is on."""
        return bool(self._notes)

    def turn_on(self, note: N) -> N | None:
        """Turn a note on; return what had turned it on before, or None if it was off."""
        place = note.channel, note.pitch
        before = self._notes.get(place)
        self._notes[place] = note
        return before

    def turn_off(self, note: Note) -> N | None:
        """Turn a note off; return what had turned it on, or None if it was off already."""
        return self._notes.pop((note.channel, note.pitch), None)

    def turn_all_off(self, channel: int | None = None) -> list[NoteOff]:
        """Turn off all notes, or those of a channel, 1…16; return their note-offs, by channel and pitch."""
        places = sorted(place for place in self._notes if channel in (None, place[0]))
        for place in places:
            del self._notes[place]
        return [NoteOff(pitch, channel) for channel, pitch in places]
