"""Reads MIDI files, and forgives what players forgive. For `listen`, `render`, `sessions` and the trainer's `prepare`.

    file = read_midi_file(path)          # or parse_midi_file(content); raises UserError in one plain line
    file.notices                         # what was repaired or skipped: one line a kind
    file.is_whole                        # False where tracks are missing of those that the header counts
    file.ticks_per_beat, file.tempo_map  # tempo_map.time_of(tick) is in seconds
    file.key_signatures()                # [(tick, sharps, is_minor)], file.time_signatures(): [(tick, beats, unit)]
    for track in file.tracks:            # track.name, track.end (a tick), track.events: [(tick, bytes)]
        track.notes()                    # start and end ticks, channel 1…16, pitch, velocity; no two overlap on a key

Not mido's reader, because that one refuses a file for one bad byte, in its own words, and takes three times as long.
A file of type 2 is read as its sequences one after the other, each from the next beat on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from antiphon.errors import UserError
from antiphon.midi.codec import decode
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.midi.protocol import END_OF_EXCLUSIVE, HIGHEST, SYSTEM_EXCLUSIVE, data_size
from antiphon.recording.tempo_map import DEFAULT_MICROSECONDS, TempoMap

FileEvent = tuple[int, bytes]
"""A tick from the start, and an event's bytes as they stand in a MIDI file, with no running status:
a channel message's two or three; FF, a kind, a length and the content of a meta event; F0 or F7, a length and the
rest of a system exclusive message."""

META, SYSEX, ESCAPE = 0xFF, SYSTEM_EXCLUSIVE, END_OF_EXCLUSIVE
TEXT, TRACK_NAME, MARKER, END_OF_TRACK, TEMPO = 0x01, 0x03, 0x06, 0x2F, 0x51
SMPTE_OFFSET, TIME_SIGNATURE, KEY_SIGNATURE, SEQUENCER_SPECIFIC = 0x54, 0x58, 0x59, 0x7F
PERCUSSION = 10
"""The channel that General MIDI keeps for drums: no melody."""

_META_SIZES = {
    0x00: ("sequence number", 2),
    0x20: ("channel prefix", 1),
    0x21: ("port number", 1),
    TEMPO: ("tempo", 3),
    SMPTE_OFFSET: ("SMPTE offset", 5),
    TIME_SIGNATURE: ("time signature", 4),
    KEY_SIGNATURE: ("key signature", 2),
}
"""Kind of meta event → what it is, and how many bytes it has; others may have any number."""
_HEADER, _LEAST_HEADER = 14, (6).to_bytes(4, "big")
"""Bytes of the header chunk (name, length, type, number of tracks, ticks per quarter note), and the length in it."""
_MOST_SHARPS = 7
_LONGEST_QUANTITY = 4
"""Bytes of a variable-length quantity."""


@dataclass(frozen=True, slots=True)
class FileNote:
    """A note on a track, in ticks; `channel` 1…16."""

    start: int
    end: int
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True)
class MidiTrack:
    """A track: its events in order, without the end of track, and the tick of its end."""

    events: list[FileEvent]
    end: int

    @property
    def name(self) -> str:
        """The track's name, or ""."""
        names = (meta_content(event) for _, event in self.events if is_meta(event, TRACK_NAME))
        return next(names, b"").decode("latin-1")

    def notes(self) -> list[FileNote]:
        """Return the notes by their starts. One that is struck again while it sounds ends there; no length is none.

        Where a key has as many note-offs as note-ons, the first off after such a stroke is the note's that it cut.
        """
        notes: list[FileNote] = []
        strokes: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for tick, event in self.events:
            message = decode(event)
            if isinstance(message, NoteOn | NoteOff):
                velocity = message.velocity if isinstance(message, NoteOn) else 0
                strokes.setdefault((message.channel, message.pitch), []).append((tick, velocity))
        for (channel, pitch), on_key in strokes.items():
            late = 0  # offs that are still to come of notes that were cut
            ons = sum(velocity > 0 for _, velocity in on_key)
            is_paired = 2 * ons == len(on_key)
            start = struck = 0
            for tick, velocity in [*on_key, (self.end, 0)]:
                if not velocity and late:
                    late -= 1
                    continue
                if struck:
                    late += is_paired and velocity > 0
                    if start < tick:
                        notes.append(FileNote(start, tick, channel, pitch, struck))
                start, struck = tick, velocity
        return sorted(notes, key=lambda note: note.start)


