"""Sampling of melodies: a model is stepped from a fresh state, and each symbol is drawn from its probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.errors import UserError
from antiphon.melody import keys
from antiphon.melody.grid import Note, read
from antiphon.melody.metre import TimeSignature
from antiphon.melody.model import Metre, StepModel
from antiphon.melody.sampling import RandomStream, draw, random_streams
from antiphon.melody.vocabulary import HOLD, LAST_MIDI_NOTE, Vocabulary

_TRIES = 20
"""Melodies; how many are drawn before giving up, because one may have no note: a model may end at once."""


@dataclass(frozen=True)
class MelodyOptions:
    """What is asked of a melody."""

    bars: int
    """Longest length; the model may end earlier."""
    metre: TimeSignature
    sharps: int
    """The key signature, −5…6."""
    temperature: float
    """0 always takes the likeliest symbol, 1 draws from the model's own probabilities."""


def sample_melody(model: StepModel, vocabulary: Vocabulary, options: MelodyOptions, seed: int) -> list[Note]:
    """Return a melody of notes and rests in the given key.

    It ends where the model draws `"/"`, or on the last barline.

    Args:
        model: must allow a batch of 1.
        vocabulary: of its tokens.
        options: bars, metre, key and temperature.
        seed: of the random choices.

    Raises:
        UserError: the model makes no melody with a note in it.
    """
    stream = next(random_streams(seed))
    for _ in range(_TRIES):
        symbols, stream = _symbols(model, vocabulary, options, stream)
        notes = list(read(symbols))
        if any(note.pitch is not None for note in notes):
            return _transposed(notes, keys.transposition(options.sharps))
    raise UserError("the model plays no note: it ends at once or rests; try a higher --temperature or another --seed")


def _symbols(
    model: StepModel, vocabulary: Vocabulary, options: MelodyOptions, stream: RandomStream
) -> tuple[list[str], RandomStream]:
    """Draw symbols until `"/"`, or until the bars are full. The first is no hold: nothing sounds yet.

    Returns:
        The symbols, and the stream after them.
    """
    everything = np.arange(len(vocabulary))
    first = np.array([t for t in everything if vocabulary.symbols[t] != HOLD])
    state = model.initial_state(1)
    token = vocabulary.end
    bar = options.metre.bar
    symbols: list[str] = []
    for step in range(options.bars * bar):
        metre = Metre(np.array([step % bar], np.int32), np.array([bar], np.int32))
        probabilities, state = model.step(np.array([token], np.int32), state, metre)
        allowed = everything if symbols else first
        token, stream = draw(probabilities[0], allowed, options.temperature, stream)
        if token == vocabulary.end:
            break
        symbols.append(vocabulary.symbols[token])
    return symbols, stream


def _transposed(notes: list[Note], to_model: int) -> list[Note]:
    """Return notes transposed out of the model's key, and by octaves into MIDI's range if they leave it."""
    pitches = [note.pitch for note in notes if note.pitch is not None]
    up = -to_model
    while max(pitches) + up > LAST_MIDI_NOTE:
        up -= 12
    while min(pitches) + up < 0:
        up += 12
    return [Note(None if note.pitch is None else note.pitch + up, note.steps) for note in notes]
