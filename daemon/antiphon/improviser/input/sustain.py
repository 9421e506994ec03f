"""The sustain pedal: keys that come up while it is down sound on, and so do their notes, until it comes up."""

from __future__ import annotations

from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.midi.protocol import is_on


class Sustain:
    """Holds note-offs back while the pedal is down, channel by channel."""

    def __init__(self) -> None:
        self._channels: set[int] = set()
        """Those whose pedal is down."""
        self._keys: ActiveNotes[NoteOn] = ActiveNotes()
        self._sustained: ActiveNotes[NoteOff] = ActiveNotes()
        """The notes whose keys have come up, and which sound on by the pedal."""

    def pedal(self, value: int, channel: int) -> list[NoteOff]:
        """Move the pedal of a channel to a value, 0…127. Returns the notes that now end."""
        if is_on(value):
            self._channels.add(channel)
            return []
        self._channels.discard(channel)
        return self._sustained.turn_all_off(channel)

    def struck(self, note: NoteOn) -> None:
        """A key goes down; if its note still sounded by the pedal, that end is no longer awaited."""
        self._sustained.turn_off(note)
        self._keys.turn_on(note)

    def released(self, note: NoteOff) -> list[NoteOff]:
        """A key comes up. Returns the note as ended, or nothing while the pedal is down."""
        self._keys.turn_off(note)
        if note.channel not in self._channels:
            return [note]
        self._sustained.turn_on(note)
        return []

    def end(self, channel: int) -> list[NoteOff]:
        """All keys of a channel come up, and its pedal. Returns the notes that now end."""
        return self._keys.turn_all_off(channel) + self.pedal(0, channel)

    def lift(self) -> list[NoteOff]:
        """All keys and pedals come up. Returns the notes that only a pedal had kept on."""
        self._channels.clear()
        self._keys.turn_all_off()
        return self._sustained.turn_all_off()