@dataclass(frozen=True)
class MidiFile:
    """A MIDI file as it was read."""

    type: int
    """0, 1 or 2, as the header says."""
    ticks_per_beat: int
    tracks: list[MidiTrack]
    notices: list[str]
    """What was repaired or skipped; one line a kind."""
    is_whole: bool
    """Whether there are as many tracks as the header counts, or more."""

    @cached_property
    def tempo_map(self) -> TempoMap:
        """The tempo map of all tracks together."""
        tempo_map = TempoMap(ticks_per_beat=self.ticks_per_beat)
        for tick, content in self.metas(TEMPO):
            tempo_map.change(tick, int.from_bytes(content, "big"))
        return tempo_map

    @property
    def end(self) -> int:
        """The last track's end, a tick."""
        return max((track.end for track in self.tracks), default=0)

    def metas(self, kind: int) -> list[tuple[int, bytes]]:
        """Return ticks and contents of the meta events of a kind, in order, from all tracks."""
        return [(tick, meta_content(event)) for tick, event in in_order(self.tracks) if is_meta(event, kind)]

    def key_signatures(self) -> list[tuple[int, int, bool]]:
        """Return tick, sharps (−7…7) and whether it is minor, of each key signature."""
        return [(tick, _signed(c[0]), bool(c[1])) for tick, c in self.metas(KEY_SIGNATURE)]

    def time_signatures(self) -> list[tuple[int, int, int]]:
        """Return tick, beats a bar and the beats' unit (4 is a quarter note) of each time signature."""
        return [(tick, content[0], 1 << content[1]) for tick, content in self.metas(TIME_SIGNATURE)]


def in_order(tracks: Sequence[MidiTrack]) -> list[FileEvent]:
    """Return the events of all tracks by their ticks; what falls together keeps the order of the tracks."""
    return sorted((pair for track in tracks for pair in track.events), key=lambda pair: pair[0])


def is_meta(event: bytes, kind: int) -> bool:
    """Return whether an event of a file is a meta event of a kind."""
    return event[0] == META and event[1] == kind


def meta_content(event: bytes) -> bytes:
    """Return what a meta event holds."""
    return event[_quantity(event, 2, len(event))[1] :]


def sysex_content(event: bytes) -> bytes:
    """Return what stands behind the length of an F0 or F7 event."""
    return event[_quantity(event, 1, len(event))[1] :]


def quantity(value: int) -> bytes:
    """Return a variable-length quantity: seven bits a byte, the highest bit set in all but the last."""
    content = [value % 128]
    while value := value >> 7:
        content.append(value % 128 + 128)
    return bytes(reversed(content))


def read_midi_file(path: Path) -> MidiFile:
    """Read a MIDI file.

    Raises:
        UserError: it can't be read, or is no MIDI file; the message says why, in one line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from None
    try:
        return parse_midi_file(content)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def parse_midi_file(content: bytes) -> MidiFile:
    """Read a MIDI file from its bytes.

    Raises:
        UserError: it is no MIDI file, or too damaged; the message says why, in one line that names no path.
    """
    content = _unwrapped(content)
    if not content.startswith(b"MThd"):
        raise UserError("is no MIDI file (it doesn't begin with MThd)")
    kind, count, division = (int.from_bytes(content[at : at + 2], "big") for at in (8, 10, 12))
    if len(content) < _HEADER or content[4:8] < _LEAST_HEADER:
        raise _damaged("its header is too short")
    if division >= 0x8000:
        raise UserError("counts in film frames (SMPTE); export it with ticks per quarter note")
    if division == 0:
        raise UserError("says 0 ticks per quarter note, so that its notes have no times; export it again")
    notices = _Notices()
    tracks = list(_tracks(content, 8 + int.from_bytes(content[4:8], "big"), notices))
    if len(tracks) != count:
        notices.add(f"the header says {count} tracks, {len(tracks)} are there")
    if kind == 2 and len(tracks) > 1:
        notices.add("its sequences (a file of type 2) are read one after the other")
        tracks = _one_after_the_other(tracks, division)
    return MidiFile(kind, division, tracks, notices.lines(), len(tracks) >= count)


class _Notices:
    """Counts what was forgiven, by the words for it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, words: str) -> None:
        self._counts[words] += 1

    def lines(self) -> list[str]:
        return [words if count == 1 else f"{words} ({count} times)" for words, count in self._counts.items()]


