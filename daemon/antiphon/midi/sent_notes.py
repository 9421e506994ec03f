"""Sent notes: which of them sound, and what is sent a second time, because a wire may have lost the first.

MIDI has no acknowledgement, and some wires drop messages: JACK without `--sync`, radio links, full buffers. Where a
note-on is lost, a note is missing; where a note-off is lost, its note sounds for ever. A note-off of a pitch that
doesn't sound does nothing (MIDI 1.0), so each is sent again shortly after, unless its pitch has started anew meanwhile.
Where messages are known to be dropped, it is sent a third time, and "all notes off" follows the end of a phrase.

Here is neither a port nor a clock: what is sent is told, and what is to be sent again is returned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import ControlChange, Message, NoteOff, NoteOn
from antiphon.midi.protocol import ALL_NOTES_OFF, SUSTAIN, is_on

REPEAT_SECONDS = 0.040
"""Seconds from a message to its repeat: dozens of audio periods, so that what delayed one cycle is over; and too few
for a note that hangs meanwhile to be noticed."""
THIRD_SECONDS = 0.120
"""Seconds from a repeat to the next one, where a cycle was late meanwhile: later, since what delays cycles comes in
bursts, and still before a note that hangs is taken for a held one."""
QUIET_SECONDS = 0.200
"""Seconds of silence that end a phrase on a channel."""

_Place = tuple[int, int | None]
"""A channel, and a pitch, or None for all of them."""


@dataclass
class _Repeat:
    """A message that is to be sent again."""

    late_cycles: int
    """How many were known of when it left first."""
    wait: float = REPEAT_SECONDS
    """Seconds from when it was sent last until it is sent again."""
    sent: float | None = None
    """When it was sent last; None if `due` hasn't been called since."""

    @property
    def time(self) -> float | None:
        """When it is to be sent again, where that is known."""
        return None if self.sent is None else self.sent + self.wait


