"""A tool that counts which duration follows which in a corpus: `PAIRS` of `improviser.tempo.tempo_follower`.

python -m antiphon_trainer.audition.durations prepared/songs/training
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from antiphon.improviser.tempo.tempo_follower import DURATIONS
from antiphon.melody.vocabulary import HOLD, REST
from antiphon_trainer.corpus.songs import read_songs


def inter_onset_steps(symbols: Sequence[str]) -> list[int]:
    """Return the steps from each onset to the next."""
    onsets = [step for step, symbol in enumerate(symbols) if symbol not in (HOLD, REST)]
    return [later - earlier for earlier, later in pairwise(onsets)]


def table(melodies: Iterable[Sequence[str]]) -> list[list[int]]:
    """Return the share of each pair of durations (row, then column) in ten-thousandths, rounded up."""
    pairs: Counter[tuple[int, int]] = Counter()
    for symbols in melodies:
        pairs.update(pairwise(inter_onset_steps(symbols)))
    counts = np.array([[pairs[before, after] for after in DURATIONS] for before in DURATIONS])
    shares: list[list[int]] = np.ceil(counts / counts.sum() * 10_000).astype(int).tolist()
    return shares


if __name__ == "__main__":
    for row in table(song.symbols for song in read_songs(Path(sys.argv[1]))):
        sys.stdout.write(f"    ({', '.join(map(str, row))}),\n")
