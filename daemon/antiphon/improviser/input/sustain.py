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
        self._keys: dict[NoteOff, None] = {}
        """The keys that are down, as the note-offs that they owe."""

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
        end = NoteOff(note.pitch, note.channel)
        self._held_back.pop(end, None)
        self._keys[end] = None

    def released(self, note: NoteOff) -> list[NoteOff]:
        """A key comes up. Returns the note as ended, or nothing while the pedal is down."""
        self._keys.pop(note, None)
        if note.channel not in self._down:
            return [note]
        self._held_back[note] = None
        return []

    def end(self, channel: int) -> list[NoteOff]:
        """All keys of a channel come up, and its pedal. Returns the notes that now end."""
        keys = [note for note in self._keys if note.channel == channel]
        for note in keys:
            del self._keys[note]
        return keys + self.pedal(0, channel)

    def lift(self) -> list[NoteOff]:
        """Forget every pedal. Returns the notes that now end."""
        ended = list(self._held_back)
        self._down.clear()
        self._keys.clear()
        self._held_back.clear()
        return ended
