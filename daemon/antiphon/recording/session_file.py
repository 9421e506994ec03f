"""A recorded session as a MIDI file: its events as bytes, the file put together from them, and read back.

Three tracks: tempo, key signatures, markers and settings; the performer; Antiphon. What a MIDI file can't hold as
itself (clock, start, stop, song position) stands on the performer's track as sequencer-specific meta events: FF 7F, a
length, 7D (the maker's number that is nobody's), and the message; or 7D, 01 and JSON, for an
`entries.RecordedCommand`.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec

from antiphon.budgets import MIDI_FILE_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file
from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.codec import decode, encode
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.midi.protocol import ACTIVE_SENSING, SPEC_OF_STATUS, is_whole
from antiphon.recording.entries import RecordedCommand, command_as_json, command_from_json
from antiphon.recording.file_events import (
    ESCAPE,
    KEY_SIGNATURE,
    MARKER,
    META,
    SEQUENCER_SPECIFIC,
    SYSEX,
    TEMPO,
    TEXT,
    is_meta,
    meta_content,
    quantity,
    sysex_content,
)
from antiphon.recording.midi_reader import MidiFile, in_order, parse_midi_file, read_midi_file
from antiphon.recording.midi_writer import TrackWriter, meta_event, midi_file_of, text_event
from antiphon.recording.tempo_map import TICKS_PER_BEAT, TempoMap

NOBODY = 0x7D
"""The manufacturer's number kept for use that isn't sold: whoever else reads the file passes these events by."""
_COMMAND, _OLD_TEXT = 0x01, 0x00
"""Stand where a message's status would: before JSON, and before a text of format 1, which nobody reads any more."""
_FORMAT = 2
_SETTINGS = "Antiphon session "
"""Starts the text event with the settings; the format's number follows, and JSON."""
_SUMMARY = "Antiphon summary "
_LONGEST_SYSEX = 4096
"""Bytes; longer ones are sound banks and firmware, no music, and aren't kept."""
Input = bytes | RecordedCommand
"""What reached the improviser: a MIDI message or a command."""
BEGAN = "began"
"""In the header of a recording that was switched on in mid-set: when that was, in seconds from the set's start.

What the improviser had heard until then isn't in it, so it doesn't render again note by note.
"""
MEMORY = "memory"
"""In the header: the SHA-256 of the memory that the set began with, which lies beside it; None where it was empty."""


class Track(IntEnum):
    """The tracks of a session, in the file's order."""

    TEMPO = 0
    PERFORMER = 1
    ANTIPHON = 2


@dataclass(frozen=True)
class Summary:
    """What the list of sessions shows of one, so that the list needn't read every note."""

    seconds: float
    played: int
    answered: int


@dataclass(frozen=True)
class Session:
    """A session read back: the settings it was played with (None in a file by others), and what was heard, in order."""

    header: dict[str, Any] | None
    events: list[tuple[float, Input]]
    """Seconds from the start, with the very bits that `Recorder.enter` gave, and what came then."""
    end: float
    """When the last thing was written down, in seconds: up to here it was played, and no further."""


def message_event(message: Sequence[int]) -> bytes | None:
    """Return a MIDI message as an event of a file, or None where it is malformed or of no concern."""
    if not is_whole(message):
        return None
    status = message[0]
    kind = SPEC_OF_STATUS[status].kind
    if kind == "channel":
        return bytes(message)
    if kind == "system exclusive":
        size = quantity(len(message) - 1)
        return bytes([status, *size, *message[1:]]) if len(message) <= _LONGEST_SYSEX else None
    if status == ACTIVE_SENSING:  # says only that a cable is there
        return None
    return meta_event(SEQUENCER_SPECIFIC, bytes([NOBODY, *message]))


def command_event(command: RecordedCommand) -> bytes:
    """Return a command as an event of a file."""
    return meta_event(SEQUENCER_SPECIFIC, bytes([NOBODY, _COMMAND]) + command_as_json(command))


def settings_event(header: dict[str, Any]) -> bytes:
    """Return the settings as an event of a file."""
    return text_event(TEXT, f"{_SETTINGS}{_FORMAT} {json.dumps(header)}")


