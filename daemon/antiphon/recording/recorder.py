"""The recorder: writes down a session while it is played, and makes a MIDI file of it at its end.

A MIDI file can't be written as it goes, because a track's length comes first; so a journal is, and becomes the MIDI
file when the session ends, or at the next start if it never ended. Its records are a track, a tick and an event.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from antiphon.budgets import JOURNAL_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file, sync, sync_folder, write_whole
from antiphon.recording import session_file
from antiphon.recording.entries import Entry, KeyHeard, Marker, PortBack, PortLost, Received, Sent, Set, TempoHeard
from antiphon.recording.journal import ENDING, Journal, Say, is_journal, left_behind, records, safely
from antiphon.recording.session_file import Track
from antiphon.recording.tempo_map import TempoMap, microseconds_a_beat

_RECORD = struct.Struct(">BQ")
"""Track and tick, before the event's bytes."""
_LAST_TICK = 1 << 40
"""A tick that no session reaches: at 100 BPM after eleven years."""
_PATIENCE = 1.5
"""Seconds that the end waits for a slow disk; what isn't written by then is for the next start."""


class Recorder:
    """Writes down one session. All but `close` return at once, and none raises: playing goes on whatever the disk does.

    Times are seconds from the session's start. All calls come from one thread, the one that plays.
    """

    def __init__(self, folder: Path, header: Mapping[str, Any], bpm: float, say: Say) -> None:
        """Start recording.

        Args:
            folder: of the recordings; made if need be.
            header: what is needed to render the session again (model, seed, …), as JSON would have it.
            bpm: the tempo at the start, beats a minute.
            say: is told, once, when something can't be written.
        """
        started = datetime.now().astimezone()
        self._say = safely(say)
        self._microseconds = microseconds_a_beat(bpm)
        self._tempo_map = TempoMap(self._microseconds)
        self._entered = 0
        self._last = dict.fromkeys(Track, 0)
        self._journal = Journal(folder, lambda: _free_names(folder, f"{started:%Y-%m-%d %H-%M-%S}", ENDING), say)
        recorded = {"recorded": started.isoformat(timespec="seconds")}
        self._append(Track.TEMPO, 0, session_file.settings_event({**header, **recorded}))
        self._append(Track.TEMPO, 0, session_file.tempo_event(self._microseconds))

    def enter(self, seconds: float) -> float:
        """Return the time of the nearest tick, never before the last one.

        All times that the improviser is given come from here, `advance`'s too: a note that comes late for one would
        else count as of a moment that the recording doesn't know, and render to another answer.
        """
        self._entered = max(self._entered, self._tempo_map.tick_at(seconds))
        return self._tempo_map.time_of(self._entered)

    def add(self, seconds: float, entry: Entry) -> None:
        """Write an entry down. Left out are messages that are malformed, active sensing and long sysex.

        Args:
            seconds: of what the improviser is told, the time from `enter`.
            entry: what has happened.
        """
        match entry:
            case Received(data):
                self._add(Track.PERFORMER, seconds, session_file.message_event(data))
            case Sent(data):
                self._add(Track.ANTIPHON, seconds, session_file.message_event(data))
            case TempoHeard(bpm):
                self._change_tempo(seconds, bpm)
            case KeyHeard(sharps):
                self._add(Track.TEMPO, seconds, session_file.key_event(sharps))
            case Marker(text) | PortBack(text):
                self._add(Track.TEMPO, seconds, session_file.marker_event(text))
            case Set(name="model" | "record"):  # asks for what is yet to be, and told when it is
                pass
            case _:
                self._add(Track.PERFORMER, seconds, session_file.command_event(entry))
                if isinstance(entry, PortLost):
                    self._add(Track.TEMPO, seconds, session_file.marker_event(entry.what))

    def _change_tempo(self, seconds: float, bpm: float) -> None:
        """Write down a tempo. It begins after what has been entered, whose times must stay."""
        microseconds = microseconds_a_beat(bpm)
        if microseconds == self._microseconds:
            return
        self._microseconds = microseconds
        tick = max(self._entered, self._last[Track.TEMPO], self._tempo_map.tick_at(seconds))
        self._tempo_map.change(tick, microseconds)
        self._append(Track.TEMPO, tick, session_file.tempo_event(microseconds))

    def close(self) -> Path | None:
        """End the recording; return its MIDI file, or None where nothing was played or it can't be written."""
        if not self._journal.finish(_PATIENCE):
            self._say(
                f"the disk is slow: the recording stays in {self._journal.path} and is finished at the next start"
            )
            return None
        try:
            written = _write_session(self._journal.path, self._journal.records())
        except OSError as error:
            self._journal.leave()
            if self._journal.path is not None:
                why = error.strerror or error
                self._say(f"the recording stays in {self._journal.path} until the next start ({why})")
            return None
        self._journal.remove()
        return written

    def _add(self, track: Track, seconds: float, event: bytes | None) -> None:
        if event is not None:
            self._append(track, self._tempo_map.tick_at(seconds), event)

    def _append(self, track: Track, tick: int, event: bytes) -> None:
        tick = self._last[track] = max(tick, self._last[track])
        self._journal.append(_RECORD.pack(track, tick) + event)


