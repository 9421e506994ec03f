"""Versions of a tune: which songs of a corpus are one tune under two names, and which tunes are held out.

The rule is that by which the packaged list of Essen songs was drawn: songs that share a title, or 40 % of the shorter
one's runs of six intervals, are versions of each other, and so are versions of versions. A tenth of the tunes is held
out, with all their versions. Which ones follows from their names alone, so a tune stays where it is when others come.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from antiphon_trainer.corpus.songs import Song

TENTH = "tenth"
"""The word, in place of a list's name, for holding out a tenth of the tunes."""
_SHARE = 0.1
"""Of the tunes; about so many are held out, as chance has it."""
_RUN = 6
"""Intervals in a run: fewer are common to tunes that have nothing to do with each other."""
_ALIKE = 0.4
"""Share of the shorter song's runs that versions have in common."""

Run = tuple[int, ...]


def tunes_of(songs: Sequence[Song]) -> list[str]:
    """Return the name of each song's tune, (song,): versions of a tune have the same one.

    It is the first of the versions' titles by the alphabet, or of their songs' names where they have no title.
    """
    titles = [_title(song.title) for song in songs]
    if len(set(titles)) == 1:  # the book's, not a tune's
        titles = [""] * len(songs)
    joined = _Joined(len(songs))
    first_of: dict[str, int] = {}
    for number, title in enumerate(titles):
        if title:
            joined.join(number, first_of.setdefault(title, number))
    for one, other in _alike([_runs(song) for song in songs]):
        joined.join(one, other)
    names: dict[int, str] = {}
    for number, (song, title) in enumerate(zip(songs, titles, strict=True)):
        tune, name = joined.root(number), title or f"/{song.name}"
        names[tune] = min(names.get(tune, name), name)
    return [names[joined.root(number)] for number in range(len(songs))]


def held_out_tunes(tunes: Sequence[str]) -> frozenset[str]:
    """Return those tunes that are held out: about a tenth; of two or more at least one, and never all."""
    different = sorted(set(tunes), key=_draw)
    drawn = sum(_draw(tune) < _SHARE for tune in different)
    return frozenset(different[: min(max(drawn, 1), len(different) - 1)])


class _Joined:
    """Numbers in sets that are joined two by two (union-find)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def root(self, number: int) -> int:
        """Return the number that stands for the set of this one."""
        while self._above[number] != number:
            self._above[number] = self._above[self._above[number]]
            number = self._above[number]
        return number

    def join(self, one: int, other: int) -> None:
        """Make the sets of two numbers one."""
        self._above[self.root(one)] = self.root(other)


def _title(written: str) -> str:
    """Return a title as versions share it: without case, signs and articles, and without "-- Reel" behind."""
    words = re.findall(r"\w+", written.split(" -- ")[0].replace("'", "").casefold())
    return " ".join(word for word in words if word not in ("the", "a", "an"))


def _runs(song: Song) -> frozenset[Run]:
    pitches = [int(symbol) for symbol in song.symbols if symbol.isdigit()]
    intervals = [after - before for before, after in pairwise(pitches)]
    return frozenset(tuple(intervals[start : start + _RUN]) for start in range(len(intervals) - _RUN + 1))


def _alike(runs: Sequence[frozenset[Run]]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of songs that have enough of their runs in common."""
    sizes = np.array([len(each) for each in runs])
    seen_in: dict[Run, list[int]] = defaultdict(list)
    for number, each in enumerate(runs):
        earlier = [other for run in each for other in seen_in[run]]
        if earlier:
            common = np.bincount(earlier, minlength=number)
            enough = np.maximum(_ALIKE * np.minimum(sizes[:number], sizes[number]), 1)
            yield from ((number, int(other)) for other in np.flatnonzero(common >= enough))
        for run in each:
            seen_in[run].append(number)


def _draw(tune: str) -> float:
    """Return a number from 0 up to 1 that follows from a tune's name."""
    return int.from_bytes(hashlib.sha256(tune.encode()).digest()[:8]) / 2**64
