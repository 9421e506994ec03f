"""Playlists: the tunes of each session, in the order in which they are played, and the keys that they are played in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from antiphon.melody.keys import SIGNATURES
from antiphon_trainer.conversion.reference_melodies import TUNES
from antiphon_trainer.corpus.songs import Song, read_songs
from antiphon_trainer.memory.tunes import Tune, drawn_tunes
from antiphon_trainer.memory.variations import variation
from antiphon_trainer.settings import Prepare

LENGTH = 150
"""Tunes of a session."""
VARIED = 12
"""Tunes that are varied again and again."""
ALIKE = 0.3
"""Share of a song's turns of six intervals from which it counts as a version of an earlier one."""
_TURN = 6

Playlist = Sequence[Tune]


@dataclass(frozen=True)
class Choice:
    """What sessions are made of."""

    songs: Sequence[Song]
    """That the bundle never learned from."""
    settings: Prepare
    seed: int
    length: int = LENGTH


def _of_books(*books: str) -> Callable[[Choice], Playlist]:
    return lambda choice: drawn_tunes(books, choice.length, choice.settings, choice.seed)


def _unrelated(choice: Choice) -> Playlist:
    """Return songs of which none is a version of another."""
    draw = np.random.default_rng(choice.seed)
    known: set[tuple[int, ...]] = set()
    found: list[Song] = []
    for index in draw.permutation(len(choice.songs)):
        song = choice.songs[int(index)]
        turns = _turns(song)
        if turns and len(turns & known) < ALIKE * len(turns):
            found.append(song)
        known |= turns
    return _in_drawn_keys(found[: choice.length], draw)


def _turns(song: Song) -> set[tuple[int, ...]]:
    pitches = [int(symbol) for symbol in song.symbols if symbol.isdigit()]
    intervals = np.diff(pitches)
    return {tuple(intervals[start : start + _TURN]) for start in range(len(intervals) - _TURN + 1)}


def _variations(choice: Choice) -> Playlist:
    """Return `VARIED` old tunes, varied in turn; each is always played in the same key."""
    draw = np.random.default_rng(choice.seed)
    themes = _in_drawn_keys(list(islice(read_songs(TUNES), VARIED)), draw)
    chosen = [themes[index % len(themes)] for index in range(choice.length)]
    return [Tune(variation(theme.song, draw), theme.sharps) for theme in chosen]


def _in_drawn_keys(songs: Sequence[Song], draw: np.random.Generator) -> Playlist:
    return [Tune(song, int(draw.choice(SIGNATURES))) for song in songs]


PLAYLISTS: Final[Mapping[str, Callable[[Choice], Playlist]]] = {
    "Irish (O'Neill)": _of_books("oneills1850"),
    "American and Irish (Ryan)": _of_books("ryansMammoth"),
    # han1 is left out: start weights are learned on its first songs.
    "Chinese": _of_books("essenFolksong/han2.abc"),
    "German, for children": _of_books("essenFolksong/kinder0.abc"),
    "German, held out": _unrelated,
    "twelve tunes varied": _variations,
}
"""By name. Songs whose key isn't known are played in a key that is drawn."""
