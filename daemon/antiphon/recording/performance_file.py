"""A performance in a MIDI file: what the improviser hears of it, and the file with the answer beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import mido

from antiphon.errors import UserError
from antiphon.files import write_whole
from antiphon.improviser.events import Event, TempoChange, Timed
from antiphon.midi.codec import decode, encode
from antiphon.midi.messages import ClockPulse, Message, NoteOn, Transport
from antiphon.recording.file_events import META, TEMPO, TIME_SIGNATURE, TRACK_NAME, FileEvent, is_meta, meta_content
from antiphon.recording.midi_reader import PERCUSSION, MidiFile, MidiTrack, in_order, read_midi_file
from antiphon.recording.midi_writer import midi_file_of, track_chunk
from antiphon.recording.session_file import input_of

_FINEST = 480
"""Ticks a quarter note that a written file has at least: at 120 BPM a tick is then 1 ms."""


@dataclass(frozen=True)
class Performance:
    """What a performer plays in a MIDI file."""

    path: Path
    file: MidiFile
    tracks: Sequence[MidiTrack]
    """The performer's, of the file's."""

    @cached_property
    def channels(self) -> set[int]:
        """The channels, 1…16, that have notes."""
        messages = (decode(event) for track in self.tracks for _, event in track.events)
        return {message.channel for message in messages if isinstance(message, NoteOn)}

    @cached_property
    def has_clock(self) -> bool:
        """Whether it holds the MIDI clock that was played to: only sessions that Antiphon has recorded can."""
        return any(isinstance(_message_of(event), ClockPulse) for track in self.tracks for _, event in track.events)

    def events(self, keep_tempo: bool, keep_clock: bool = False) -> list[tuple[float, Event]]:
        """Return what an improviser hears of it, with times in seconds: all channels but the drums'.

        Args:
            keep_tempo: whether the file's tempo changes are among the events.
            keep_clock: whether the MIDI clock that it holds is, with its transport.
        """
        events: list[tuple[int, int, Event]] = []
        for tick, event in in_order(self.tracks):
            message = _message_of(event)
            if message is not None:
                if isinstance(message, Transport) and not keep_clock:
                    continue
                if getattr(message, "channel", None) != PERCUSSION:
                    events.append((tick, 2 if isinstance(message, NoteOn) else 1, message))
            elif keep_tempo and is_meta(event, TEMPO):
                microseconds = int.from_bytes(meta_content(event), "big")
                events.append((tick, 0, TempoChange(mido.tempo2bpm(microseconds))))
        # At one tick: the tempo first, then what ends, then what starts.
        events.sort(key=lambda event: event[:2])
        time_of = self.file.tempo_map.time_of
        return [(time_of(tick), event) for tick, _, event in events]


def _message_of(event: bytes) -> Message | None:
    """Return the MIDI message that an event is, or the one of a transport that a session keeps in a meta event."""
    if event[0] != META:
        return decode(event)
    given = input_of(event)
    message = decode(given) if isinstance(given, bytes) else None
    return message if isinstance(message, Transport) else None


def read_performance(path: Path, first_tracks: int | None = None) -> Performance:
    """Read a MIDI file; see `performance_of`.

    Raises:
        UserError: it can't be read, is no MIDI file, or holds no note that could be melody.
    """
    return performance_of(path, read_midi_file(path), first_tracks)


def performance_of(path: Path, file: MidiFile, first_tracks: int | None = None) -> Performance:
    """Return the performance in a MIDI file.

    Args:
        path: the file's, for messages.
        file: its content.
        first_tracks: how many of its tracks are the performer's, where others aren't; by default all of them are.

    Raises:
        UserError: it holds no note that could be melody.
    """
    performance = Performance(path, file, file.tracks[:first_tracks])
    if not performance.channels - {PERCUSSION}:
        raise UserError(f"{path}: holds no note to hear (drums, channel {PERCUSSION}, are no melody)")
    return performance


def write_duet(path: Path, performance: Performance, answer: list[Timed]) -> None:
    """Write the performer's tracks as they are, and the answer on one more, to a MIDI file of type 1.

    Args:
        path: of the file; it is written whole or not at all.
        performance: the performer's.
        answer: the improviser's notes, with times in seconds.
    """
    file = performance.file
    finer = -(-_FINEST // file.ticks_per_beat)
    # Ticks are rounded after they are made finer, so that short notes keep their length.
    tick_at = file.tempo_map.finer(finer).tick_at
    played = [(tick_at(timed.time), bytes(encode(timed.message))) for timed in answer]
    end = max([*(track.end * finer for track in performance.tracks), *(tick for tick, _ in played)])
    chunks = [
        track_chunk(((tick * finer, event) for tick, event in events), end, name)
        for name, events in _named(_with_tempo_first(performance.tracks))
    ]
    chunks.append(track_chunk(played, end, "Antiphon"))
    content = midi_file_of(file.ticks_per_beat * finer, chunks)
    write_whole(path, lambda beside: beside.write_bytes(content))


def _with_tempo_first(tracks: Sequence[MidiTrack]) -> list[list[FileEvent]]:
    """Return the tracks' events, with all tempos and time signatures on the first, where other programs look.

    Where there is one track alone, they are moved to one of their own, as other programs do that make type 1 of type 0.
    """

    def is_first(event: bytes) -> bool:
        return event[0] == META and event[1] in (TEMPO, TIME_SIGNATURE)

    first, *others = tracks if len(tracks) > 1 else [MidiTrack([], 0), *tracks]
    moved = [pair for track in others for pair in track.events if is_first(pair[1])]
    # Of two tempos at a tick the later track's counts, before and after: sorted() keeps their order.
    merged = sorted([*first.events, *moved], key=lambda pair: pair[0]) if moved else first.events
    return [merged, *([pair for pair in track.events if not is_first(pair[1])] for track in others)]


def _named(tracks: list[list[FileEvent]]) -> Iterator[tuple[str, list[FileEvent]]]:
    """Yield tracks with the names to be given to those that have none."""
    for events in tracks:
        if any(is_meta(event, TRACK_NAME) for _, event in events):
            yield "", events
        else:
            yield "Performer" if any(event[0] < META for _, event in events) else "Tempo", events
