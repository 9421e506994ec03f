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

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from antiphon.budgets import MIDI_FILE_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file
from antiphon.midi.codec import decode
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.recording.file_events import (
    KEY_SIGNATURE,
    META,
    TEMPO,
    TIME_SIGNATURE,
    TRACK_NAME,
    FileEvent,
    is_meta,
    meta_content,
    signed,
)
from antiphon.recording.midi_chunks import Notices, damaged, read_tracks, unwrapped
from antiphon.recording.tempo_map import DEFAULT_MICROSECONDS, TempoMap

PERCUSSION = 10
"""The channel that General MIDI keeps for drums: no melody."""

_HEADER, _LEAST_HEADER = 14, (6).to_bytes(4, "big")
"""Bytes of the header chunk (name, length, type, number of tracks, ticks per quarter note), and the length in it."""


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
        return [(tick, signed(c[0]), bool(c[1])) for tick, c in self.metas(KEY_SIGNATURE)]

    def time_signatures(self) -> list[tuple[int, int, int]]:
        """Return tick, beats a bar and the beats' unit (4 is a quarter note) of each time signature."""
        return [(tick, content[0], 1 << content[1]) for tick, content in self.metas(TIME_SIGNATURE)]


def in_order(tracks: Sequence[MidiTrack]) -> list[FileEvent]:
    """Return the events of all tracks by their ticks; what falls together keeps the order of the tracks."""
    return sorted((pair for track in tracks for pair in track.events), key=lambda pair: pair[0])


def read_midi_file(path: Path) -> MidiFile:
    """Read a MIDI file.

    Raises:
        UserError: it can't be read, or is no MIDI file; the message says why, in one line.
    """
    try:
        content = read_file(path, MIDI_FILE_BYTES)
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
    content = unwrapped(content)
    if not content.startswith(b"MThd"):
        raise UserError("is no MIDI file (it doesn't begin with MThd)")
    kind, count, division = (int.from_bytes(content[at : at + 2], "big") for at in (8, 10, 12))
    if len(content) < _HEADER or content[4:8] < _LEAST_HEADER:
        raise damaged("its header is too short")
    if division >= 0x8000:
        raise UserError("counts in film frames (SMPTE); export it with ticks per quarter note")
    if division == 0:
        raise UserError("says 0 ticks per quarter note, so that its notes have no times; export it again")
    notices = Notices()
    tracks = [MidiTrack(*each) for each in read_tracks(content, 8 + int.from_bytes(content[4:8], "big"), notices)]
    if len(tracks) != count:
        notices.add(f"the header says {count} tracks, {len(tracks)} are there")
    if kind == 2 and len(tracks) > 1:
        notices.add("its sequences (a file of type 2) are read one after the other")
        tracks = _one_after_the_other(tracks, division)
    return MidiFile(kind, division, tracks, notices.lines(), len(tracks) >= count)


def _one_after_the_other(tracks: Sequence[MidiTrack], ticks_per_beat: int) -> list[MidiTrack]:
    """Return the sequences of a type 2 file, each moved to the first beat behind the one before, in its own tempo."""
    moved, start = list[MidiTrack](), 0
    own_tempo = bytes((META, TEMPO, 3)) + DEFAULT_MICROSECONDS.to_bytes(3, "big")
    for track in tracks:
        events = [(start + tick, event) for tick, event in track.events]
        moved.append(MidiTrack([(start, own_tempo), *events] if start else events, start + track.end))
        start += -(-track.end // ticks_per_beat) * ticks_per_beat
    return moved
