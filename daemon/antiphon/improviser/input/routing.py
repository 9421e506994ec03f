"""Hands: which of the performer's notes are heard, and which are passed on to the output as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from antiphon.improviser.events import SUSTAIN, ControlChange, Expression, Message, NoteOff, NoteOn, Timed

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
    thru: bool = False
    """Everything that is played goes to the output as well."""
    thru_channel: int = 2
    """What is passed on is on this channel, 1…16: never on the answer's."""

    def are_on(self, channel: int) -> bool:
        """Return whether a channel is listened to."""
        return self.channel in (0, channel)

    def hear(self, event: NoteOn | NoteOff) -> bool:
        """Return whether a note is of the melody."""
        return self.left_hand == "heard" or event.pitch >= self.split

    def pass_on(self, event: Message) -> bool:
        """Return whether an event goes to the output."""
        if self.thru:
            return True
        if self.left_hand != "passed" or self.split == 0:
            return False
        # The pedal and the wheels go with the hand whose notes are passed.
        return event.pitch < self.split if isinstance(event, NoteOn | NoteOff) else True


class Thru:
    """Passes events on to the output's channel `channel`, 1…16, and sees to it that each note ends there, once."""

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._held: dict[int, set[int]] = {}
        self._pedal = False

    def passed(self, time: float, event: Message) -> list[Timed]:
        """Return an event as it leaves.

        A pitch that two keys hold (on two channels of the performer's) ends when both are up. A key that goes down
        twice and comes up once is up: a note-off has been lost.
        """
        if isinstance(event, NoteOn):
            return self._start(time, event)
        if isinstance(event, NoteOff):
            return self._end(time, event)
        if isinstance(event, ControlChange):
            if event.controller == SUSTAIN:
                self._pedal = event.value >= 64
            return [Timed(time, replace(event, channel=self._channel))]
        status, *data = event.message
        return [Timed(time, Expression((status & 0xF0 | self._channel - 1, *data)))]

    def end_all(self, time: float) -> list[Timed]:
        """End every note that was passed on, and lift the pedal under it."""
        ended = [Timed(time, NoteOff(pitch, self._channel)) for pitch in sorted(self._held)]
        self._held.clear()
        if self._pedal:
            self._pedal = False
            ended.append(Timed(time, ControlChange(SUSTAIN, 0, self._channel)))
        return ended

    def _start(self, time: float, event: NoteOn) -> list[Timed]:
        keys = self._held.setdefault(event.pitch, set())
        again = [Timed(time, NoteOff(event.pitch, self._channel))] if keys else []
        keys.add(event.channel)
        return [*again, Timed(time, replace(event, channel=self._channel))]

    def _end(self, time: float, event: NoteOff) -> list[Timed]:
        keys = self._held.get(event.pitch, set())
        if event.channel not in keys:
            return []
        keys.remove(event.channel)
        if keys:
            return []
        del self._held[event.pitch]
        return [Timed(time, NoteOff(event.pitch, self._channel))]
