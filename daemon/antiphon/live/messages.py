"""Messages: the bytes of MIDI, to and from the improviser's events."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.improviser.events import NoteOff, NoteOn

_NOTE_OFF, _NOTE_ON = 0x80, 0x90


def parse(message: Sequence[int]) -> NoteOn | NoteOff | None:
    """Return the event that a MIDI message is, or None if it is of no concern or malformed.

    Args:
        message: the bytes of one whole message, status byte first, as RtMidi delivers it.
    """
    if len(message) != 3 or max(message[1:]) > 127:
        return None
    status, pitch, velocity = message
    kind, channel = status & 0xF0, (status & 0x0F) + 1
    if kind == _NOTE_ON and velocity:
        return NoteOn(pitch, velocity, channel)
    if kind in (_NOTE_ON, _NOTE_OFF):  # a note-on of velocity 0 is a note-off
        return NoteOff(pitch, channel)
    return None


def encode(message: NoteOn | NoteOff) -> list[int]:
    """Return the three bytes of a message."""
    if isinstance(message, NoteOn):
        return [_NOTE_ON | message.channel - 1, message.pitch, message.velocity]
    return [_NOTE_OFF | message.channel - 1, message.pitch, 0]
