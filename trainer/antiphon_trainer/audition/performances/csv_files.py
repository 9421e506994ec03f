"""Reads melodies as CSV: a heading `onset,duration,pitch,beat`, and `played`, `phrase`, `sharps`, `swung` where known.

`onset` and `duration` are in seconds, `beat` is the place in the score in quarter notes, which are the player's beats,
`played` is the onset's place between beats that were annotated, `phrase` is another in each phrase, `sharps` is the key
signature, `swung` is the place in quarter notes whose eighths are swung, where that sounds the same and nobody has
written down which it is. An empty field is one that isn't known. `bench/performances_as_csv.py` writes such files.
"""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

from antiphon.errors import UserError
from antiphon.melody.keys import normalised
from antiphon_trainer.audition.performances.performance import Performance, PlayedNote, beats_of

COLUMNS = ("onset", "duration", "pitch", "beat")


def is_performance(path: Path) -> bool:
    """Return whether a CSV file has the columns of a performance."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return set(COLUMNS) <= set(file.readline().strip().split(","))


def read_csv(path: Path, name: str) -> Performance:
    """Read a melody.

    Raises:
        UserError: a number is none.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        rows.sort(key=lambda row: float(row["onset"]))
        notes = [_note(row) for row in rows]
        points = [(float(row.get("played") or row["beat"]), float(row["onset"])) for row in rows]
    except ValueError as error:
        raise UserError(f"{path}: {error}; its columns {', '.join(COLUMNS)} must be numbers") from None
    phrases = [row.get("phrase") for row in rows]
    if all(phrases):
        starts = [True, *(before != after for before, after in pairwise(phrases))]
        notes = [note._replace(starts_phrase=start) for note, start in zip(notes, starts, strict=True)]
    return Performance(name, notes, beats=beats_of(points))


def _note(row: dict[str, str]) -> PlayedNote:
    onset, sharps, swung = float(row["onset"]), row.get("sharps"), row.get("swung")
    return PlayedNote(
        onset,
        onset + float(row["duration"]),
        round(float(row["pitch"])),
        float(row["beat"]),
        normalised(int(sharps)) if sharps else None,
        swung=float(swung) if swung else None,
    )