def marker_event(text: str) -> bytes:
    """Return a marker: a text that DAWs show above the notes."""
    return text_event(MARKER, text)


def tempo_event(microseconds: int) -> bytes:
    """Return a tempo, in microseconds a beat."""
    return meta_event(TEMPO, microseconds.to_bytes(3, "big"))


def key_event(sharps: int) -> bytes:
    """Return a key signature, as the major key that has it: −7 (flats) … 7 (sharps)."""
    return meta_event(KEY_SIGNATURE, bytes([sharps & 0xFF, 0]))


def build(events: Iterable[tuple[int, int, bytes]]) -> tuple[bytes, Summary]:
    """Put a session's MIDI file together.

    Args:
        events: track, tick and bytes; on each track none before the one that came before it.
    """
    tracks = [_SessionTrack(track.name.title()) for track in Track]
    tempo_map, last, clicks = TempoMap(), 0, 0
    for number, tick, event in events:
        tracks[number].add(tick, event)
        last = max(last, tick)
        if event[0] == META:
            clicks = clicks or _metronome_of(event)
            if is_meta(event, TEMPO):
                tempo_map.change(tick, int.from_bytes(meta_content(event), "big"))
    played, sent = tracks[Track.PERFORMER].notes, tracks[Track.ANTIPHON].notes
    summary = Summary(round(tempo_map.time_of(last), 3), played.total(), sent.total() - sent[clicks])
    tracks[Track.ANTIPHON].end_notes(last)
    tracks[Track.TEMPO].preface.append(text_event(TEXT, _SUMMARY + json.dumps(dataclasses.asdict(summary))))
    return midi_file_of(TICKS_PER_BEAT, [track.chunk(last) for track in tracks]), summary


def _metronome_of(event: bytes) -> int:
    """Return the channel, 1…16, of the clicks, which are no answers, where an event holds the settings; otherwise 0."""
    at = event.find(_SETTINGS.encode("ascii"), 0, 64)
    if at < 0:
        return 0
    try:
        metronome = json.loads(event[event.index(b"{", at) :])["settings"]["metronome"]
        return int(metronome["channel"]) if metronome["on"] else 0
    except (ValueError, RecursionError, TypeError, KeyError):  # no settings, or damaged ones
        return 0


class _SessionTrack(TrackWriter):
    """Counts the notes, and knows which of them sound."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.notes: Counter[int] = Counter()
        """By channel, 1…16."""
        self._sounding: ActiveNotes[NoteOn] = ActiveNotes()

    def add(self, tick: int, event: bytes) -> None:
        """Add an event at a tick, which is none before the last event's."""
        super().add(tick, event)
        message = decode(event)
        if isinstance(message, NoteOn):
            self.notes[message.channel] += 1
            self._sounding.turn_on(message)
        elif isinstance(message, NoteOff):
            self._sounding.turn_off(message)

    def end_notes(self, tick: int) -> None:
        """End what still sounds: after a crash nobody else did."""
        for note_off in self._sounding.turn_all_off():
            self.add(tick, encode(note_off))


def read_session(path: Path) -> Session:
    """Read what the performer did from a session's MIDI file, or from one by others, without Antiphon's answer.

    Raises:
        UserError: it can't be read, or is no MIDI file; the message says why.
    """
    return session_of(path, read_midi_file(path))


def header_of(path: Path, file: MidiFile) -> dict[str, Any] | None:
    """Return the settings that a session was played with; None in a file by others. `path` is for messages.

    Raises:
        UserError: they are damaged.
    """
    found = _find(path, file, _SETTINGS)
    return None if found is None else found[1]


