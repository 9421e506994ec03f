"""Reads recordings that are aligned with a score by its moments, as the Expert-Novice data has them.

`Scores/TITLE.mxl`; anywhere else `TITLE-07.mid` and `TITLE.007.txt`, whose lines are a moment and its time in seconds:
`3+1/4` is the third bar, a quarter note (a fourth of a whole one) after its barline.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

from antiphon.errors import UserError
from antiphon.melody.keys import normalised
from antiphon_trainer.audition.performances.annotated_midi import played_notes
from antiphon_trainer.audition.performances.partitura_calls import reading
from antiphon_trainer.audition.performances.performance import Performance, PlayedNote, beats_of
from antiphon_trainer.audition.performances.score_melody import is_melody

ALIGNMENT = re.compile(r"(?P<title>.+)\.(?P<number>\d{3})\.txt")
NEAR = 0.2
"""Seconds that a key may go down before or after the moment of its note: the alignment was made by ear, in frames."""


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
    midi = path.with_name(f"{match['title']}-{int(match['number']):02}.mid")
    texture, melody = played_notes(midi), list[PlayedNote]()
    notes, barlines = _read_score(score)
    times = _times(path, barlines)
    for note in notes:
        at = times.get(round(note.quarter, 3))
        there = [key for key in texture if at is not None and key.pitch == note.pitch and abs(key.on - at) < NEAR]
        if at is not None and there:
            key = min(there, key=lambda key, at=at: abs(key.on - at))  # type: ignore[misc]
            melody.append(key._replace(quarter=note.quarter, sharps=note.sharps))
    points = ((note.beat, at) for note in notes if (at := times.get(round(note.quarter, 3))) is not None)
    return Performance(name, sorted(set(melody)), texture, beats=beats_of(points))


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
def _read_score(path: Path) -> tuple[list[ScoreNote], dict[int, float]]:
    """Return the melody of a score, and where each bar begins, in quarter notes."""
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
    return notes, barlines
