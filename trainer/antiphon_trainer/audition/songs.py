"""The songs of an audition: encoded songs that the bundle never learned from, and their performance as events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from antiphon.melody.grid import STEPS_PER_BEAT, Note
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon_trainer.corpus.songs import HELD_OUT, Song, read_songs
from antiphon_trainer.settings import Prepare

BPM = 120.0
LEGATO = 0.95
"""Share of its length that a note sounds: fingers lift before the next note."""


def songs_to_hear(folder: Path | None, settings: Prepare) -> list[Song]:
    """Read the songs of a folder, or those that prepare held out.

    Raises:
        UserError: there is none.
    """
    return read_songs(folder or Path(settings.save_path) / HELD_OUT)


def performed(notes: Sequence[Note], bpm: float = BPM) -> Iterator[tuple[float, NoteOn | NoteOff]]:
    """Yield the note-ons and note-offs of a melody, played in time, each with its time in seconds."""
    step_seconds = 60 / bpm / STEPS_PER_BEAT
    steps = 0
    for note in notes:
        if note.pitch is not None:
            yield steps * step_seconds, NoteOn(note.pitch, 80, 1)
            yield (steps + note.steps * LEGATO) * step_seconds, NoteOff(note.pitch, 1)
        steps += note.steps
