"""Writes MIDI files from events with their ticks.

Not with mido, which makes an object of each event: a set of a day, 864,000 events, is written in 0.7 s here and in
3.9 s there (one core of a server), at the end of the set, when somebody waits to go home.
"""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.recording.file_events import END_OF_TRACK, META, TEXT, TRACK_NAME, FileEvent, quantity

_LONGEST_WAIT = 0x0FFF_FFFF
"""Ticks between two events that a MIDI file can say: 23 hours at 100 BPM."""
_ONE_BYTE = 128
"""Ticks from which a wait needs more than one byte."""


def meta_event(kind: int, content: bytes) -> bytes:
    """Return a meta event as it stands in a file."""
    return bytes((META, kind)) + quantity(len(content)) + content


def text_event(kind: int, text: str) -> bytes:
    """Return a meta event that holds a text; MIDI files are in Latin-1, and what it lacks becomes a question mark."""
    return meta_event(kind, text.encode("latin-1", "replace"))


class TrackWriter:
    """One track's bytes, as they grow."""

    def __init__(self, name: str = "") -> None:
        self.preface: list[bytes] = [text_event(TRACK_NAME, name)] if name else []
        """Events at the track's start, before all others."""
        self._content = bytearray()
        self._tick = 0

    def add(self, tick: int, event: bytes) -> None:
        """Add an event at a tick, which is none before the last event's."""
        wait, self._tick = tick - self._tick, tick
        while wait > _LONGEST_WAIT:  # an empty text, to wait on from
            self._content += quantity(_LONGEST_WAIT) + meta_event(TEXT, b"")
            wait -= _LONGEST_WAIT
        if wait < _ONE_BYTE:
            self._content.append(wait)
        else:
            self._content += quantity(wait)
        self._content += event

    def chunk(self, end: int) -> bytes:
        """Return the whole track, which ends at a tick, or with its last event if that is later."""
        self.add(max(end, self._tick), meta_event(END_OF_TRACK, b""))
        content = b"".join(b"\0" + event for event in self.preface) + self._content
        return b"MTrk" + len(content).to_bytes(4, "big") + content


def track_chunk(events: Iterable[FileEvent], end: int, name: str = "") -> bytes:
    """Return a track with these events, which come in order, and a name where one is given."""
    track = TrackWriter(name)
    for tick, event in events:
        track.add(tick, event)
    return track.chunk(end)


def midi_file_of(ticks_per_beat: int, chunks: list[bytes]) -> bytes:
    """Return a MIDI file of type 1 with these tracks."""
    head = b"".join(number.to_bytes(2, "big") for number in (1, len(chunks), ticks_per_beat))
    return b"MThd" + len(head).to_bytes(4, "big") + head + b"".join(chunks)
