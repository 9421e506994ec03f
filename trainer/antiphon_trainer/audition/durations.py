"""A tool that counts which duration comes where in the beat: the tables of `antiphon.improviser.tempo.rhythm`.

python -m antiphon_trainer.audition.durations prepared/songs/training FOLDER…

It prints `COUNTS`, and `COMPOUND_COUNTS` of the songs alone. Each folder holds performances, of which the first
`PERFORMANCES` of the even half are counted, as their scores have them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from antiphon.errors import UserError
from antiphon.improviser.tempo.rhythm import COMPOUND_POSITIONS, DURATIONS, LAST, POSITIONS, nearest_last
from antiphon.melody.vocabulary import HOLD, REST
from antiphon_trainer.audition.performances.sources import find_performances
from antiphon_trainer.corpus.metre import metre_of_steps
from antiphon_trainer.corpus.songs import Song, read_songs

OF_SONGS = 0.3
"""Share of the songs in the table, where there are performances."""
PERFORMANCES = 48
"""Of a folder, at most: reading ASAP's takes seconds each."""
_EXACT = 0.02
"""Sixteenths; a score's are whole numbers but for rounding, and a triplet's are off by 0.33."""

_TWO_BEATS = 2 * COMPOUND_POSITIONS
"""Sixteenths in a bar of 6/8."""

Table = npt.NDArray[np.float64]


def inter_onset_steps(symbols: Sequence[str]) -> list[int]:
    """Return the steps from each onset to the next."""
    return [later - earlier for earlier, later in pairwise(_onsets(symbols))]


def table(melodies: Iterable[Sequence[float]], positions: int = POSITIONS) -> Table:
    """Return the share of each duration (column) after each last one in each position (row), summing to 1.

    Args:
        melodies: the onsets of each, in sixteenths from a beat.
        positions: sixteenths in a beat.
    """
    counts = np.zeros((len(LAST) * positions, len(DURATIONS)))
    for onsets in melodies:
        for before, onset, after in zip(onsets, onsets[1:], onsets[2:], strict=False):
            duration = round(after - onset)
            exact = max(abs(each - round(each)) for each in (before, onset, after)) < _EXACT
            if exact and duration in DURATIONS and round(onset - before) in DURATIONS:
                row = nearest_last(onset - before) * positions + round(onset) % positions
                counts[row, DURATIONS.index(duration)] += 1
    return np.asarray(counts / max(1.0, counts.sum()), np.float64)


def onsets_in_beats(songs: Iterable[Song]) -> Iterator[list[int]]:
    """Yield the onsets of each song whose metre is known, in steps from a beat."""
    for song in songs:
        if song.barlines:
            onsets = _onsets(song.symbols)
            positions, _ = metre_of_steps(song.barlines, len(song.symbols))
            late = int(positions[onsets[-1]]) - onsets[-1] if onsets else 0
            yield [onset + late for onset in onsets]


def compound_onsets(songs: Iterable[Song]) -> Iterator[list[int]]:
    """Yield the onsets of each song in 6/8 or 12/8, in steps from a beat.

    Bars of 3/4 are as long as those of 6/8: there a note begins on the third beat, and not often in the bar's middle.
    """
    for song, onsets in zip(known := [each for each in songs if each.barlines], onsets_in_beats(known), strict=True):
        at = Counter(onset % _TWO_BEATS for onset in onsets)
        middle = at[_TWO_BEATS // 2]
        is_compound = middle > 0.7 * at[4] and middle > 2 * at[8]
        if is_compound and {line.bar for line in song.barlines} <= {_TWO_BEATS, 2 * _TWO_BEATS}:
            yield onsets


def played_onsets(folder: Path) -> Iterator[list[float]]:
    """Yield the onsets of a folder's performances of the even half, in sixteenths as their scores have them."""
    for found in find_performances(folder, "even", PERFORMANCES):
        try:
            yield [note.quarter * 4 for note in found.read().melody]
        except UserError as error:
            sys.stderr.write(f"{error}\n")


def _onsets(symbols: Sequence[str]) -> list[int]:
    return [step for step, symbol in enumerate(symbols) if symbol not in (HOLD, REST)]


if __name__ == "__main__":
    path, *folders = map(Path, sys.argv[1:])
    songs = list(read_songs(path))
    counted = table(onsets_in_beats(songs))
    if folders:
        played = [table(played_onsets(folder)) for folder in folders]
        counted = OF_SONGS * counted + (1 - OF_SONGS) * np.mean(played, axis=0)
    for each in (counted, table(compound_onsets(songs), COMPOUND_POSITIONS)):
        for row in np.ceil(each * 10_000).astype(int).tolist():
            sys.stdout.write(f"    ({', '.join(map(str, row))}),\n")
        sys.stdout.write("\n")
