"""Excerpts: pairs of melodies that are to be compared, drawn from songs and from what a bundle answers to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np

from antiphon.improviser.answering.candidates import CANDIDATES, choose_answer
from antiphon.improviser.answering.request import Request
from antiphon.melody.bundle import Bundle
from antiphon.melody.grid import STEPS_PER_BEAT, Note
from antiphon.melody.model import LiteModel
from antiphon_trainer.audition.calls import Question, question, refusal
from antiphon_trainer.audition.plain_sampling import plain_phrases
from antiphon_trainer.audition.songs import LEGATO
from antiphon_trainer.corpus.songs import Song

CALLS = 10
"""Calls that are answered; each gives three pairs, so that a listener is busy for a quarter of an hour."""
BPM = 100.0
STEP_SECONDS = 60 / BPM / STEPS_PER_BEAT
LOWEST, HIGHEST = -5, 6
"""Semitones by which a pair is moved, drawn by the seed: thirty melodies in one key tire the ear."""

PlayedNote = tuple[float, float, int]
"""Seconds at which it starts, seconds that it sounds, MIDI pitch."""


class Excerpt(msgspec.Struct, frozen=True):
    """What a listener is asked: which of two melodies goes better with the phrase before them?"""

    phrase: tuple[PlayedNote, ...]
    """Heard before each of the two."""
    a: tuple[PlayedNote, ...]
    b: tuple[PlayedNote, ...]


class Origin(msgspec.Struct, frozen=True):
    """Whose the two melodies of an excerpt are: `song`, `antiphon` or `plain sampling`."""

    a: str
    b: str


def excerpts(bundle: Bundle, songs: Sequence[Song], seed: int, calls: int = CALLS) -> list[tuple[Excerpt, Origin]]:
    """Return pairs of continuations of songs' first bars, in an order drawn by the seed.

    Args:
        bundle: answers, and is sampled from.
        songs: of which some are drawn; those that give no call, or are over after it, are passed over.
        seed: of all draws.
        calls: songs that are drawn, at most.
    """
    generator = np.random.default_rng(seed)
    model = LiteModel(bundle, (1, CANDIDATES))
    heard = (question(model, bundle.vocabulary, songs[number]) for number in _usable(songs, generator))
    asked = [each for each, _ in zip((each for each in heard if each.goes_on is not None), range(calls), strict=False)]
    plain, _ = plain_phrases(model, bundle.vocabulary, asked, generator, 1.0, CANDIDATES) if asked else ([], [])
    pairs = []
    for each, sampled in zip(asked, plain, strict=True):
        request = Request(each.call, each.bars.position, each.bars.length)
        answer = choose_answer(model, bundle.vocabulary, each.context, request, generator)
        song = each.goes_on.notes if each.goes_on else ()
        continuations = {"song": song, "antiphon": answer.notes, "plain sampling": sampled.notes}
        pairs += list(_pairs(each, continuations, generator))
    return [pairs[number] for number in generator.permutation(len(pairs))]


def _usable(songs: Sequence[Song], generator: np.random.Generator) -> Iterator[int]:
    return (int(number) for number in generator.permutation(len(songs)) if not refusal(songs[number]))


def _pairs(
    asked: Question, continuations: Mapping[str, Sequence[Note]], generator: np.random.Generator
) -> Iterator[tuple[Excerpt, Origin]]:
    """Yield each pair of a call's continuations, either of them first; equal ones can't be compared."""
    moved = int(generator.integers(LOWEST, HIGHEST + 1))
    start = asked.steps * STEP_SECONDS
    for names in combinations(continuations, 2):
        first, second = generator.permutation(list(names)).tolist()
        a, b = (tuple(_played(continuations[name], start, moved)) for name in (first, second))
        if a != b:
            yield Excerpt(tuple(_played(asked.call.notes, 0.0, moved)), a, b), Origin(first, second)


def _played(notes: Sequence[Note], start: float, moved: int) -> Iterator[PlayedNote]:
    seconds = start
    for note in notes:
        if note.pitch is not None:
            yield round(seconds, 4), round(note.steps * STEP_SECONDS * LEGATO, 4), note.pitch + moved
        seconds += note.steps * STEP_SECONDS