def _damaged(why: str) -> UserError:
    return UserError(f"is no MIDI file, or a damaged one ({why})")


def _unwrapped(content: bytes) -> bytes:
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


def _tracks(content: bytes, at: int, notices: _Notices) -> Iterator[MidiTrack]:
    """Yield the tracks from a place on; what lies between them is skipped."""
    number = 0
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
        reader = _TrackReader(content, at + 8, stop, number, notices)
        yield reader.read()
        if not holds and not reader.has_ended:
            raise _damaged(f"ends too early, in track {number}")
        if not reader.has_ended:
            notices.add("a track has no end of track")
        elif not holds:
            notices.add("a track's length is wrong; read up to its end of track")
        elif reader.at < stop:
            notices.add("what stands behind a track's end of track is skipped")
        at = stop if holds else reader.at


def _next_track(content: bytes, at: int, notices: _Notices) -> int:
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
    """

    def __init__(self, content: bytes, at: int, stop: int, number: int, notices: _Notices) -> None:
        self._content = content
        self.at = at
        self._stop = stop
        self._number = number
        self._notices = notices
        self.has_ended = False
        """Whether an end of track was read; `at` is behind it."""

    def read(self) -> MidiTrack:
        """Read up to the end of track, or to where the track has to stop."""
        content, stop, events = self._content, self._stop, list[FileEvent]()
        tick = status = 0
        while self.at < stop and not self.has_ended:
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
        return MidiTrack(events, tick)

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
        name, size = _META_SIZES.get(kind, ("", None))
        if kind > 0x7F or not _makes_sense(kind, content):
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
        value, self.at = _quantity(self._content, self.at, self._stop)
        if value < 0:
            raise self._damage("ends too early" if self.at >= self._stop else f"byte {self.at} is no length")
        return value

    def _damage(self, why: str) -> UserError:
        return _damaged(f"{why}, in track {self._number}")


def _quantity(content: bytes, at: int, stop: int) -> tuple[int, int]:
    """Return a variable-length quantity and where it ends; a negative one where there is none."""
    value = 0
    for place in range(at, min(at + _LONGEST_QUANTITY, stop)):
        byte = content[place]
        value = value << 7 | byte & 0x7F
        if byte < 128:
            return value, place + 1
    return -1, min(at + _LONGEST_QUANTITY, stop)


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _makes_sense(kind: int, content: bytes) -> bool:
    if kind in _META_SIZES and len(content) < _META_SIZES[kind][1]:
        return False
    if kind == TEMPO:
        return any(content[:3])
    if kind == TIME_SIGNATURE:
        return content[0] > 0 and content[1] <= 7  # up to 1/128 notes
    if kind == KEY_SIGNATURE:
        return abs(_signed(content[0])) <= _MOST_SHARPS and content[1] <= 1
    if kind == SMPTE_OFFSET:  # a frame rate in two bits and hours, minutes, seconds, frames, hundredths of a frame
        most = (0x7F, 59, 59, 29, 99)
        return all(each <= limit for each, limit in zip(content, most, strict=False))
    return True


def _one_after_the_other(tracks: Sequence[MidiTrack], ticks_per_beat: int) -> list[MidiTrack]:
    """Return the sequences of a type 2 file, each moved to the first beat behind the one before, in its own tempo."""
    moved, start = list[MidiTrack](), 0
    own_tempo = bytes((META, TEMPO, 3)) + DEFAULT_MICROSECONDS.to_bytes(3, "big")
    for track in tracks:
        events = [(start + tick, event) for tick, event in track.events]
        moved.append(MidiTrack([(start, own_tempo), *events] if start else events, start + track.end))
        start += -(-track.end // ticks_per_beat) * ticks_per_beat
    return moved
