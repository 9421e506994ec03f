"""Generation: melodies that a model makes up, step by step from a fresh start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.errors import UserError
from antiphon.melody import keys
from antiphon.melody.grid import Note, read
from antiphon.melody.metre import TimeSignature
from antiphon.melody.model import Metre, StepModel
from antiphon.melody.sampling import Sampler
from antiphon.melody.vocabulary import HOLD, LAST_MIDI_NOTE, Vocabulary

_TRIES = 20
"""Melodies that are begun before giving up: a model may end at once."""


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
