"""First answers: how many of the answers to a melody's first notes are of another key.

Each melody is played in a random key to a musician that answers each note at once, with its default settings. An answer
is wrong where it isn't of the seven notes of the key signature that the melody is written in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from antiphon.improviser.answering.constraints import WHITE_KEYS
from antiphon.melody.grid import Note
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon.midi.messages import NoteOn
from antiphon.musician import Musician
from antiphon_trainer.audition.songs import BPM, performed

FIRST = 8
"""Notes whose answers count."""
CHANNEL = 2
"""The answers'; the performer is on 1."""


class FirstAnswers(NamedTuple):
    """What was counted of the answers to the first notes of melodies."""

    answers: int
    wrong: float
    """Share of the answers that are outside of the written scale."""
    wrong_notes: float
    """The same of the notes that were answered."""

    def line(self) -> str:
        """Return it in words."""
        return (
            f"key: answers to the first {FIRST} notes outside the written scale {self.wrong:.1%} of {self.answers:,} "
            f"(those notes themselves {self.wrong_notes:.1%})"
        )


def measure(musician: Musician, melodies: Sequence[Sequence[Note]], seed: int) -> FirstAnswers:
    """Measure a musician in the mode `next-note`.

    Args:
        musician: its seed is that of the answers.
        melodies: in the model's key.
        seed: of the keys.
    """
    draw = np.random.default_rng(seed)
    answers, notes = list[bool](), list[bool]()
    for melody in melodies:
        semitones = transposition(int(draw.choice(SIGNATURES)))
        played = [note if note.pitch is None else Note(note.pitch - semitones, note.steps) for note in _first(melody)]
        answers += [(pitch + semitones) % 12 not in WHITE_KEYS for pitch in _answers(musician, played)]
        notes += [note.pitch % 12 not in WHITE_KEYS for note in _first(melody) if note.pitch is not None]
    return FirstAnswers(len(answers), float(np.mean(answers)), float(np.mean(notes)))


def _first(melody: Sequence[Note]) -> Sequence[Note]:
    """Return a melody up to its note `FIRST`."""
    sounding = np.cumsum([note.pitch is not None for note in melody])
    return melody[: int(np.searchsorted(sounding, FIRST)) + 1]


def _answers(musician: Musician, notes: Sequence[Note]) -> list[int]:
    improviser = musician.improviser(BPM, 0.0, CHANNEL)
    messages = [message for time, event in performed(notes) for message in improviser.receive(time, event)]
    return [each.message.pitch for each in messages if isinstance(each.message, NoteOn)]