class SentNotes:
    """The notes that have been sent, on each channel. Times are in seconds, on any steady clock.

    A message counts as sent when `due` is called next: so only one of the methods needs the time, and a process that
    stands still between two messages doesn't send them at once.
    """

    def __init__(self) -> None:
        self._sounding: ActiveNotes[NoteOn] = ActiveNotes()
        self._channels: set[int] = set()
        """Those on which notes have been sent."""
        self._sent_once: set[int] = set()
        self._pedalled: set[int] = set()
        """Channels whose pedal has been down."""
        self._unrepeated: dict[_Place, _Repeat] = {}
        """What is to be sent again."""
        self._playing: set[int] = set()
        """Channels on which something has been sent since they were last silenced."""
        self._doubtful: set[int] = set()
        """Those of them on which something of it may have been lost."""
        self._last: dict[int, float | None] = {}
        """Channel → when something was sent on it last; None if `due` hasn't been called since."""
        self._late_cycles = 0

    @property
    def channels(self) -> list[int]:
        """Those on which notes have been sent, 1…16."""
        return sorted(self._channels)

    def send_once(self, channel: int) -> None:
        """Repeat nothing on a channel, 1…16: what leaves there is the performer's own."""
        self._sent_once.add(channel)

    def send(self, message: Message) -> bool:
        """Take a message that is about to leave. Returns whether it is to: not where it ends a note that has ended."""
        if isinstance(message, NoteOn):
            self._sounding.turn_on(message)
            self._channels.add(message.channel)
            self._touch(message.channel)
            # Neither may end this note.
            self._unrepeated.pop((message.channel, message.pitch), None)
            self._unrepeated.pop((message.channel, None), None)
        elif isinstance(message, NoteOff):
            if self._sounding.turn_off(message) is None:
                return False
            self._touch(message.channel)
            self._repeat(message.channel, message.pitch)
        elif isinstance(message, ControlChange) and message.controller == SUSTAIN and is_on(message.value):
            self._pedalled.add(message.channel)
        return True

    def end_all(self) -> list[NoteOff]:
        """End what sounds. Returns the note-offs, which are to leave now."""
        note_offs = self._sounding.turn_all_off()
        for each in note_offs:
            self._touch(each.channel)
            self._repeat(each.channel, each.pitch)
        return note_offs

    def silence_all(self) -> list[Message]:
        """End what sounds and what may sound, where a port is new. Returns the messages, which are to leave now."""
        self._unrepeated.clear()
        note_offs = self.end_all()
        self._playing.clear()
        self._doubtful.clear()
        return [*note_offs, *(ControlChange(ALL_NOTES_OFF, 0, channel) for channel in self.channels)]

    def due(self, time: float, late_cycles: int = 0) -> list[Message]:
        """Return what is to be sent again at a time.

        Args:
            time: now.
            late_cycles: a count that grows whenever the MIDI system may have dropped messages.
        """
        self._doubt(late_cycles)
        self._stamp(time)
        again = {
            place: repeat
            for place, repeat in self._unrepeated.items()
            if repeat.time is not None and repeat.time <= time
        }
        quiet = [channel for channel, moment in self._phrase_ends().items() if moment <= time]
        messages = self._again(again)
        for place, repeat in again.items():
            _, pitch = place
            if repeat.wait == REPEAT_SECONDS and repeat.late_cycles != late_cycles and pitch is not None:
                self._unrepeated[place] = _Repeat(late_cycles, THIRD_SECONDS)
        messages += self._silenced(quiet)
        self._stamp(time)
        return messages

    def next_time(self) -> float | None:
        """Return when something is due next; None where nothing is. To be asked after `due`."""
        repeats = [repeat.time for repeat in self._unrepeated.values() if repeat.time is not None]
        return min([*repeats, *self._phrase_ends().values()], default=None)

    def last_due(self, late_cycles: int = 0) -> list[Message]:
        """Return what is still to be sent again where the ports will close; to be asked, and sent, until it is empty.

        Nothing comes after it, so where anything may have been lost, the performer's own notes and pedals end here too.
        """
        self._doubt(late_cycles)
        if self._unrepeated:
            return self._again(self._unrepeated)
        if not self._doubtful:
            return []
        self._doubtful, self._sent_once = self._channels, set()
        return [
            *(ControlChange(SUSTAIN, 0, channel) for channel in sorted(self._pedalled)),
            *self._silenced(self.channels),
        ]

    def _touch(self, channel: int) -> None:
        self._last[channel] = None
        self._playing.add(channel)

    def _repeat(self, channel: int, pitch: int | None) -> None:
        if channel not in self._sent_once:
            self._unrepeated[channel, pitch] = _Repeat(self._late_cycles)

    def _stamp(self, time: float) -> None:
        for repeat in self._unrepeated.values():
            if repeat.sent is None:
                repeat.sent = time
        for channel, sent in self._last.items():
            if sent is None:
                self._last[channel] = time

    def _doubt(self, late_cycles: int) -> None:
        if late_cycles != self._late_cycles:
            self._late_cycles = late_cycles
            self._doubtful = self._playing - self._sent_once

    def _again(self, places: Iterable[_Place]) -> list[Message]:
        places = list(places)
        for place in places:
            del self._unrepeated[place]
        return [
            ControlChange(ALL_NOTES_OFF, 0, channel) if pitch is None else NoteOff(pitch, channel)
            for channel, pitch in places
        ]

    def _silenced(self, channels: Iterable[int]) -> list[Message]:
        quiet = sorted(channels)
        for channel in quiet:
            self._playing.discard(channel)
            self._doubtful.discard(channel)
            self._repeat(channel, None)
        return [ControlChange(ALL_NOTES_OFF, 0, channel) for channel in quiet]

    def _idle(self) -> set[int]:
        """Return the channels on which nothing sounds."""
        return self._channels - {note.channel for note in self._sounding}

    def _phrase_ends(self) -> dict[int, float]:
        """Return when a phrase will have ended, by channel, for those that are to be silenced then."""
        channels = self._doubtful & self._idle() if self._doubtful else set()
        return {channel: last + QUIET_SECONDS for channel in channels if (last := self._last[channel]) is not None}
