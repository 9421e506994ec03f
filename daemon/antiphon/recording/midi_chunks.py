"""Splits the bytes of a MIDI file into chunks, and reads each track's events; what can be repaired is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from antiphon.budgets import MIDI_FILE_EVENTS
from antiphon.errors import UserError
from antiphon.midi.protocol import HIGHEST, data_size
from antiphon.recording.file_events import (
    END_OF_TRACK,
    ESCAPE,
    META,
    META_SIZES,
    SYSEX,
    FileEvent,
    makes_sense,
    quantity,
    quantity_at,
)


class Notices:
    """Counts what was forgiven, by the words for it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, words: str) -> None:
        """Count something that was forgiven."""
        self._counts[words] += 1

    def lines(self) -> list[str]:
        """Return one line for each kind of it."""
        return [words if count == 1 else f"{words} ({count} times)" for words, count in self._counts.items()]


def damaged(why: str) -> UserError:
    """Return the error that says why a file can't be read."""
    return UserError(f"is no MIDI file, or a damaged one ({why})")


def unwrapped(content: bytes) -> bytes:
    """Return the MIDI file inside of a RIFF file of the kind RMID (.rmi), or what was given."""
    if content[:4] != b"RIFF" or content[8:12] != b"RMID":
        return content
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == b"data":
            return content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return content


def read_tracks(content: bytes, at: int, notices: Notices) -> Iterator[tuple[list[FileEvent], int]]:
    """Yield each track's events and the tick of its end, from a place on; what lies between is skipped."""
    number, room = 0, MIDI_FILE_EVENTS
    while at < len(content):
        if content[at : at + 4] != b"MTrk":
            at = _next_track(content, at, notices)
            continue
        number += 1
        stated = at + 8 + int.from_bytes(content[at + 4 : at + 8], "big")
        # Where the length leads into the middle of something it is wrong, and the track goes to its end of track.
        holds = stated == len(content) or content[stated : stated + 4] == b"MTrk"
        holds = holds or (stated < len(content) and content[stated - 3 : stated] == b"\xff\x2f\x00")
        stop = stated if holds else len(content)
        reader = _TrackReader(content, at + 8, stop, number, notices, room)
        events, end = reader.read()
        room -= len(events) + 1
        yield events, end
        if not holds and not reader.has_ended:
            raise damaged(f"ends too early, in track {number}")
        if not reader.has_ended:
            notices.add("a track has no end of track")
        elif not holds:
            notices.add("a track's length is wrong; read up to its end of track")
        elif reader.at < stop:
            notices.add("what stands behind a track's end of track is skipped")
        at = stop if holds else reader.at


def _next_track(content: bytes, at: int, notices: Notices) -> int:
    """Return where to go on from a place where no track begins: behind an unknown chunk, or at the next track."""
    name, end = content[at : at + 4], at + 8 + int.from_bytes(content[at + 4 : at + 8], "big")
    if name.isascii() and name.decode().isprintable() and (end == len(content) or content[end : end + 4] == b"MTrk"):
        notices.add(f"a chunk of an unknown kind ({name.decode()!r}) is skipped")
        return end
    notices.add("bytes that belong to no track are skipped")
    found = content.find(b"MTrk", at + 1)
    return len(content) if found < 0 else found


class _TrackReader:
    """Reads one track's events.

    Args:
        content: the file's.
        at: where the first event begins.
        stop: where the last one must have ended.
        number: the track's, from 1, for messages.
        notices: what was forgiven is added to these.
        room: how many events it may have.
    """

    def __init__(self, content: bytes, at: int, stop: int, number: int, notices: Notices, room: int) -> None:
        self._content = content
        self.at = at
        self._stop = stop
        self._number = number
        self._notices = notices
        self._room = room
        self.has_ended = False
        """Whether an end of track was read; `at` is behind it."""

    def read(self) -> tuple[list[FileEvent], int]:
        """Return the events up to the end of track, or to where the track has to stop, and the tick of that."""
        content, stop, events = self._content, self._stop, list[FileEvent]()
        tick = status = 0
        while self.at < stop and not self.has_ended:
            if len(events) >= self._room:
                raise UserError(f"has more than {MIDI_FILE_EVENTS:,} events and tracks, the most that are read")
            tick += self._take_quantity()
            byte = self._take(1)[0]
            if byte <= HIGHEST:  # running status; many a file keeps it over meta events, too
                if not status:
                    raise self._damage(f"byte {self.at} is no MIDI event")
                self.at -= 1
                byte = status
            if byte >= SYSEX:
                event = self._system(byte)
                if event is not None:
                    events.append((tick, event))
                continue
            status = byte
            size = data_size(byte)
            data = content[self.at : self.at + size]
            self.at += size
            if self.at > stop:
                raise self._damage("ends too early")
            if max(data) > 0x7F:
                self._notices.add("a value above 127 is taken as 127")
                data = bytes(min(each, 0x7F) for each in data)
            events.append((tick, bytes((byte,)) + data))
        return events, tick

    def _system(self, status: int) -> bytes | None:
        """Read an event that is no channel message; None where it is skipped."""
        if status in (SYSEX, ESCAPE):
            data = self._take(self._take_quantity())
            return bytes((status,)) + quantity(len(data)) + data
        if status == META:
            kind = self._take(1)[0]
            return self._meta(kind, self._take(self._take_quantity()))
        self._take(data_size(status))
        self._notices.add("a system message (clock, song position …), which has no place in a file, is skipped")
        return None

    def _meta(self, kind: int, content: bytes) -> bytes | None:
        if kind == END_OF_TRACK:
            self.has_ended = True
            return None
        name, size = META_SIZES.get(kind, ("", None))
        if kind > 0x7F or not makes_sense(kind, content):
            self._notices.add(f"a {name or 'meta event'} that makes no sense is skipped")
            return None
        content = content[:size]
        return bytes((META, kind)) + quantity(len(content)) + content

    def _take(self, size: int) -> bytes:
        self.at += size
        if self.at > self._stop:
            raise self._damage("ends too early")
        return self._content[self.at - size : self.at]

    def _take_quantity(self) -> int:
        value, self.at = quantity_at(self._content, self.at, self._stop)
        if value < 0:
            raise self._damage("ends too early" if self.at >= self._stop else f"byte {self.at} is no length")
        return value

    def _damage(self, why: str) -> UserError:
        return damaged(f"{why}, in track {self._number}")
