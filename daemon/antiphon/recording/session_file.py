"""A recorded session as a MIDI file: its events as bytes, the file put together from them, and read back.

Three tracks: tempo, key signatures, markers and settings; the performer; Antiphon. What a MIDI file can't hold as
itself (clock, start, stop, song position) stands on the performer's track as sequencer-specific meta events: FF 7F, a
length, 7D (the maker's number that is nobody's), and the message; or 7D, 00 and a text, for what was no message.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from io import BytesIO
from pathlib import Path
from typing import Any

import mido
import msgspec
from mido.midifiles.meta import KeySignatureError, encode_variable_int

from antiphon.errors import UserError
from antiphon.recording.ticks import TICKS_PER_BEAT, Ticks

NOBODY = 0x7D
"""The manufacturer's number kept for use that isn't sold: whoever else reads the file passes these events by."""
_TEXT = 0x00
"""Stands where a message's status would, before a text."""
_SETTINGS = "Antiphon session 1 "
"""Starts the text event with the settings; the number is the format's."""
_SUMMARY = "Antiphon summary "
_LONGEST_SYSEX = 4096
"""Bytes; longer ones are sound banks and firmware, no music, and aren't kept."""
_SYSTEM_LENGTHS = {0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFF: 1}
"""Status → length of the system messages that are kept. Active sensing (FE) says only that a cable is there."""
_LONGEST_WAIT = 0x0FFF_FFFF
"""Ticks between two events that a MIDI file can say: 23 hours at 100 BPM."""
_MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
"""Key signatures from seven flats to seven sharps."""

Event = tuple[int, bytes]
"""A tick and an event's bytes, as they stand in a MIDI file."""
Input = bytes | str
"""What the improviser was told: a MIDI message, or a text for what was none."""


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
    if not message or any(byte > 0x7F for byte in message[1:-1]):
        return None
    status, size = message[0], len(message)
    if 0x80 <= status < 0xF0:
        wanted = 2 if status & 0xF0 in (0xC0, 0xD0) else 3
        return bytes(message) if size == wanted and message[-1] < 0x80 else None
    if status == 0xF0:
        if not 2 <= size <= _LONGEST_SYSEX or message[-1] != 0xF7:
            return None
        return bytes([0xF0, *encode_variable_int(size - 1), *message[1:]])
    if size != _SYSTEM_LENGTHS.get(status) or (size > 1 and message[-1] > 0x7F):
        return None
    return _meta(0x7F, bytes([NOBODY, *message]))


def input_event(text: str) -> bytes:
    """Return something that was told and is no MIDI message as an event of a file."""
    return _meta(0x7F, bytes([NOBODY, _TEXT]) + text.encode())


def settings_event(header: dict[str, Any]) -> bytes:
    """Return the settings as an event of a file."""
    return _meta(0x01, (_SETTINGS + json.dumps(header)).encode("ascii"))


def marker_event(text: str) -> bytes:
    """Return a marker; MIDI files are in Latin-1, and what it lacks becomes a question mark."""
    return _meta(0x06, text.encode("latin-1", "replace"))


def tempo_event(microseconds: int) -> bytes:
    """Return a tempo, in microseconds a beat."""
    return _meta(0x51, microseconds.to_bytes(3, "big"))


def key_event(sharps: int) -> bytes:
    """Return a key signature, as the major key that has it: −7 (flats) … 7 (sharps)."""
    return bytes(mido.MetaMessage("key_signature", key=_MAJOR[sharps + 7]).bytes())


def _meta(kind: int, content: bytes) -> bytes:
    return bytes([0xFF, kind, *encode_variable_int(len(content))]) + content


def build(events: Iterable[tuple[int, int, bytes]]) -> tuple[bytes, Summary]:
    """Put a session's MIDI file together.

    Args:
        events: track, tick and bytes; on each track none before the one that came before it.
    """
    tracks = [_TrackWriter(track.name.title()) for track in Track]
    ticks, last, clicks = Ticks(), 0, 0
    for number, tick, event in events:
        tracks[number].add(tick, event)
        clicks = clicks or _metronome_of(event)
        last = max(last, tick)
        if event.startswith(b"\xff\x51"):
            ticks.change(tick, int.from_bytes(event[3:], "big"))
    played, sent = tracks[Track.PERFORMER].notes, tracks[Track.ANTIPHON].notes
    summary = Summary(round(ticks.time_of(last), 3), played.total(), sent.total() - sent[clicks])
    tracks[Track.ANTIPHON].end_notes(last)
    tracks[Track.TEMPO].preface = _meta(0x01, (_SUMMARY + json.dumps(dataclasses.asdict(summary))).encode("ascii"))
    chunks = b"".join(track.chunk(last) for track in tracks)
    head = b"".join(number.to_bytes(2, "big") for number in (1, len(tracks), TICKS_PER_BEAT))
    return b"MThd" + len(head).to_bytes(4, "big") + head + chunks, summary


def _metronome_of(event: bytes) -> int:
    """Return the channel, 1…16, of the clicks, which are no answers, where an event holds the settings; otherwise 0."""
    at = event.find(_SETTINGS.encode("ascii"), 0, 64)
    if at < 0:
        return 0
    try:
        metronome = json.loads(event[at + len(_SETTINGS) :])["settings"]["metronome"]
        return int(metronome["channel"]) if metronome["on"] else 0
    except (ValueError, RecursionError, TypeError, KeyError):  # no settings, or damaged ones
        return 0


