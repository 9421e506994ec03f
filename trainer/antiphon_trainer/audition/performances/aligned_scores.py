"""Reads recordings that are aligned with a score by its moments, as the Expert-Novice data has them.

`Scores/TITLE.mxl`; anywhere else `TITLE-07.mid` and `TITLE.007.txt`, whose lines are a moment and its time in seconds:
`3+1/4` is the third bar, a quarter note (a fourth of a whole one) after its barline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.keys import normalised
from antiphon_trainer.audition.performances.annotated_midi import played_notes
from antiphon_trainer.audition.performances.partitura_calls import reading
from antiphon_trainer.audition.performances.performance import Performance, PlayedNote, beats_of
from antiphon_trainer.audition.performances.score_melody import downbeats_of, is_melody

ALIGNMENT = re.compile(r"(?P<title>.+)\.(?P<number>\d{3})\.txt")
NEAR = 0.2
"""Seconds that a key may go down before or after the moment of its note: the alignment was made by ear, in frames."""

LEAST_FOUND = 0.8
"""Share of a melody that must be in the recording; of less, it is another recording, or was played otherwise."""


class ScoreNote(NamedTuple):
    """A note of a score's melody."""

    quarter: float
    beat: float
    """In the player's beats, as `Performance.beats`."""
    pitch: int
    sharps: int


def score_of(alignment: Path) -> Path | None:
    """Return the score that belongs to an alignment, or None where there is none."""
    match = ALIGNMENT.fullmatch(alignment.name)
    scores = (folder / "Scores" / f"{match['title']}.mxl" for folder in alignment.parents) if match else ()
    return next((score for score in scores if score.is_file()), None)


def read_aligned(path: Path, name: str) -> Performance:
    """Read an alignment, the recording that it is of, and the score.

    Raises:
        UserError: one of them can't be read.
    """
    match, score = ALIGNMENT.fullmatch(path.name), score_of(path)
    if match is None or score is None:
        raise UserError(f"{path}: there is no score for it in a folder Scores beside or above it")
    texture, melody = (
        played_notes(_recording(path, f"{match['title']}-{int(match['number']):02}.mid")),
        list[PlayedNote](),
    )
    notes, barlines, downbeats = _read_score(score)
    times = _times(path, barlines)
    aligned = [(note, times[place]) for note in notes if (place := round(note.quarter, 3)) in times]
    late = _lateness([key.on - at for note, at in aligned for key in texture if key.pitch == note.pitch])
    for note, at in aligned:
        there = [(abs(key.on - at - late), key) for key in texture if key.pitch == note.pitch]
        off, nearest = min(there, default=(NEAR, None))
        if nearest is not None and off < NEAR:
            melody.append(nearest._replace(quarter=note.quarter, sharps=note.sharps))
    if len(melody) < LEAST_FOUND * len(notes):
        raise UserError(f"{path}: {len(melody)} of {len(notes)} notes are in the recording at their times; left out")
    beats = beats_of((note.beat, at + late) for note, at in aligned)
    return Performance(name, sorted(set(melody)), texture, beats=beats, downbeats=downbeats)


def _recording(path: Path, name: str) -> Path:
    """Return the recording of a name beside an alignment, whatever its letters' case."""
    return next((each for each in path.parent.iterdir() if each.name.lower() == name.lower()), path.with_name(name))


def _lateness(differences: Sequence[float]) -> float:
    """Return by how many seconds a recording is later than its alignment: where most of the differences lie."""
    if not differences:
        return 0.0
    ordered = np.sort(differences)
    ends = np.searchsorted(ordered, ordered + NEAR, side="right")
    first = int((ends - np.arange(len(ordered))).argmax())
    return float(np.median(ordered[first : ends[first]]))


def _times(path: Path, barlines: dict[int, float]) -> dict[float, float]:
    """Return seconds by the place in the score, in quarter notes to three digits."""
    times = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            moment, _, seconds = line.partition("\t")
            bar, _, whole_notes = moment.partition("+")
            if seconds and int(bar) in barlines:
                times[round(barlines[int(bar)] + 4 * float(Fraction(whole_notes)), 3)] = float(seconds)
    except ValueError as error:
        raise UserError(f"{path}: isn't moments of a score and times ({error})") from None
    return times


@cache
def _read_score(path: Path) -> tuple[list[ScoreNote], dict[int, float], list[float]]:
    """Return the melody of a score, where each bar begins, in quarter notes, and the beats on which one does."""
    import partitura  # takes seconds to import

    with reading(path):
        part = partitura.score.merge_parts(partitura.load_musicxml(str(path)).parts)
        part.use_musical_beat()
        written = part.note_array(include_staff=True, include_key_signature=True, include_grace_notes=True)
        barlines = {bar.number: float(part.quarter_map(bar.start.t)) for bar in part.measures}
    rows = written[is_melody(written)]
    notes = [
        ScoreNote(
            float(row["onset_quarter"]), float(row["onset_beat"]), int(row["pitch"]), normalised(int(row["ks_fifths"]))
        )
        for row in rows
    ]
    return notes, barlines, downbeats_of(part)
