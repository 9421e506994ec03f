"""Tunes for sessions: tune books that come with music21, read until there are enough tunes, each with its own key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.keys import normalised
from antiphon_trainer.corpus.encoding import Refused, barlines, encode
from antiphon_trainer.corpus.score import Unreadable
from antiphon_trainer.corpus.scores import parse
from antiphon_trainer.corpus.songs import Song
from antiphon_trainer.corpus.sources import Source, collect, music21_corpus
from antiphon_trainer.settings import Prepare


@dataclass(frozen=True)
class Tune:
    """A tune as it is played."""

    song: Song
    """Encoded, in the model's key."""
    sharps: int
    """The key signature that it is written in, −5…6."""


def drawn_tunes(books: Sequence[str], count: int, settings: Prepare, seed: int | None) -> list[Tune]:
    """Return tunes of books in music21's corpus, those that can be encoded; all of them if there are fewer.

    Args:
        books: paths in music21's corpus.
        count: tunes at most.
        settings: what `prepare` accepts.
        seed: of their order; None takes them as they stand.

    Raises:
        UserError: this music21 has no corpus, or no such books.
    """
    sources = collect([str(_book(book)) for book in books])
    order = range(len(sources)) if seed is None else np.random.default_rng(seed).permutation(len(sources))
    tunes = _readable([sources[int(index)] for index in order], settings)
    return [tune for _, tune in zip(range(count), tunes, strict=False)]


def _book(book: str) -> Path:
    path = music21_corpus() / book
    if not path.exists():
        raise UserError(f"{path}: isn't there; sessions are played from music21's corpus: reinstall music21")
    return path


def _readable(sources: Sequence[Source], settings: Prepare) -> Iterator[Tune]:
    for source in sources:
        score = parse(source.read(), source.suffix)
        if isinstance(score, Unreadable):
            continue
        try:
            symbols = encode(score, settings.acceptable_durations, settings.ties)
        except Refused:
            continue
        yield Tune(Song(source.name, score.title, symbols, barlines(score), score.mode), normalised(score.sharps))
