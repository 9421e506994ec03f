"""MIDI files: a performance read from one, and the performance with its answer written to another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import mido
from mido.midifiles.meta import KeySignatureError

from antiphon.errors import UserError
from antiphon.files import write_whole
from antiphon.improviser.events import Event, NoteOn, TempoChange, Timed
from antiphon.midi.codec import decode, encode

PERCUSSION = 10
"""The channel that General MIDI keeps for drums: no melody."""
_FINEST = 480
"""Ticks a quarter note that a written file has at least: at 120 BPM a tick is then 1 ms."""


@dataclass(frozen=True)
class TempoMap:
    """Ticks ↔ seconds. Three columns, one row a tempo: from `ticks`, at `seconds`, a tick lasts `tick_seconds`."""

    ticks: tuple[int, ...]
    seconds: tuple[float, ...]
    tick_seconds: tuple[float, ...]

    def time_of(self, tick: int) -> float:
        """Return when a tick comes, in seconds from the start."""
        row = bisect_right(self.ticks, tick) - 1
        return self.seconds[row] + (tick - self.ticks[row]) * self.tick_seconds[row]

    def tick_at(self, time: float) -> int:
        """Return the tick that is nearest to a time in seconds from the start."""
        row = max(0, bisect_right(self.seconds, time) - 1)
        return self.ticks[row] + round((time - self.seconds[row]) / self.tick_seconds[row])


@dataclass(frozen=True)
class Performance:
    """What a MIDI file holds: its messages with their ticks, in order, and the tempo map that gives them times."""

    path: Path
    ticks_per_beat: int
    tempo_map: TempoMap
    meta: list[tuple[int, mido.MetaMessage]]
    """Tempo, metre, key, markers: what doesn't sound."""
    channel: list[tuple[int, mido.Message]]
    """What sounds, from all tracks together."""
    end: int
    """The last tick."""

    @property
    def channels(self) -> set[int]:
        """The channels, 1…16, that have notes."""
        return {m.channel + 1 for _, m in self.channel if m.type == "note_on"}

    def events(self, keep_tempo: bool) -> list[tuple[float, Event]]:
        """Return what an improviser hears of it, with times in seconds: all channels but the drums'.

        Args:
            keep_tempo: whether the file's tempo changes are among the events.
        """
        events: list[tuple[int, int, Event]] = []
        if keep_tempo:
            for tick, message in self.meta:
                if message.type == "set_tempo" and message.tempo > 0:
                    events.append((tick, 0, TempoChange(mido.tempo2bpm(message.tempo))))
        for tick, message in self.channel:
            event = decode(message.bytes())
            if event is not None and getattr(message, "channel", None) != PERCUSSION - 1:
                events.append((tick, 2 if isinstance(event, NoteOn) else 1, event))
        # At one tick: the tempo first, then what ends, then what starts.
        events.sort(key=lambda event: event[:2])
        return [(self.tempo_map.time_of(tick), event) for tick, _, event in events]


def read_performance(path: Path, first_tracks: int | None = None) -> Performance:
    """Read a MIDI file.

    Args:
        path: of the file.
        first_tracks: how many of its tracks are the performer's, where others aren't; by default all of them are.

    Raises:
        UserError: it can't be read, is no MIDI file, or holds no note that could be melody.
    """
    try:
        file = mido.MidiFile(path, clip=True)
        tracks = [list(_with_ticks(track)) for track in file.tracks[:first_tracks]]
    except OSError as error:
        if error.strerror:
            raise UserError(f"{path}: can't be read ({error.strerror})") from None
        raise UserError(f"{path}: is no MIDI file, or a damaged one ({error})") from None
    except (EOFError, ValueError, KeyError, IndexError, TypeError, KeySignatureError) as error:
        what = "ends too early" if isinstance(error, EOFError) else str(error)
        raise UserError(f"{path}: is no MIDI file, or a damaged one ({what})") from None
    if not 0 < file.ticks_per_beat < 0x8000:
        raise UserError(f"{path}: counts in film frames (SMPTE); export it with ticks per quarter note")
    # All tracks as one, in the order of their ticks; sorted() keeps the order of what falls together.
    merged = sorted((pair for track in tracks for pair in track), key=lambda pair: pair[0])
    performance = Performance(
        path=path,
        ticks_per_beat=file.ticks_per_beat,
        tempo_map=_tempo_map(merged, file.ticks_per_beat),
        meta=[(tick, m) for tick, m in merged if m.is_meta and m.type not in ("end_of_track", "track_name")],
        channel=[(tick, m) for tick, m in merged if not m.is_meta],
        end=merged[-1][0] if merged else 0,
    )
    if not any(isinstance(event, NoteOn) for _, event in performance.events(keep_tempo=False)):
        raise UserError(f"{path}: holds no note to hear (drums, channel {PERCUSSION}, are no melody)")
    return performance


def _with_ticks(track: Iterable[mido.Message]) -> Iterable[tuple[int, mido.Message]]:
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def _tempo_map(messages: list[tuple[int, mido.Message]], ticks_per_beat: int) -> TempoMap:
    rows = [(0, 0.0, 0.5 / ticks_per_beat)]  # 120 BPM until the file says otherwise
    for tick, message in messages:
        if message.type == "set_tempo" and message.tempo > 0:
            last_tick, seconds, tick_seconds = rows[-1]
            row = (tick, seconds + (tick - last_tick) * tick_seconds, message.tempo / 1e6 / ticks_per_beat)
            rows[-1:] = [row] if tick == last_tick else [rows[-1], row]
    ticks, seconds_column, tick_column = zip(*rows, strict=True)
    return TempoMap(ticks, seconds_column, tick_column)


def write_duet(path: Path, performance: Performance, answer: list[Timed]) -> None:
    """Write the performer and the answer to a MIDI file, each on a named track, with the performance's tempo map.

    Args:
        path: of the file; it is written whole or not at all.
        performance: the performer's.
        answer: the improviser's notes, with times in seconds.
    """
    finer = -(-_FINEST // performance.ticks_per_beat)
    file = mido.MidiFile(type=1, ticks_per_beat=performance.ticks_per_beat * finer)
    # Ticks are rounded after they are made finer, so that short notes keep their length.
    fine = TempoMap(
        tuple(tick * finer for tick in performance.tempo_map.ticks),
        performance.tempo_map.seconds,
        tuple(seconds / finer for seconds in performance.tempo_map.tick_seconds),
    )
    played = [(fine.tick_at(timed.time), mido.Message.from_bytes(encode(timed.message))) for timed in answer]
    end = max([performance.end * finer, *(tick for tick, _ in played)])
    for name, messages in (
        ("Tempo", [(tick * finer, m) for tick, m in performance.meta]),
        ("Performer", [(tick * finer, m) for tick, m in performance.channel]),
        ("Antiphon", played),
    ):
        file.tracks.append(_track(name, messages, end))
    write_whole(path, file.save)


def _track(name: str, messages: list[tuple[int, mido.Message]], end: int) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name, time=0)])
    now = 0
    for tick, message in messages:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return track
