"""Generation: melodies that a model makes up, step by step from a fresh start."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from antiphon.errors import UserError
from antiphon.melody import keys
from antiphon.melody.grid import STEP, Note, read
from antiphon.melody.model import Metre, StepModel
from antiphon.melody.sampling import Sampler
from antiphon.melody.vocabulary import HOLD, LAST_MIDI_NOTE, Vocabulary

_SIGNATURE = re.compile(r"(\d{1,2})/(\d{1,2})")
_WHOLE = round(4 / STEP)
"""Steps in a whole note."""
_TRIES = 20
"""Melodies that are begun before giving up: a model may end at once."""


@dataclass(frozen=True)
class TimeSignature:
    """A time signature whose bar lies on the grid."""

    beats: int
    unit: int

    @property
    def bar(self) -> int:
        """Steps in a bar."""
        return self.beats * _WHOLE // self.unit

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"


def parse_metre(text: str) -> TimeSignature:
    """Read a time signature, say `3/4`.

    Raises:
        UserError: it is none, or its bar is no whole number of steps.
    """
    match = _SIGNATURE.fullmatch(text.strip())
    beats, unit = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= beats <= 32 and unit in (1, 2, 4, 8, 16)):
        raise UserError(f"--metre {text}: no time signature; say for example 4/4, 3/4 or 6/8")
    return TimeSignature(beats, unit)


@dataclass(frozen=True)
class Wanted:
    """What a melody is to be."""

    bars: int
    """At most; the model may end earlier."""
    metre: TimeSignature
    sharps: int
    """The key signature, −5…6."""
    temperature: float


def generate(model: StepModel, vocabulary: Vocabulary, wanted: Wanted, seed: int) -> list[Note]:
    """Return a melody of notes and rests, in the wanted key; it begins with a note or a rest that the model chose.

    It ends where the model says `"/"`, or on the last barline.

    Args:
        model: steps one melody.
        vocabulary: of its tokens.
        wanted: bars, metre, key and temperature.
        seed: the same draws the same.

    Raises:
        UserError: the model makes no melody with a note in it.
    """
    sampler = Sampler(wanted.temperature, seed)
    for _ in range(_TRIES):
        notes = list(read(_symbols(model, vocabulary, wanted, sampler)))
        if any(note.pitch is not None for note in notes):
            return _transposed(notes, keys.transposition(wanted.sharps))
    raise UserError("the model plays no note: it ends at once or rests; try a higher --temperature or another --seed")


def _symbols(model: StepModel, vocabulary: Vocabulary, wanted: Wanted, sampler: Sampler) -> list[str]:
    """Draw symbols until `"/"`, or until the bars are full."""
    everything = np.arange(len(vocabulary))
    first = np.array([t for t in everything if vocabulary.symbols[t] != HOLD])  # nothing sounds yet that could go on
    state = model.initial_state(1)
    token = vocabulary.end
    bar = wanted.metre.bar
    symbols: list[str] = []
    for step in range(wanted.bars * bar):
        metre = Metre(np.array([step % bar], np.int32), np.array([bar], np.int32))
        probabilities, state = model.step(np.array([token], np.int32), state, metre)
        token = sampler.draw(probabilities[0], everything if symbols else first)
        if token == vocabulary.end:
            break
        symbols.append(vocabulary.symbols[token])
    return symbols


def _transposed(notes: list[Note], to_model: int) -> list[Note]:
    """Return notes brought from the model's key; by other octaves if they would leave MIDI's range."""
    pitches = [note.pitch for note in notes if note.pitch is not None]
    up = -to_model
    while max(pitches) + up > LAST_MIDI_NOTE:
        up -= 12
    while min(pitches) + up < 0:
        up += 12
    return [Note(None if note.pitch is None else note.pitch + up, note.steps) for note in notes]
