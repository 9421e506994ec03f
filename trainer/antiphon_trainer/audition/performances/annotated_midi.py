"""Reads MIDI files with annotated beats, as ASAP has them: `X.mid` and, beside it, `X_annotations.txt`.

Each line of the annotations has a time in seconds, twice, and `b`, `db` (a downbeat) or `bR` (one that isn't sure);
behind a comma a time signature may follow, and behind another the key signature in sharps.
"""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.keys import normalised
from antiphon.recording.midi_reader import PERCUSSION, read_midi_file
from antiphon_trainer.audition.performances.performance import Performance, PlayedNote

SUFFIX = "_annotations.txt"


def played_notes(path: Path) -> list[PlayedNote]:
    """Return what is played in a MIDI file, but for drums.

    Raises:
        UserError: it can't be read.
    """
    file = read_midi_file(path)
    time_of = file.tempo_map.time_of
    return sorted(
        PlayedNote(time_of(note.start), time_of(note.end), note.pitch, velocity=note.velocity)
        for track in file.tracks
        for note in track.notes()
        if note.channel != PERCUSSION and note.pitch > 0
    )


def read_annotated(path: Path, name: str) -> Performance:
    """Read a MIDI file and its annotations; which notes are the melody isn't known then.

    Raises:
        UserError: one of the two can't be read.
    """
    annotations = path.with_name(path.stem + SUFFIX)
    try:
        rows = [line.split("\t") for line in annotations.read_text(encoding="utf-8").splitlines() if line.strip()]
        times = [float(row[0]) for row in rows]
        downbeats = [float(beat) for beat, row in enumerate(rows) if row[2].split(",")[0] == "db"]
        signatures = [(float(row[0]), int(fields[2])) for row in rows if len(fields := row[2].split(",")) > 2]
    except (ValueError, IndexError, OSError) as error:
        raise UserError(f"{annotations}: can't be read as times and beats ({error})") from None
    starts = [start for start, _ in signatures]

    def sharps_at(seconds: float) -> int | None:
        return normalised(signatures[max(0, bisect_right(starts, seconds) - 1)][1]) if signatures else None

    texture = [note._replace(sharps=sharps_at(note.on)) for note in played_notes(path)]
    beats = np.array(times), np.arange(len(times), dtype=np.float64)
    return Performance(name, (), texture, beats=beats, downbeats=downbeats)
