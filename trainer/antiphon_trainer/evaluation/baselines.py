"""Baselines: models without a network, which learn from the same training songs and are measured on the same songs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from antiphon.melody.vocabulary import Vocabulary, vocabulary_of
from antiphon_trainer.corpus.songs import Song
from antiphon_trainer.dataset.melody import Melody, melody_of
from antiphon_trainer.evaluation.context_counts import LongTerm, short_term_counts
from antiphon_trainer.evaluation.measure import Measured, summarized
from antiphon_trainer.evaluation.ppm import Doubles, mixed, ppm, witten_bell
from antiphon_trainer.evaluation.scoring import Scores, score

UNIFORM, LONG_AND_SHORT = "uniform", "PPM*, long and short term"
NGRAM_CONTEXT = 6
"""Tokens of context of the n-gram: of 4 to 7 the best on 60 training songs (Essen, kern) that it had not counted."""
PPM_BIAS = 1.0
"""Exponent with which the more certain of PPM's two models is preferred (`ppm.mixed`): of ½, 1, 2 and 3 the best."""
NAMES = (UNIFORM, f"{NGRAM_CONTEXT + 1}-gram", "PPM*, this song alone", "PPM*, training songs", LONG_AND_SHORT)


def measure_baselines(
    training: Sequence[Song], songs: Sequence[Song], advance: Callable[[int], None]
) -> dict[str, Measured]:
    """Measure the baselines on songs; their vocabulary is that of these and of the training songs.

    Args:
        training: songs that the n-gram and PPM's long-term model count.
        songs: to measure on.
        advance: called with the number of songs measured since the last call.
    """
    vocabulary = vocabulary_of(symbol for song in [*training, *songs] for symbol in song.symbols)
    long_term = LongTerm([melody_of(song, vocabulary).tokens for song in training], len(vocabulary))
    melodies = [melody_of(song, vocabulary) for song in songs]
    scores: dict[str, list[Scores]] = {name: [] for name in NAMES}
    for predicted, melody in zip(predictions(long_term, melodies, vocabulary), melodies, strict=True):
        for name, probabilities in predicted.items():
            scores[name].append(score(probabilities, melody.tokens, vocabulary))
        advance(1)
    return {name: summarized(songs, melodies, each, None) for name, each in scores.items()}


def predictions(
    long_term: LongTerm, melodies: Sequence[Melody], vocabulary: Vocabulary
) -> Iterator[Mapping[str, Doubles]]:
    """Yield, for each melody, the probabilities (step, V) of each baseline, in the order of `NAMES`."""
    size = len(vocabulary)
    for melody in melodies:
        known = long_term.counts(melody.inputs)
        heard = short_term_counts(melody.inputs, melody.tokens, size)
        long, short = ppm(known), ppm(heard)
        uniform = np.full(long.shape, 1 / size)
        yield dict(
            zip(
                NAMES,
                (uniform, witten_bell(known, NGRAM_CONTEXT), short, long, mixed(long, short, PPM_BIAS)),
                strict=True,
            )
        )
