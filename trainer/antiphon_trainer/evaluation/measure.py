"""Measuring a bundle on songs: how many bits per step it needs for songs that it never learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.weights import StartWeights
from antiphon.melody.bundle import Bundle
from antiphon.melody.model import Floats, LiteModel, Metre, StepModel, Tokens
from antiphon_trainer.corpus.songs import MODES, Song, onsets
from antiphon_trainer.dataset.melody import Melody, melody_of
from antiphon_trainer.evaluation.remembering import remembered
from antiphon_trainer.evaluation.scoring import LEAST_PROBABILITY, Figures, Scores, figures, joined, score

_BATCH = 64
"""Songs that are stepped at once, as rows of a batch."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a model on songs, as `evaluate --json` and a manifest's `held_out` have them.

    The fields are named as in those files: `bits_a_step` is bits per step. `symbols` includes the end of each song.
    """

    bits_a_step: float
    """Without the metre."""
    bits_a_step_with_metre: float | None
    """With position and bar as inputs; None for a model that doesn't take them."""
    songs: int
    symbols: int
    onsets: int
    folded: int
    """Notes outside the vocabulary, which were moved into it by octaves."""
    without_metre: dict[str, Figures]
    """By `all` songs, and by `major` and `minor`, where there are such songs."""
    with_metre: dict[str, Figures] | None


@dataclass(frozen=True, eq=False)
class Measured:
    """An evaluation with the scores that it summarizes."""

    evaluation: Evaluation
    without_metre: Scores
    with_metre: Scores | None


def evaluate(bundle: Bundle, songs: Sequence[Song]) -> Evaluation:
    """Measure a bundle on songs, each from a fresh state and with its final `"/"`."""
    return measure(bundle, songs, lambda songs: None).evaluation


def measure(
    bundle: Bundle, songs: Sequence[Song], advance: Callable[[int], None], weights: StartWeights | None = None
) -> Measured:
    """Measure a bundle on songs and keep the scores.

    Args:
        bundle: what to measure.
        songs: each from a fresh state.
        advance: called with the songs done since its last call.
        weights: of a memory that is mixed in, which begins anew with each song; None is the network alone.
    """
    batch = _batch(bundle, len(songs))
    model = LiteModel(bundle, (batch,))
    melodies = [melody_of(song, bundle.vocabulary) for song in songs]

    def scores(with_metre: bool) -> list[Scores]:
        found: dict[int, Scores] = {}
        for index, network in _predictions(model, melodies, batch, with_metre):
            melody, predicted = melodies[index], network
            if weights is not None:
                predicted = remembered(Memory(bundle.vocabulary, weights), melody, network, with_metre)
            found[index] = score(predicted, melody.tokens, bundle.vocabulary)
            advance(1)
        return [found[index] for index in range(len(melodies))]

    without, *with_metre = (scores(is_told) for is_told in (False, True)[: passes_of(bundle)])
    return summarized(songs, melodies, without, with_metre[0] if with_metre else None)


def passes_of(bundle: Bundle) -> int:
    """Return how often `measure` goes through each song: without the metre and, if the bundle takes it, with it."""
    return 2 if bundle.manifest.inputs else 1


def summarized(
    songs: Sequence[Song], melodies: Sequence[Melody], without: Sequence[Scores], with_metre: Sequence[Scores] | None
) -> Measured:
    """Summarize the scores of each song, without the metre and, if they were measured, with it."""
    everything = joined(without)
    return Measured(
        Evaluation(
            bits_a_step=float(everything.bits.mean()),
            bits_a_step_with_metre=float(joined(with_metre).bits.mean()) if with_metre else None,
            songs=len(songs),
            symbols=len(everything.bits),
            onsets=sum(onsets(song.symbols) for song in songs),
            folded=sum(melody.folded for melody in melodies),
            without_metre=_by_mode(songs, without),
            with_metre=_by_mode(songs, with_metre) if with_metre else None,
        ),
        everything,
        joined(with_metre) if with_metre else None,
    )


def _by_mode(songs: Sequence[Song], scores: Sequence[Scores]) -> dict[str, Figures]:
    found = {"all": figures(joined(scores))}
    for mode in MODES:
        chosen = [each for song, each in zip(songs, scores, strict=True) if song.mode == mode]
        if chosen:
            found[mode] = figures(joined(chosen))
    return found


def bits_of(tokens: Tokens, predicted: Floats) -> Floats:
    """Return −log2 of the probability of each token, (step,), for `tokens` (step,) and `predicted` (step, V)."""
    chosen: Floats = predicted[np.arange(len(tokens)), tokens]
    return -np.log2(np.maximum(chosen, np.float32(LEAST_PROBABILITY)))


def predictions_of(bundle: Bundle, melodies: Sequence[Melody], with_metre: bool = False) -> list[Floats]:
    """Return what a bundle predicts at each step of each melody, (step, V), from a fresh state."""
    batch = _batch(bundle, len(melodies))
    found = dict(_predictions(LiteModel(bundle, (batch,)), melodies, batch, with_metre))
    return [found[index] for index in range(len(melodies))]


def _batch(bundle: Bundle, melodies: int) -> int:
    return min(_BATCH, melodies) if bundle.manifest.context == "stream" else 1


def _predictions(
    model: StepModel, melodies: Sequence[Melody], batch: int, with_metre: bool
) -> Iterator[tuple[int, Floats]]:
    """Yield the index of each melody and its predictions; melodies of about the same length share a batch."""
    order = sorted(range(len(melodies)), key=lambda index: len(melodies[index].tokens))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        predicted = np.stack(list(probabilities(model, [melodies[i] for i in chosen], batch, with_metre)), axis=1)
        for row, index in enumerate(chosen):
            yield index, predicted[row, : len(melodies[index].tokens)].copy()


def probabilities(model: StepModel, melodies: Sequence[Melody], batch: int, with_metre: bool) -> Iterator[Floats]:
    """Step a model through melodies, each a row of the batch and from a fresh state.

    Args:
        model: must allow a batch of `batch`.
        melodies: at most `batch`; what is predicted behind the end of a shorter one is to be ignored.
        batch: rows.
        with_metre: whether position and bar are given to the model.

    Yields:
        For every step of the longest melody the probabilities of its token, (batch, V).
    """
    read = _table([melody.inputs for melody in melodies], batch)
    position = _table([melody.position for melody in melodies], batch)
    bar = _table([melody.bar for melody in melodies], batch)
    state = model.initial_state(batch)
    for step in range(read.shape[1]):
        metre = Metre(position[:, step].copy(), bar[:, step].copy()) if with_metre else None
        predicted, state = model.step(read[:, step].copy(), state, metre)
        yield predicted


def _table(lines: Sequence[Tokens], rows: int) -> Tokens:
    """Return lines as an array (row, step), padded with zeros to the longest line and the number of rows."""
    table = np.zeros((rows, max(map(len, lines))), np.int32)
    for row, line in enumerate(lines):
        table[row, : len(line)] = line
    return table