def recover(folder: Path, say: Say) -> list[Path]:
    """Make MIDI files of the journals that a crash left in a folder; those of sessions still played are left alone.

    Args:
        folder: of the recordings; it needn't be there.
        say: is told of each.
    """
    found = []
    for journal in sorted(folder.glob(f"*{ENDING}")):
        try:
            path = _recover_one(journal)
        except OSError as error:
            say(f"{journal}: can't be recovered ({error.strerror or error}); move it elsewhere if it isn't yours")
            continue
        if path is not None:
            say(f"{path}: recovered; its session never ended")
            found.append(path)
    return found


def _recover_one(journal: Path) -> Path | None:
    with left_behind(journal) as file:
        if file is None:
            return None
        content = file.read(JOURNAL_BYTES + 1)
        if len(content) > JOURNAL_BYTES:
            raise OSError(f"it has more than {JOURNAL_BYTES:,} bytes")
        if not is_journal(content):
            raise OSError("it is no journal, or one by a newer Antiphon")
        try:
            path = _write_session(journal, records(content))
        except (IndexError, ValueError):  # its checksums hold, but no recorder has written it
            raise OSError("it holds what is no session") from None
        if os.name != "nt":
            journal.unlink()
    if os.name == "nt":  # where an open file can't be removed
        journal.unlink()
    return path


def _write_session(journal: Path | None, entries: Iterable[bytes]) -> Path | None:
    """Write a journal's entries to a MIDI file beside it; return it, or None where the performer played nothing."""
    content, summary = session_file.build(_decoded(entries))
    if journal is None or not summary.played:
        return None
    # A crash between the writing and the journal's removal left both.
    path = journal.with_suffix(".mid")
    if not _has(path, content):
        path = next(_free_names(journal.parent, journal.stem, ".mid"))
        write_whole(path, lambda beside: _write_safely(beside, content), private=True)
        sync_folder(path.parent)  # the journal goes next
    path.chmod(0o600)
    return path


def _has(path: Path, content: bytes) -> bool:
    try:
        return read_file(path, len(content)) == content
    except (UserError, OSError):  # it is none, or another one
        return False


def _decoded(entries: Iterable[bytes]) -> Iterator[tuple[int, int, bytes]]:
    last = dict.fromkeys(map(int, Track), 0)
    for entry in entries:
        if len(entry) <= _RECORD.size:
            raise ValueError("no event")
        track, tick = _RECORD.unpack_from(entry)
        if track not in last or not last[track] <= tick <= _LAST_TICK:
            raise ValueError("no place in a session")
        last[track] = tick
        yield track, tick, entry[_RECORD.size :]


def _write_safely(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        sync(file.fileno())


def _free_names(folder: Path, stem: str, ending: str) -> Iterator[Path]:
    """Yield names that no recording has: the stem, then with numbers from 2 on."""
    for number in count(1):
        name = stem if number == 1 else f"{stem} ({number})"
        if not os.path.lexists(folder / f"{name}.mid"):  # a link to nothing takes a name too
            yield folder / f"{name}{ending}"
