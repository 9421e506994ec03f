"""Input routing: which of the performer's notes are heard, and which are passed on to the output as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from antiphon.improviser.events import Output, Timed
from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn
from antiphon.midi.protocol import SUSTAIN, is_on
from antiphon.parameters import Melody

LeftHand = Literal["heard", "passed", "ignored"]


@dataclass(frozen=True)
class InputRouting:
    """How the keyboard is shared between the performer's melody and everything else."""

    channel: int = 0
    """The one that is heard, 1…16; 0 is all of them."""
    split: int = 0
    """MIDI note numbers below it are the left hand's."""
    left_hand: LeftHand = "heard"
    """What becomes of the left hand's notes: `passed` goes to the output and isn't heard."""
    melody: Melody = "top"
    """Where the melody is: anywhere, from `split` up, or on `channel`; the other notes accompany it."""
    thru: bool = False
    """Everything that is played goes to the output as well."""
    thru_channel: int = 2
    """What is passed on is on this channel, 1…16: never on the answer's."""

    def listens_to(self, channel: int) -> bool:
        """Return whether a channel is listened to."""
        return self.channel in (0, channel) or self.melody == "channel"

    def hear(self, note: NoteOn | NoteOff) -> bool:
        """Return whether a note is heard, of the melody or not."""
        return self.left_hand == "heard" or note.pitch >= self.split

    def may_be_melody(self, note: NoteOn | NoteOff) -> bool:
        """Return whether a note may be of the melody: it is played where that is."""
        if self.melody == "split":
            return note.pitch >= self.split
        return self.melody == "top" or note.channel == self.channel

    def pass_on(self, message: Output) -> bool:
        """Return whether a message goes to the output."""
        if self.thru:
            return True
        if self.left_hand != "passed" or self.split == 0:
            return False
        # The pedal and the wheels go with the hand whose notes are passed.
        return message.pitch < self.split if isinstance(message, NoteOn | NoteOff) else True


class Thru:
    """Passes messages on to the output's channel `channel`, 1…16, and sees to it that each note ends there, once."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._keys: ActiveNotes[NoteOn] = ActiveNotes()
        """The performer's, on whichever channels: several may hold one pitch of the output."""
        self._is_pedal_down = False

    def passed(self, time: float, message: Output) -> list[Timed]:
        """Return a message as it leaves, at a time in seconds.

        A pitch that two keys hold (on two channels of the performer's) ends when both are up. A key that goes down
        twice and comes up once is up: a note-off has been lost.
        """
        if isinstance(message, NoteOn):
            return self._start(time, message)
        if isinstance(message, NoteOff):
            return self._end(time, message)
        if isinstance(message, ControlChange) and message.controller == SUSTAIN:
            self._is_pedal_down = is_on(message.value)
        return [Timed(time, replace(message, channel=self._channel))]

    def end_all(self, time: float) -> list[Timed]:
        """End every note that was passed on, and lift the pedal under it."""
        pitches = sorted({note.pitch for note in self._keys.turn_all_off()})
        ended = [Timed(time, NoteOff(pitch, self._channel)) for pitch in pitches]
        if self._is_pedal_down:
            self._is_pedal_down = False
            ended.append(Timed(time, ControlChange(SUSTAIN, 0, self._channel)))
        return ended

    def _start(self, time: float, note: NoteOn) -> list[Timed]:
        again = [Timed(time, NoteOff(note.pitch, self._channel))] if self._is_held(note.pitch) else []
        self._keys.turn_on(note)
        return [*again, Timed(time, replace(note, channel=self._channel))]

    def _end(self, time: float, note: NoteOff) -> list[Timed]:
        if self._keys.turn_off(note) is None or self._is_held(note.pitch):
            return []
        return [Timed(time, NoteOff(note.pitch, self._channel))]

    def _is_held(self, pitch: int) -> bool:
        return any(key.pitch == pitch for key in self._keys)
