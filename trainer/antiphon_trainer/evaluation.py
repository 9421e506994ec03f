"""Evaluation: how many bits a step a model needs for songs that it never heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from antiphon.melody.bundle import Bundle
from antiphon.melody.model import Floats, LiteModel, Metre, StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.metre import metre_of_steps
from antiphon_trainer.songs import Song, onsets

_BATCH = 64
"""Songs that are read side by side."""
LEAST_PROBABILITY = float(np.finfo(np.float32).tiny)
"""A probability of 0 would be an infinity of bits."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a model on songs. `symbols` counts the final `"/"` of every song."""

    bits_a_step: float
    """Without being told the metre."""
    bits_a_step_with_metre: float | None
    """Being told position and bar; None for a model that can't be."""
    songs: int
    symbols: int
    onsets: int
    folded: int
    """Notes outside the vocabulary, which were read an octave or more away."""


@dataclass(frozen=True, eq=False)
class Melody:
    """An encoded song as a model is to predict it: tokens with the final `"/"`, and their metre, all (step,)."""

    tokens: Tokens
    position: Tokens
    bar: Tokens
    folded: int = 0
    """Notes outside the vocabulary."""

    @property
    def read(self) -> Tokens:
        """What is read before each step is predicted: the token of `"/"`, then the song's, (step,)."""
        return np.concatenate([self.tokens[-1:], self.tokens[:-1]])


def melody_of(song: Song, vocabulary: Vocabulary) -> Melody:
    """Encode a song; a note outside the vocabulary becomes the nearest one, octaves away."""
    folded = [symbol for symbol in song.symbols if symbol not in vocabulary.tokens]
    nearest = {symbol: int(vocabulary.fold(np.array([int(symbol)]))[0]) for symbol in set(folded)}
    known = vocabulary.tokens | nearest
    tokens = np.array([*(known[symbol] for symbol in song.symbols), vocabulary.end], dtype=np.int32)
    return Melody(tokens, *metre_of_steps(song.barlines, len(tokens)), len(folded))


def evaluate(bundle: Bundle, songs: Sequence[Song]) -> Evaluation:
    """Measure a bundle on songs, each read from a fresh state, the final `"/"` predicted too."""
    batch = min(_BATCH, len(songs)) if bundle.manifest.context == "stream" else 1
    model = LiteModel(bundle, (batch,))
    melodies = sorted((melody_of(song, bundle.vocabulary) for song in songs), key=lambda melody: len(melody.tokens))
    symbols = sum(len(melody.tokens) for melody in melodies)
    takes_metre = bool(bundle.manifest.inputs)
    return Evaluation(
        bits_a_step=bits(model, melodies, batch, with_metre=False) / symbols,
        bits_a_step_with_metre=bits(model, melodies, batch, with_metre=True) / symbols if takes_metre else None,
        songs=len(songs),
        symbols=symbols,
        onsets=sum(onsets(song.symbols) for song in songs),
        folded=sum(melody.folded for melody in melodies),
    )


def bits_of(tokens: Tokens, predicted: Floats) -> Floats:
    """Return the bits that each of `tokens` (step,) needs under `predicted` (step, V), (step,)."""
    chosen: Floats = predicted[np.arange(len(tokens)), tokens]
    return -np.log2(np.maximum(chosen, np.float32(LEAST_PROBABILITY)))


def bits(model: StepModel, melodies: Sequence[Melody], batch: int, with_metre: bool) -> float:
    """Return the bits that melodies need together, `batch` of them read side by side."""
    return sum(
        _bits(model, melodies[start : start + batch], batch, with_metre) for start in range(0, len(melodies), batch)
    )


def _bits(model: StepModel, melodies: Sequence[Melody], batch: int, with_metre: bool) -> float:
    needed = 0.0
    targets = _table([melody.tokens for melody in melodies], len(melodies), -1)
    rows = np.arange(len(melodies))
    for step, predicted in enumerate(probabilities(model, melodies, batch, with_metre)):
        chosen = predicted[rows, targets[:, step]][targets[:, step] >= 0]
        needed -= float(np.log2(np.maximum(chosen, LEAST_PROBABILITY).astype(np.float64)).sum())
    return needed


def probabilities(model: StepModel, melodies: Sequence[Melody], batch: int, with_metre: bool) -> Iterator[Floats]:
    """Stream melodies side by side, each from a fresh state.

    Args:
        model: steps `batch` melodies at once.
        melodies: at most `batch`; the shorter ones are followed by anything.
        batch: the model's batch.
        with_metre: whether the model is told position and bar.

    Yields:
        For every step of the longest melody the probabilities of its token, (batch, V).
    """
    read = _table([melody.read for melody in melodies], batch, 0)
    position = _table([melody.position for melody in melodies], batch, 0)
    bar = _table([melody.bar for melody in melodies], batch, 0)
    state = model.initial_state(batch)
    for step in range(read.shape[1]):
        metre = Metre(position[:, step].copy(), bar[:, step].copy()) if with_metre else None
        predicted, state = model.step(read[:, step].copy(), state, metre)
        yield predicted


def _table(lines: Sequence[Tokens], rows: int, filling: int) -> Tokens:
    """Return lines as a table, (row, step), filled up to the longest line and the number of rows."""
    table = np.full((rows, max(map(len, lines))), filling, dtype=np.int32)
    for row, line in enumerate(lines):
        table[row, : len(line)] = line
    return table
