"""The recording switch: begins and ends a recording, at the start of a set or in the middle of it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from antiphon.improviser.improviser import Improviser
from antiphon.improviser.snapshot import Snapshot
from antiphon.improviser.tempo.pulses import bounded_bpm
from antiphon.live.reporter import Reporter
from antiphon.melody.keys import major_name
from antiphon.musician import Musician
from antiphon.recording.entries import Entry, KeyHeard, LinkHeard, Marker, Resumed
from antiphon.recording.memories import hash_of
from antiphon.recording.recorder import Recorder
from antiphon.recording.session_file import BEGAN, MEMORY

_PATIENCE = 2.0
"""Seconds that the end of a set waits for the files of recordings that ended before."""


class RecordingSwitch:
    """Records while it is switched on. All calls but `close` come from the thread that plays.

    Args:
        folder: of the recordings.
        header: what the next recording says of how it was played; see `Recorder`. Set it where another model plays.
        reporter: is told of each recording and of what goes wrong, on any thread.
    """

    def __init__(self, folder: Path, header: Mapping[str, Any], reporter: Reporter) -> None:
        self.folder = folder
        self.header = header
        self._reporter = reporter
        self._began = 0.0
        self._recorder: Recorder | None = None
        self._finishing: list[threading.Thread] = []

    @property
    def is_on(self) -> bool:
        """Whether it records."""
        return self._recorder is not None

    def start(self, bpm: float) -> None:
        """Record from the start of the set, at a tempo in beats a minute."""
        self._recorder = Recorder(self.folder, self.header, bpm, self._reporter.warn)

    def switch(self, is_on: bool, seconds: float, improviser: Improviser) -> None:
        """Begin or end a recording in mid-set, at a time in seconds; where it is so already, nothing happens."""
        if is_on and self._recorder is None:
            self._began = seconds
            header = {**as_it_stands(self.header, improviser.snapshot()), BEGAN: round(seconds, 3)}
            self._recorder = Recorder(self.folder, header, improviser.bpm, self._reporter.warn)
            if improviser.sharps is not None:
                self.add(seconds, KeyHeard(improviser.sharps))
            self.add(seconds, Marker(improviser.mode))
            self._reporter.tell("recording")
        elif not is_on and self._recorder is not None:
            finishing = threading.Thread(target=_finish, args=(self._recorder, self._reporter), name="ends a recording")
            self._recorder, self._began = None, 0.0
            self._finishing.append(finishing)
            finishing.daemon = True
            finishing.start()

    def close(self) -> None:
        """End what is recorded; the files are written, and their names told."""
        if self._recorder is not None:
            _finish(self._recorder, self._reporter)
            self._recorder = None
        for thread in self._finishing:
            thread.join(_PATIENCE)

    # As a record: the recorder counts from its own start

    def enter(self, seconds: float) -> float:
        """Return the time of the recording's nearest tick; the time as it is where nothing is recorded."""
        if self._recorder is None:
            return seconds
        return self._recorder.enter(seconds - self._began) + self._began

    def add(self, seconds: float, entry: Entry) -> None:
        """Record an entry, where there is a recording."""
        if self._recorder is None:
            return
        if isinstance(entry, Resumed):
            entry = Resumed(entry.since - self._began)
        elif isinstance(entry, LinkHeard):
            entry = replace(entry, time=entry.time - self._began)
        self._recorder.add(seconds - self._began, entry)


def header_of(musician: Musician) -> dict[str, Any]:
    """Return what a recording says of how it was played: all that is needed to render it again."""
    settings = musician.settings
    return {
        "model": musician.bundle.name,
        "seed": settings.play.seed,
        "sha256": hashlib.sha256(musician.bundle.model).hexdigest(),
        "settings": msgspec.to_builtins(
            {section: getattr(settings, section) for section in ("play", "hands", "metronome", "controls")}
        ),
        MEMORY: hash_of(learned.content) if (learned := musician.models.listening.learned) else None,
    }


def as_it_stands(header: Mapping[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """Return a recording's header with the settings that the performer has changed since the start of the set."""
    play = {
        "mode": snapshot.mode,
        "sync": snapshot.sync,
        "bpm": round(bounded_bpm(snapshot.tempo.bpm), 3),  # Link knows faster ones than a setting may be
        **snapshot.knobs,
        "key": "auto" if snapshot.locked is None else major_name(snapshot.locked),
    }
    settings = header.get("settings", {})
    return {**header, "settings": {**settings, "play": {**settings.get("play", {}), **play}}}


def _finish(recorder: Recorder, reporter: Reporter) -> None:
    written = recorder.close()
    if written is not None:
        reporter.tell(f"recorded     {written}")
