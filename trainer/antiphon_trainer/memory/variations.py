"""Variations: a few tunes played again and again, each time a little differently, as a player does who practises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

from antiphon.melody.grid import Note, read, spell
from antiphon_trainer.corpus.songs import Song

CHANGES = 0.3
"""Share of a variation's notes, or bars, that each kind of change is tried on."""
BAR = 16
"""Steps of the passages that are moved."""
SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
"""Pitch classes of the model's key."""


def variation(song: Song, generator: np.random.Generator) -> Song:
    """Return a tune with ornaments, a passage as a sequence, and another ending, drawn anew each time.

    An ornament gives the second half of a note of an eighth or more to its neighbour in the scale. A sequence moves a
    passage of `BAR` steps by a degree or two. Another ending swaps the pitches of the last two notes before the last.
    """
    notes = list(read(song.symbols))
    notes = list(_ornamented(_moved(_ended(notes, generator), generator), generator))
    return Song(song.name, song.title, spell(notes), song.barlines, song.mode)


def _ornamented(notes: Sequence[Note], generator: np.random.Generator) -> Iterator[Note]:
    for note in notes:
        if note.pitch is None or note.steps < 2 or generator.random() > CHANGES:
            yield note
            continue
        second = note.steps // 2
        yield Note(note.pitch, note.steps - second)
        yield Note(degrees_on(note.pitch, int(generator.choice([-1, 1]))), second)


def _moved(notes: Sequence[Note], generator: np.random.Generator) -> list[Note]:
    starts = [0, *accumulate(note.steps for note in notes)][:-1]
    bars = starts[-1] // BAR + 1 if notes else 0
    degrees = np.where(generator.random(bars) < CHANGES / 2, generator.choice([-2, -1, 1, 2], bars), 0)
    return [
        note if note.pitch is None else Note(degrees_on(note.pitch, int(degrees[start // BAR])), note.steps)
        for note, start in zip(notes, starts, strict=True)
    ]


def _ended(notes: Sequence[Note], generator: np.random.Generator) -> list[Note]:
    changed = list(notes)
    if len(notes) > 3 and generator.random() < CHANGES:
        one, other = notes[-3], notes[-2]
        changed[-3:-1] = [Note(other.pitch, one.steps), Note(one.pitch, other.steps)]
    return changed


def degrees_on(pitch: int, degrees: int) -> int:
    """Return the pitch so many degrees of the model's scale higher; one off the scale counts as the degree below."""
    octave, pitch_class = divmod(pitch, 12)
    degree = int(np.searchsorted(SCALE, pitch_class, side="right")) - 1 + degrees
    return 12 * (octave + degree // 7) + int(SCALE[degree % 7]) if degrees else pitch