class _TrackWriter:
    """One track's bytes, as they grow."""

    def __init__(self, name: str) -> None:
        self.notes: Counter[int] = Counter()
        """By channel, 1…16."""
        self.preface = b""
        self._name = _meta(0x03, name.encode("ascii"))
        self._content = bytearray()
        self._tick = 0
        self._sounding: set[tuple[int, int]] = set()

    def add(self, tick: int, event: bytes) -> None:
        """Add an event at a tick."""
        wait, self._tick = tick - self._tick, tick
        while wait > _LONGEST_WAIT:  # an empty text, to wait on from
            self._content += bytes(encode_variable_int(_LONGEST_WAIT)) + _meta(0x01, b"")
            wait -= _LONGEST_WAIT
        if wait < 0x80:
            self._content.append(wait)
        else:
            self._content += bytes(encode_variable_int(wait))
        self._content += event
        kind, channel = event[0] & 0xF0, event[0] & 0x0F
        if kind == 0x90 and event[2]:
            self.notes[channel + 1] += 1
            self._sounding.add((channel, event[1]))
        elif kind in (0x80, 0x90):
            self._sounding.discard((channel, event[1]))

    def end_notes(self, tick: int) -> None:
        """End what still sounds: after a crash nobody else did."""
        for channel, pitch in sorted(self._sounding):
            self.add(tick, bytes([0x80 | channel, pitch, 0]))

    def chunk(self, end: int) -> bytes:
        """Return the whole track, which ends at a tick."""
        self.add(end, _meta(0x2F, b""))
        content = b"".join(b"\0" + event for event in (self._name, self.preface) if event) + self._content
        return b"MTrk" + len(content).to_bytes(4, "big") + content


def read_session(path: Path) -> Session:
    """Read what the performer did from a session's MIDI file, or from one by others, without Antiphon's answer.

    Raises:
        UserError: it can't be read, or is no MIDI file; the message says why.
    """
    file = _open(path)
    header = _find(path, file.tracks, _SETTINGS)
    ticks = Ticks(ticks_per_beat=file.ticks_per_beat)
    everything = _in_order(file.tracks)
    for tick, message in everything:
        if message.type == "set_tempo" and message.tempo > 0:
            ticks.change(tick, message.tempo)
    heard = file.tracks if header is None else file.tracks[Track.PERFORMER : Track.ANTIPHON]
    inputs = ((ticks.time_of(tick), _input(message)) for tick, message in _in_order(heard))
    last = everything[-1][0] if everything else 0
    # What was written down had been rounded to its tick, so it may have happened up to half a tick later.
    end = ticks.time_of(last) + 0.49 * (ticks.time_of(last + 1) - ticks.time_of(last))
    return Session(header, [(time, given) for time, given in inputs if given is not None], end)


def read_summary(path: Path) -> tuple[dict[str, Any] | None, Summary]:
    """Read a session's settings and summary. Of a session it reads the first track only: a set has many notes.

    Raises:
        UserError: it can't be read, or is no MIDI file; the message says why.
    """
    try:
        head = _first_track(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from None
    if head is not None:
        tracks = _open(path, head).tracks
        header, summary = _find(path, tracks, _SETTINGS), _find(path, tracks, _SUMMARY)
        if header is not None and summary is not None:
            try:
                return header, msgspec.convert(summary, Summary)
            except msgspec.ValidationError as error:
                raise UserError(f"{path}: its summary is damaged ({error})") from None
    session = read_session(path)
    played = sum(isinstance(given, bytes) and given[0] & 0xF0 == 0x90 and given[2] > 0 for _, given in session.events)
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


def _open(path: Path, content: bytes | None = None) -> mido.MidiFile:
    try:
        file = mido.MidiFile(path, file=None if content is None else BytesIO(content), clip=True)
    except OSError as error:
        why = f"can't be read ({error.strerror})" if error.strerror else f"is no MIDI file, or a damaged one ({error})"
        raise UserError(f"{path}: {why}") from None
    except (EOFError, ValueError, KeyError, IndexError, TypeError, KeySignatureError) as error:
        why = "ends too early" if isinstance(error, EOFError) else str(error)
        raise UserError(f"{path}: is no MIDI file, or a damaged one ({why})") from None
    if file.ticks_per_beat <= 0:
        raise UserError(f"{path}: counts in film frames (SMPTE); export it with ticks per quarter note")
    return file


def _in_order(tracks: Sequence[mido.MidiTrack]) -> list[tuple[int, mido.Message]]:
    """Return the messages of tracks with their ticks, in order; what falls together keeps the order of the tracks."""

    def with_ticks(track: mido.MidiTrack) -> Iterator[tuple[int, mido.Message]]:
        tick = 0
        for message in track:
            tick += message.time
            yield tick, message

    return sorted((pair for track in tracks for pair in with_ticks(track)), key=lambda pair: pair[0])


def _input(message: mido.Message) -> Input | None:
    if not message.is_meta:
        return bytes(message.bytes())
    if message.type != "sequencer_specific" or len(message.data) < 2 or message.data[0] != NOBODY:
        return None
    content = bytes(message.data[1:])
    return content[1:].decode(errors="replace") if content[0] == _TEXT else content


def _find(path: Path, tracks: Sequence[mido.MidiTrack], start: str) -> dict[str, Any] | None:
    """Return the JSON object behind a start, from a text event of the first track."""
    for message in tracks[0] if tracks else []:
        if message.type == "text" and message.text.startswith(start):
            try:
                return msgspec.json.decode(message.text.removeprefix(start), type=dict[str, Any])
            except (msgspec.DecodeError, RecursionError) as error:
                raise UserError(f"{path}: its settings are damaged ({error})") from None
    return None
