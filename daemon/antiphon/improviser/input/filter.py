"""The input filter: what of the performer's playing is heard, what is passed on to the output, and which notes end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from antiphon.improviser.events import Output, Timed
from antiphon.improviser.input.loopback import LoopbackFilter
from antiphon.improviser.input.routing import InputRouting, Thru
from antiphon.improviser.input.sustain import Sustain
from antiphon.midi.messages import ControlChange, Expression, NoteOff, NoteOn
from antiphon.midi.protocol import ENDS_NOTES, RESET_ALL_CONTROLLERS, SUSTAIN

_HEARD = ENDS_NOTES | {SUSTAIN, RESET_ALL_CONTROLLERS}
"""The controllers that say something of notes."""


class Taken(NamedTuple):
    """What becomes of an event that is no note's start.

    Args:
        passed: what is passed on.
        lifted: the key, of those that are heard, that comes up.
        ended: the heard notes that end.
    """

    passed: list[Timed]
    lifted: NoteOff | None = None
    ended: Sequence[NoteOff] = ()


class InputFilter:
    """The performer's keys, pedals and wheels. Times are in seconds.

    Args:
        routing: what is heard and what is passed on.
        loopback: tells own notes that come back from the performer's.
    """

    def __init__(self, routing: InputRouting, loopback: LoopbackFilter) -> None:
        self._routing = routing
        self._loopback = loopback
        self._sustain = Sustain()
        self._thru = Thru(routing.thru_channel)

    def ignores(self, event: ControlChange | Expression) -> bool:
        """Return whether a wheel or a knob changes nothing."""
        if self._routing.pass_on(event):
            return False
        return isinstance(event, Expression) or event.controller not in _HEARD

    def strike(self, time: float, note: NoteOn) -> tuple[list[Timed], bool]:
        """Take a note's start. Returns what is passed on, and whether the note is heard."""
        if self._loopback.is_echo(time, note) or not self._routing.listens_to(note.channel):
            return [], False
        is_heard = self._routing.hear(note)
        if is_heard:
            self._sustain.struck(note)
        return self._passed(time, note), is_heard

    def take(self, time: float, event: NoteOff | ControlChange | Expression) -> Taken:
        """Take anything else."""
        if isinstance(event, NoteOff) and self._loopback.is_echo(time, event):
            return Taken([])
        if not self._routing.listens_to(event.channel):
            return Taken([])
        lifted = event if isinstance(event, NoteOff) and self._routing.hear(event) else None
        return Taken(self._passed(time, event), lifted, self._ended(event))

    def lift(self) -> None:
        """Take all keys and pedals for up."""
        self._sustain.lift()

    def end_all(self, time: float) -> list[Timed]:
        """End whatever was passed on and sounds."""
        return self._thru.end_all(time)

    def _passed(self, time: float, event: Output) -> list[Timed]:
        return self._thru.passed(time, event) if self._routing.pass_on(event) else []

    def _ended(self, event: NoteOff | ControlChange | Expression) -> list[NoteOff]:
        if isinstance(event, NoteOff):
            return self._sustain.released(event) if self._routing.hear(event) else []
        if isinstance(event, ControlChange):
            if event.controller == SUSTAIN:
                return self._sustain.pedal(event.value, event.channel)
            if event.controller == RESET_ALL_CONTROLLERS:
                return self._sustain.pedal(0, event.channel)
            if event.controller in ENDS_NOTES:
                return self._sustain.end(event.channel)
        return []
