"""Events of MIDI files: their bytes, meta events and variable-length quantities, as reader and writer share them."""

from __future__ import annotations

from antiphon.midi.protocol import END_OF_EXCLUSIVE, SYSTEM_EXCLUSIVE

FileEvent = tuple[int, bytes]
"""A tick from the start, and an event's bytes as they stand in a MIDI file, with no running status:
a channel message's two or three; FF, a kind, a length and the content of a meta event; F0 or F7, a length and the
rest of a system exclusive message."""

META, SYSEX, ESCAPE = 0xFF, SYSTEM_EXCLUSIVE, END_OF_EXCLUSIVE
TEXT, TRACK_NAME, MARKER, END_OF_TRACK, TEMPO = 0x01, 0x03, 0x06, 0x2F, 0x51
SMPTE_OFFSET, TIME_SIGNATURE, KEY_SIGNATURE, SEQUENCER_SPECIFIC = 0x54, 0x58, 0x59, 0x7F

META_SIZES = {
    0x00: ("sequence number", 2),
    0x20: ("channel prefix", 1),
    0x21: ("port number", 1),
    TEMPO: ("tempo", 3),
    SMPTE_OFFSET: ("SMPTE offset", 5),
    TIME_SIGNATURE: ("time signature", 4),
    KEY_SIGNATURE: ("key signature", 2),
}
"""Kind of meta event → what it is, and how many bytes it has; others may have any number."""
_MOST_SHARPS = 7
"""In a key signature; as many flats."""
_LONGEST_QUANTITY = 4
"""Bytes of a variable-length quantity."""


def is_meta(event: bytes, kind: int) -> bool:
    """Return whether an event of a file is a meta event of a kind."""
    return event[0] == META and event[1] == kind


def meta_content(event: bytes) -> bytes:
    """Return what a meta event holds."""
    return event[quantity_at(event, 2, len(event))[1] :]


def sysex_content(event: bytes) -> bytes:
    """Return what stands behind the length of an F0 or F7 event."""
    return event[quantity_at(event, 1, len(event))[1] :]


def quantity(value: int) -> bytes:
    """Return a variable-length quantity: seven bits a byte, the highest bit set in all but the last."""
    content = [value % 128]
    while value := value >> 7:
        content.append(value % 128 + 128)
    return bytes(reversed(content))


def quantity_at(content: bytes, at: int, stop: int) -> tuple[int, int]:
    """Return a variable-length quantity and where it ends; a negative one where there is none."""
    value = 0
    for place in range(at, min(at + _LONGEST_QUANTITY, stop)):
        byte = content[place]
        value = value << 7 | byte & 0x7F
        if byte < 128:
            return value, place + 1
    return -1, min(at + _LONGEST_QUANTITY, stop)


def signed(byte: int) -> int:
    """Return a byte as a number from −128 to 127."""
    return byte - 256 if byte > 127 else byte


def makes_sense(kind: int, content: bytes) -> bool:
    """Return whether a meta event of a kind is long enough, and its values are possible."""
    if kind in META_SIZES and len(content) < META_SIZES[kind][1]:
        return False
    if kind == TEMPO:
        return any(content[:3])
    if kind == TIME_SIGNATURE:
        return content[0] > 0 and content[1] <= 7  # up to 1/128 notes
    if kind == KEY_SIGNATURE:
        return abs(signed(content[0])) <= _MOST_SHARPS and content[1] <= 1
    if kind == SMPTE_OFFSET:  # a frame rate in two bits and hours, minutes, seconds, frames, hundredths of a frame
        most = (0x7F, 59, 59, 29, 99)
        return all(each <= limit for each, limit in zip(content, most, strict=False))
    return True
