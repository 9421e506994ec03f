"""The inputs in training: the tokens or the cues of the stored windows, with the metre or without."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.dataset.batches import Indices, Read
from antiphon_trainer.dataset.windows import PAD, Windows
from antiphon_trainer.network.cues import columns, cues, without_metre

Cues = npt.NDArray[np.int16]


def tokens(windows: Windows) -> Read:
    """Return the function that gives the tokens of windows, (window, step)."""
    return lambda rows: windows.inputs[rows]


def cue_windows(windows: Windows, vocabulary: Vocabulary) -> Cues:
    """Return the cues of all windows, (window, step, cue); they reach back to the beginning of each song.

    They lie in a file of their own, mapped into memory, that is gone with the array: they are some twenty times what
    the windows are.
    """
    count, length = windows.inputs.shape
    with TemporaryFile() as file:
        shape = (count, length, len(columns(len(vocabulary))))
        table: Cues = np.memmap(file, np.int16, "w+", shape=shape)
    firsts = np.flatnonzero(np.diff(windows.songs, prepend=-1))
    for first, end in zip(firsts, [*firsts[1:], count], strict=True):
        rows = slice(first, end)
        steps = int((windows.targets[rows] != PAD).sum())
        line, position, bar = (
            array[rows].reshape(-1)[:steps].astype(np.int32)
            for array in (windows.inputs, windows.positions, windows.bars)
        )
        table[rows].reshape(-1, table.shape[2])[:steps] = cues(line, position, bar, vocabulary)
    return table


def sometimes_without_metre(table: Cues, vocabulary_size: int, seed: list[int]) -> Read:
    """Return the function that gives the cues of windows, for half of them as if the metre were unknown.

    Args:
        table: the cues of all windows, (window, step, cue).
        vocabulary_size: V.
        seed: draws the windows without metre.
    """
    forgets = np.random.default_rng(seed).random(len(table)) < 0.5

    def read(rows: Indices) -> npt.NDArray[Any]:
        chosen = table[rows].astype(np.int32)
        chosen[forgets[rows]] = without_metre(chosen[forgets[rows]], vocabulary_size)
        return chosen

    return read
