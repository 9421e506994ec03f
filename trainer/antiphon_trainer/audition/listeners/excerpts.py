"""Excerpts: pairs of melodies that are to be compared: what follows a song's first bars, or goes with them.

Continuations are the song's own, a bundle's answer and a plain sample; second voices are those of a bundle's musician
with its control `harmony` at 0 and at 1.
"""

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
from antiphon_trainer.audition.music.measuring import musician
from antiphon_trainer.audition.music.playing import STEP_SECONDS as PLAYED_STEP_SECONDS
from antiphon_trainer.audition.music.playing import SoundingNote, play_duet
from antiphon_trainer.audition.plain_sampling import plain_phrases
from antiphon_trainer.audition.songs import LEGATO
from antiphon_trainer.corpus.songs import Song

CALLS = 10
"""Calls that are answered; each gives four pairs, so that a listener is busy for twenty minutes."""
BPM = 100.0
STEP_SECONDS = 60 / BPM / STEPS_PER_BEAT
LOWEST, HIGHEST = -5, 6
"""Semitones by which a pair is moved, drawn by the seed: forty melodies in one key tire the ear."""
HARMONIES = {"harmony 0": 0.0, "harmony 1": 1.0}
"""By what second voices are called: how much it counts that they fit."""

PlayedNote = tuple[float, float, int]
"""Seconds at which it starts, seconds that it sounds, MIDI pitch."""
Melody = tuple[PlayedNote, ...]


class Excerpt(msgspec.Struct, frozen=True):
    """What a listener is asked: which of two melodies goes better with the phrase before them, or at the same time?"""

    phrase: tuple[PlayedNote, ...]
    """Heard before each of the two, or together with it."""
    a: tuple[PlayedNote, ...]
    b: tuple[PlayedNote, ...]
    together: bool = False
    """They are second voices to the phrase, and don't follow it."""


class Origin(msgspec.Struct, frozen=True):
    """Whose the two melodies of an excerpt are: `song`, `antiphon` or `plain sampling`; or two of `HARMONIES`."""

    a: str
    b: str


def excerpts(bundle: Bundle, songs: Sequence[Song], seed: int, calls: int = CALLS) -> list[tuple[Excerpt, Origin]]:
    """Return pairs of continuations of songs' first bars, and of second voices to them, in an order drawn by the seed.

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
    second_voices = [_second_voices(bundle, each, seed) for each in asked]
    pairs = []
    for each, sampled, voices in zip(asked, plain, second_voices, strict=True):
        request = Request(each.call, each.bars.position, each.bars.length)
        answer = choose_answer(model, bundle.vocabulary, each.context, request, generator)
        song = each.goes_on.notes if each.goes_on else ()
        continuations = {"song": song, "antiphon": answer.notes, "plain sampling": sampled.notes}
        moved = int(generator.integers(LOWEST, HIGHEST + 1))
        start = each.steps * STEP_SECONDS
        follows = {name: tuple(_played(notes, start, moved)) for name, notes in continuations.items()}
        pairs += list(_pairs(tuple(_played(each.call.notes, 0.0, moved)), follows, False, generator))
        beside = {name: _moved(notes, moved) for name, notes in voices.items()}
        pairs += list(_pairs(tuple(_played(_tune(each), 0.0, moved)), beside, True, generator))
    return [pairs[number] for number in generator.permutation(len(pairs))]


def _usable(songs: Sequence[Song], generator: np.random.Generator) -> Iterator[int]:
    return (int(number) for number in generator.permutation(len(songs)) if not refusal(songs[number]))


def _pairs(
    phrase: Melody, melodies: Mapping[str, Melody], together: bool, generator: np.random.Generator
) -> Iterator[tuple[Excerpt, Origin]]:
    """Yield each pair of melodies to a phrase, either of them first; equal ones can't be compared."""
    for names in combinations(melodies, 2):
        first, second = generator.permutation(list(names)).tolist()
        a, b = melodies[first], melodies[second]
        if a != b:
            yield Excerpt(phrase, a, b, together), Origin(first, second)


def _tune(asked: Question) -> list[Note]:
    """Return a call and how the song goes on after it: as much as a second voice is judged by."""
    return [*asked.call.notes, *(asked.goes_on.notes if asked.goes_on else ())]


def _second_voices(bundle: Bundle, asked: Question, seed: int) -> dict[str, list[SoundingNote]]:
    """Return what a bundle's musician plays note by note to four bars of a song, for each of `HARMONIES`."""
    model, found = str(bundle.path.resolve()), {}
    for name, harmony in HARMONIES.items():
        player = musician(model, seed, mode="next-note", when="now", harmony=harmony)
        found[name] = play_duet(player, _tune(asked)).answer
    return found


def _moved(notes: Sequence[SoundingNote], moved: int) -> Melody:
    """Return notes as they were played at another tempo and pitch."""
    slower = STEP_SECONDS / PLAYED_STEP_SECONDS
    return tuple(
        (round(note.on * slower, 4), round((note.off - note.on) * slower, 4), note.pitch + moved) for note in notes
    )


def _played(notes: Sequence[Note], start: float, moved: int) -> Iterator[PlayedNote]:
    seconds = start
    for note in notes:
        if note.pitch is not None:
            yield round(seconds, 4), round(note.steps * STEP_SECONDS * LEGATO, 4), note.pitch + moved
        seconds += note.steps * STEP_SECONDS
