"""The sustain pedal: keys that come up while it is down sound on, and so do their notes, until it comes up."""

from __future__ import annotations

from antiphon.improviser.events import NoteOff, NoteOn

PEDAL_DOWN = 64
"""MIDI 1.0: from this value on the pedal is down."""


class Sustain:
    """Holds note-offs back while the pedal is down, channel by channel."""

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._held_back: dict[NoteOff, None] = {}

    def pedal(self, value: int, channel: int) -> list[NoteOff]:
        """Move the pedal. Returns the notes that now end."""
        if value >= PEDAL_DOWN:
            self._down.add(channel)
            return []
        self._down.discard(channel)
        ended = [note for note in self._held_back if note.channel == channel]
        for note in ended:
            del self._held_back[note]
        return ended

    def struck(self, note: NoteOn) -> None:
        """A key goes down; if its note still sounded by the pedal, that end is no longer awaited."""
        self._held_back.pop(NoteOff(note.pitch, note.channel), None)

    def released(self, note: NoteOff) -> list[NoteOff]:
        """A key comes up. Returns the note as ended, or nothing while the pedal is down."""
        if note.channel not in self._down:
            return [note]
        self._held_back[note] = None
        return []

    def lift(self) -> list[NoteOff]:
        """Forget every pedal. Returns the notes that now end."""
        ended = list(self._held_back)
        self._down.clear()
        self._held_back.clear()
        return ended
