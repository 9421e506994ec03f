"""Evaluation: how many bits a step a model needs for songs that it never heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from antiphon.melody.bundle import Bundle
from antiphon.melody.model import Floats, LiteModel, StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.quiet import silenced
from antiphon_trainer.songs import Song

_BATCH = 64
"""Songs that are read side by side."""
_LEAST = float(np.finfo(np.float32).tiny)
"""A probability of 0 would be an infinity of bits."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a model on songs. `symbols` counts the final `"/"` of every song."""

    bits_a_step: float
    songs: int
    symbols: int
    onsets: int
    folded: int
    """Notes outside the vocabulary, which were read an octave or more away."""


def evaluate(bundle: Bundle, songs: Sequence[Song]) -> Evaluation:
    """Measure a bundle on songs, each read from a fresh state, the final `"/"` predicted too."""
    batch = min(_BATCH, len(songs)) if bundle.manifest.context == "stream" else 1
    model = lite_model(bundle, batch)
    encoded = [tokens_of(song.symbols, bundle.vocabulary) for song in songs]
    melodies = sorted((tokens for tokens, _ in encoded), key=len)
    bits = sum(_bits(model, melodies[start : start + batch], batch) for start in range(0, len(melodies), batch))
    symbols = sum(len(tokens) for tokens in melodies)
    pitches = bundle.vocabulary.pitch_tokens
    return Evaluation(
        bits_a_step=bits / symbols,
        songs=len(songs),
        symbols=symbols,
        onsets=sum(int(np.isin(tokens, pitches).sum()) for tokens in melodies),
        folded=sum(folded for _, folded in encoded),
    )


def lite_model(bundle: Bundle, batch: int) -> LiteModel:
    """Load a bundle to step `batch` melodies at once, without TensorFlow Lite's talk."""
    with silenced():
        return LiteModel(bundle, (batch,))


def tokens_of(symbols: Sequence[str], vocabulary: Vocabulary) -> tuple[Tokens, int]:
    """Return a song's tokens with the final `"/"`, and how many notes were folded into the vocabulary."""
    folded = [symbol for symbol in symbols if symbol not in vocabulary.tokens]
    nearest = {symbol: int(vocabulary.fold(np.array([int(symbol)]))[0]) for symbol in set(folded)}
    known = vocabulary.tokens | nearest
    return np.array([*(known[symbol] for symbol in symbols), vocabulary.end], dtype=np.int32), len(folded)


def probabilities(model: StepModel, melodies: Sequence[Tokens], batch: int, end: int) -> Iterator[Floats]:
    """Stream melodies side by side, each from a fresh state.

    Args:
        model: steps `batch` melodies at once.
        melodies: at most `batch`; the shorter ones are followed by `end`.
        batch: the model's batch.
        end: the token that every melody starts from.

    Yields:
        For every step of the longest melody the probabilities of its token, (batch, V).
    """
    read = np.full((batch, max(len(tokens) for tokens in melodies)), end, dtype=np.int32)
    for row, tokens in enumerate(melodies):
        read[row, 1 : len(tokens)] = tokens[:-1]
    state = model.initial_state(batch)
    for step in range(read.shape[1]):
        predicted, state = model.step(np.ascontiguousarray(read[:, step]), state)
        yield predicted


def _bits(model: StepModel, melodies: Sequence[Tokens], batch: int) -> float:
    """Return the bits of melodies together."""
    targets = padded(melodies)
    rows = np.arange(len(melodies))
    bits = 0.0
    end = int(melodies[0][-1])
    for step, predicted in enumerate(probabilities(model, melodies, batch, end)):
        there = targets[:, step] >= 0
        chosen = predicted[rows, targets[:, step]][there]
        bits -= float(np.log2(np.maximum(chosen, _LEAST).astype(np.float64)).sum())
    return bits


def padded(melodies: Sequence[Tokens]) -> npt.NDArray[np.int32]:
    """Return melodies as (melody, step), −1 behind their ends."""
    table = np.full((len(melodies), max(len(tokens) for tokens in melodies)), -1, dtype=np.int32)
    for row, tokens in enumerate(melodies):
        table[row, : len(tokens)] = tokens
    return table
