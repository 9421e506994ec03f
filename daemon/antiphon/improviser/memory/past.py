"""The past of a melody: as much of what has been read as the memory's contexts ask for, as a value.

A past has a row for each melody that is read side by side, like the network's `Context`. Reading gives a new one and
leaves the old as it was, so to take a note back is to keep the past from before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.melody.grid import Place
from antiphon.melody.model import Metre
from antiphon.melody.vocabulary import Vocabulary

Ints = npt.NDArray[np.int64]

HOLD, REST, END, ONSET = range(4)
"""Classes of symbols: what sounds goes on, silence starts, the song ends, a note starts."""
NOTHING, SILENCE, NOTE = range(3)
"""Kinds of what sounds: a song has just begun, silence, a note."""
OLDEST = 40
"""Steps; what has sounded for longer counts as this old."""
LONGEST_WAIT = 64
"""Steps from one onset to the next; longer ones count as this long."""
NOTES = 8
"""Notes whose pitches and waits are remembered."""
PHRASE = 12
"""Tokens; a passage that is equal to the last so many is a match."""

_KIND, _AGE, _WAIT = range(3)
_PITCHES = slice(3, 3 + NOTES)
_WAITS = slice(_PITCHES.stop, _PITCHES.stop + NOTES)
_TOKENS = slice(_WAITS.stop, _WAITS.stop + PHRASE)
_WIDTH = _TOKENS.stop
_INTERVALS = 3

FIELDS: tuple[str, ...] = (
    "kind",
    "age",
    "wait",
    *(f"p{number}" for number in range(1, NOTES + 1)),
    *(f"d{number}" for number in range(1, NOTES + 1)),
    *(f"i{number}" for number in range(1, _INTERVALS + 1)),
    "position",
    "bar",
)
"""What a context may consist of: kind and age of what sounds; steps since the last onset; the last pitches, and the
steps between the last onsets and those before them, the latest first; the last intervals; the place in the bar."""


@dataclass(frozen=True, eq=False)
class Past:
    """What was read before a step, in each row."""

    table: Ints
    """(row, column), the columns as above: kind, age, wait, pitches (MIDI number + 1; 0 is none), waits, tokens
    (+ 1; 0 is none)."""
    pointer: Ints
    """Where in the memory's history the passage goes on that is equal to the melody's end, (row,); −1 where none is."""
    length: Ints
    """Of that passage, in tokens, (row,)."""

    def __len__(self) -> int:
        return len(self.table)

    @property
    def tokens(self) -> Ints:
        """The last tokens + 1, the latest first, (row, PHRASE)."""
        return self.table[:, _TOKENS]

    @property
    def last_pitch(self) -> Ints:
        """MIDI number + 1 of the last note, (row,); 0 where there is none."""
        return self.table[:, _PITCHES.start]

    def repeated(self, rows: int) -> Past:
        """Return a past of one row as one of many rows that are all the same."""
        return Past(*(np.repeat(each, rows, axis=0) for each in (self.table, self.pointer, self.length)))

    def rows(self, indices: npt.NDArray[np.intp]) -> Past:
        """Return some of the rows."""
        return Past(self.table[indices], self.pointer[indices], self.length[indices])

    def fields(self, place: Place | Metre | None) -> Ints:
        """Return the values of `FIELDS` in each row, (row, field); `place` is that of the step to be predicted."""
        table, rows = self.table, len(self.table)
        pitches = table[:, _PITCHES]
        found = np.zeros((rows, len(FIELDS)), np.int64)
        found[:, : _WAITS.stop] = table[:, : _WAITS.stop]
        intervals = pitches[:, :_INTERVALS] - pitches[:, 1 : _INTERVALS + 1]
        known = pitches[:, 1 : _INTERVALS + 1] > 0
        found[:, _WAITS.stop : _WAITS.stop + _INTERVALS] = np.where(known, intervals, 1000)
        if place is not None:
            found[:, -2], found[:, -1] = place.position, place.bar
        return found


def begun(rows: int) -> Past:
    """Return the past at a song's beginning: after the symbol `"/"`."""
    none = np.full(rows, -1, np.int64)
    return Past(np.zeros((rows, _WIDTH), np.int64), none, np.zeros(rows, np.int64))


class Reader:
    """Reads tokens of a vocabulary into a table of `Past`.

    Args:
        vocabulary: of the tokens.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        size = len(vocabulary)
        self.classes: Ints = np.full(size, ONSET)
        """The class of each token, (V,)."""
        self.classes[[vocabulary.hold, vocabulary.rest, vocabulary.end]] = HOLD, REST, END
        self.numbers: Ints = np.zeros(size, np.int64)
        """MIDI number of each pitch's token, (V,); 0 of the others."""
        self.numbers[vocabulary.pitch_tokens] = vocabulary.pitch_numbers

    def after(self, table: Ints, tokens: npt.NDArray[Any]) -> Ints:
        """Return the table after one more token in each row, (row,)."""
        classes = self.classes[tokens]
        moved = table.copy()
        moved[:, _TOKENS.start + 1 :] = table[:, _TOKENS.start : -1]
        moved[:, _TOKENS.start] = tokens + 1
        moved[:, _AGE] = np.minimum(table[:, _AGE] + 1, OLDEST)
        moved[:, _WAIT] = np.where(table[:, _WAIT] > 0, np.minimum(table[:, _WAIT] + 1, LONGEST_WAIT), 0)
        rests = classes == REST
        if rests.any():
            moved[rests, _KIND], moved[rests, _AGE] = SILENCE, 1
        onsets = np.flatnonzero(classes == ONSET)
        if len(onsets):
            moved[onsets, _PITCHES.start + 1 : _PITCHES.stop] = table[onsets, _PITCHES.start : _PITCHES.stop - 1]
            moved[onsets, _PITCHES.start] = self.numbers[tokens[onsets]] + 1
            moved[onsets, _WAITS.start + 1 : _WAITS.stop] = table[onsets, _WAITS.start : _WAITS.stop - 1]
            moved[onsets, _WAITS.start] = table[onsets, _WAIT]
            moved[onsets, _KIND], moved[onsets, _AGE], moved[onsets, _WAIT] = NOTE, 1, 1
        ends = classes == END
        if ends.any():  # what was played before a song is none of its past
            moved[ends] = 0
        return moved