def session_of(path: Path, file: MidiFile) -> Session:
    """Return what the performer did in a MIDI file, without Antiphon's answer; `path` is for messages.

    Raises:
        UserError: its settings are damaged, or it is of another format.
    """
    header = header_of(path, file)
    if header is not None:
        _check_can_replay(path, file)
    heard = file.tracks if header is None else file.tracks[Track.PERFORMER : Track.ANTIPHON]
    time_of = file.tempo_map.time_of
    inputs = ((time_of(tick), input_of(event)) for tick, event in in_order(heard))
    # What was written down had been rounded to its tick, so it may have happened up to half a tick later.
    end = time_of(file.end) + 0.49 * (time_of(file.end + 1) - time_of(file.end))
    return Session(header, [(time, given) for time, given in inputs if given is not None], end)


def read_summary(path: Path) -> tuple[dict[str, Any] | None, Summary]:
    """Read a session's settings and summary. Of a session it reads the first track only: a set has many notes.

    Raises:
        UserError: it can't be read, is no MIDI file, or lacks a track; the message says why.
    """
    try:
        head = _first_track(read_file(path, MIDI_FILE_BYTES))
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from None
    if head is not None:
        try:
            file = parse_midi_file(head)
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
        header, summary = header_of(path, file), _find(path, file, _SUMMARY)
        if header is not None and summary is not None:
            try:
                return header, msgspec.convert(summary[1], Summary)
            except msgspec.ValidationError:
                raise UserError(f"{path}: its summary is damaged") from None
    file = read_midi_file(path)
    if not file.is_whole:
        raise UserError(f"{path}: is no MIDI file, or a damaged one ({file.notices[0]})")
    session = session_of(path, file)
    played = sum(isinstance(given, bytes) and isinstance(decode(given), NoteOn) for _, given in session.events)
    return session.header, Summary(max((time for time, _ in session.events), default=0.0), played, 0)


def _first_track(content: bytes) -> bytes | None:
    """Return a file of the first track alone, or None where the chunks aren't those of a whole MIDI file."""
    ends, at = [], 14
    while content[at : at + 4] == b"MTrk":
        at += 8 + int.from_bytes(content[at + 4 : at + 8], "big")
        ends.append(at)
    if content[:4] != b"MThd" or at != len(content) or len(ends) != int.from_bytes(content[10:12], "big") or not ends:
        return None
    return content[:10] + b"\0\1" + content[12 : ends[0]]


def input_of(event: bytes) -> Input | None:
    """Return what an event of the performer's track told the improviser, or None where it told nothing."""
    if event[0] == SYSEX:
        return bytes((SYSEX,)) + sysex_content(event)
    if event[0] == ESCAPE:
        return None
    if event[0] != META:
        return event
    content = _own(event)
    if content[:1] == bytes((_COMMAND,)):
        return command_from_json(content[1:])
    return content if content and content[0] != _OLD_TEXT else None


def _own(event: bytes) -> bytes:
    """Return what a sequencer-specific event of Antiphon's holds; nothing where it is another event."""
    content = meta_content(event) if is_meta(event, SEQUENCER_SPECIFIC) else b""
    return content[1:] if content[:1] == bytes((NOBODY,)) else b""


def _check_can_replay(path: Path, file: MidiFile) -> None:
    """Refuse a session of another format, but for one of format 1 in which all that was told were MIDI messages.

    Raises:
        UserError: it is one.
    """
    number, _ = _find(path, file, _SETTINGS) or ("", {})
    if number == "1" and not any(_own(event)[:1] == bytes((_OLD_TEXT,)) for _, event in in_order(file.tracks)):
        return
    if number != str(_FORMAT):
        which = "an older" if number == "1" else "a newer"
        raise UserError(
            f"{path}: was recorded by {which} Antiphon, in format {number}; this one can only replay format {_FORMAT}"
        )


def _find(path: Path, file: MidiFile, start: str) -> tuple[str, dict[str, Any]] | None:
    """Return the JSON object of a text event of the first track that starts so, and the word before the object."""
    for _, event in file.tracks[0].events if file.tracks else []:
        content = meta_content(event) if is_meta(event, TEXT) else b""
        if content.startswith(start.encode()):
            word, brace, rest = content.removeprefix(start.encode()).partition(b"{")
            try:
                return word.decode().strip(), msgspec.json.decode(brace + rest, type=dict[str, Any])
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                raise UserError(f"{path}: what it says of its own making is damaged") from None
    return None
