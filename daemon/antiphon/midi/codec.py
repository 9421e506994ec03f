"""Messages: the bytes of MIDI, to and from the improviser's events."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.improviser.events import (
    ClockContinue,
    ClockPulse,
    ClockStart,
    ClockStop,
    ControlChange,
    Event,
    Expression,
    Message,
    NoteOff,
    NoteOn,
    ProgramChange,
    SongPosition,
)
from antiphon.improviser.input.controls import Control, Controls, ControlTable
from antiphon.parameters import Mode

_NOTE_OFF, _NOTE_ON, _CONTROL_CHANGE, _PROGRAM_CHANGE = 0x80, 0x90, 0xB0, 0xC0
_EXPRESSION = {0xA0: 3, 0xD0: 2, 0xE0: 3}
"""Key pressure, channel pressure and pitch bend, and how many bytes each has."""
_SONG_POSITION = 0xF2
_TRANSPORT: dict[int, Event] = {0xF8: ClockPulse(), 0xFA: ClockStart(), 0xFB: ClockContinue(), 0xFC: ClockStop()}


def decode(message: Sequence[int]) -> Event | None:
    """Return the event that a MIDI message is, or None if it is of no concern or malformed.

    Args:
        message: the bytes of one whole message, status byte first, as RtMidi delivers it.
    """
    length = len(message)
    if length == 1:
        return _TRANSPORT.get(message[0])
    if not 2 <= length <= 3 or max(message[1:]) > 127:
        return None
    status = message[0]
    kind, channel = status & 0xF0, (status & 0x0F) + 1
    if kind in _EXPRESSION:
        return Expression(tuple(message)) if length == _EXPRESSION[kind] else None
    if length == 2:
        return ProgramChange(message[1], channel) if kind == _PROGRAM_CHANGE else None
    first, second = message[1:]
    if kind == _NOTE_ON and second:
        return NoteOn(first, second, channel)
    if kind in (_NOTE_ON, _NOTE_OFF):  # a note-on of velocity 0 is a note-off
        return NoteOff(first, channel)
    if kind == _CONTROL_CHANGE:
        return ControlChange(first, second, channel)
    return SongPosition(first | second << 7) if status == _SONG_POSITION else None


def encode(message: Message) -> list[int]:
    """Return the bytes of a message."""
    if isinstance(message, NoteOn):
        return [_NOTE_ON | message.channel - 1, message.pitch, message.velocity]
    if isinstance(message, NoteOff):
        return [_NOTE_OFF | message.channel - 1, message.pitch, 0]
    if isinstance(message, ControlChange):
        return [_CONTROL_CHANGE | message.channel - 1, message.controller, message.value]
    return list(message.message)


class Translator:
    """Turns messages into events, one after the other: what the performer's table says is a control becomes one.

    Args:
        table: which controller steers what.
        mode: the one in which the performance starts.
    """

    def __init__(self, table: ControlTable, mode: Mode) -> None:
        self._controls = Controls(table, mode)
        # Nearly all messages are no control's: to know that takes no more than a look here.
        kinds = {"cc": (_CONTROL_CHANGE,), "note": (_NOTE_ON, _NOTE_OFF)}
        self._watched = {(kind, source.number) for _, source in table.entries for kind in kinds[source.kind]}

    def watches(self, message: Sequence[int]) -> bool:
        """Return whether a message may be a control's; of nearly all that aren't, this says so."""
        return len(message) == 3 and (message[0] & 0xF0, message[1]) in self._watched

    def event_of(self, message: Sequence[int]) -> Event | Control | None:
        """Return the event that a message is, or None if it is of no concern.

        Args:
            message: the bytes of one whole message, status byte first.
        """
        if self.watches(message) and self._controls.table.moved(message) is not None:
            self._controls, control = self._controls.after(message)
            return control
        return decode(message)

    def steered(self, control: Control) -> None:
        """Take note of a control that was steered by no message, so that the performer's pads go on from there."""
        self._controls = self._controls.steered(control)
