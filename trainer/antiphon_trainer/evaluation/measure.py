"""Evaluation: how many bits a step a model needs for songs that it never heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from antiphon.melody.bundle import Bundle
from antiphon.melody.model import Floats, LiteModel, Metre, StepModel, Tokens
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.corpus.songs import MODES, Song, onsets
from antiphon_trainer.dataset.melody import Melody, melody_of
from antiphon_trainer.evaluation.scoring import LEAST_PROBABILITY, Figures, Scores, figures, joined, score

_BATCH = 64
"""Songs that are read side by side."""

Advance = Callable[[int], None]
"""Told how many songs more are measured."""


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
    without_metre: dict[str, Figures]
    """`all` songs, and `major` and `minor` apart as far as there are any."""
    with_metre: dict[str, Figures] | None


@dataclass(frozen=True, eq=False)
class Measured:
    """An evaluation with the scores that it sums up."""

    evaluation: Evaluation
    without_metre: Scores
    with_metre: Scores | None


def evaluate(bundle: Bundle, songs: Sequence[Song]) -> Evaluation:
    """Measure a bundle on songs, each read from a fresh state, the final `"/"` predicted too."""
    return measure(bundle, songs, lambda songs: None).evaluation


def measure(bundle: Bundle, songs: Sequence[Song], advance: Advance) -> Measured:
    """Measure a bundle on songs and keep the scores; `advance` counts each song once a reading (`readings`)."""
    batch = min(_BATCH, len(songs)) if bundle.manifest.context == "stream" else 1
    model = LiteModel(bundle, (batch,))
    melodies = [melody_of(song, bundle.vocabulary) for song in songs]
    without, *told = (
        _scores(model, melodies, batch, bundle.vocabulary, with_metre, advance)
        for with_metre in (False, True)[: readings(bundle)]
    )
    return measured(songs, melodies, without, told[0] if told else None)


def readings(bundle: Bundle) -> int:
    """Return how often a bundle reads each song: without the metre and, if it takes it, with it."""
    return 2 if bundle.manifest.inputs else 1


def measured(
    songs: Sequence[Song], melodies: Sequence[Melody], without: Sequence[Scores], told: Sequence[Scores] | None
) -> Measured:
    """Sum up the scores of songs, one of each, without the metre and (if there are) with it."""
    everything = joined(without)
    return Measured(
        Evaluation(
            bits_a_step=float(everything.bits.mean()),
            bits_a_step_with_metre=float(joined(told).bits.mean()) if told else None,
            songs=len(songs),
            symbols=len(everything.bits),
            onsets=sum(onsets(song.symbols) for song in songs),
            folded=sum(melody.folded for melody in melodies),
            without_metre=_by_mode(songs, without),
            with_metre=_by_mode(songs, told) if told else None,
        ),
        everything,
        joined(told) if told else None,
    )


def _by_mode(songs: Sequence[Song], scores: Sequence[Scores]) -> dict[str, Figures]:
    found = {"all": figures(joined(scores))}
    for mode in MODES:
        chosen = [each for song, each in zip(songs, scores, strict=True) if song.mode == mode]
        if chosen:
            found[mode] = figures(joined(chosen))
    return found


def bits_of(tokens: Tokens, predicted: Floats) -> Floats:
    """Return the bits that each of `tokens` (step,) needs under `predicted` (step, V), (step,)."""
    chosen: Floats = predicted[np.arange(len(tokens)), tokens]
    return -np.log2(np.maximum(chosen, np.float32(LEAST_PROBABILITY)))


def _scores(
    model: StepModel,
    melodies: Sequence[Melody],
    batch: int,
    vocabulary: Vocabulary,
    with_metre: bool,
    advance: Advance,
) -> list[Scores]:
    """Return the scores of each melody; those of about the same length are read side by side."""
    scores: dict[int, Scores] = {}
    order = sorted(range(len(melodies)), key=lambda index: len(melodies[index].tokens))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        predicted = np.stack(list(probabilities(model, [melodies[i] for i in chosen], batch, with_metre)), axis=1)
        for row, index in enumerate(chosen):
            tokens = melodies[index].tokens
            scores[index] = score(predicted[row, : len(tokens)], tokens, vocabulary)
        advance(len(chosen))
    return [scores[index] for index in range(len(melodies))]


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
    read = _table([melody.inputs for melody in melodies], batch, 0)
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
