"""The past of a melody: as much of what has been read as the memory's contexts ask for, as a value.

A past has a row for each melody that is read side by side, like the network's `Context`. Reading gives a new one and
leaves the old as it was, so to take a note back is to keep the past from before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

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
_INTERVALS = slice(_WAITS.stop, _WAITS.stop + 3)
TOKENS = slice(_INTERVALS.stop, _INTERVALS.stop + PHRASE)
_WIDTH = TOKENS.stop
_UNKNOWN = 1000
"""Semitones; an interval from no note."""

FIELDS: tuple[str, ...] = (
    "kind",
    "age",
    "wait",
    *(f"p{number}" for number in range(1, NOTES + 1)),
    *(f"d{number}" for number in range(1, NOTES + 1)),
    *(f"i{number}" for number in range(1, _INTERVALS.stop - _INTERVALS.start + 1)),
)
"""What a context may consist of, besides the place in the bar: kind and age of what sounds; steps since the last onset;
the last pitches, and the steps between the last onsets and those before them, the latest first; the last intervals."""
_OLDER = np.minimum(np.arange(OLDEST + 1) + 1, OLDEST)
"""The age a step later, by the age."""
_LONGER = np.minimum(np.arange(LONGEST_WAIT + 1) + 1, LONGEST_WAIT)
_LONGER[0] = 0
"""The steps since the last onset a step later, by those now; 0 where there was none."""


@dataclass(frozen=True, eq=False)
class Past:
    """What was read before a step, in each row."""

    table: Ints
    """(row, column), the columns as above: kind, age, wait, pitches (MIDI number + 1; 0 is none), waits, intervals and
    tokens (+ 1; 0 is none)."""
    pointer: Ints
    """Where in the memory's history the passage goes on that is equal to the melody's end, (row,); −1 where none is."""
    length: Ints
    """Of that passage, in tokens, (row,)."""
    expected: Ints
    """The token with which it goes on, (row,); −1 where none is."""

    def __len__(self) -> int:
        return len(self.table)

    @property
    def tokens(self) -> Ints:
        """The last tokens + 1, the latest first, (row, PHRASE)."""
        return self.table[:, TOKENS]

    @property
    def last_pitch(self) -> Ints:
        """MIDI number + 1 of the last note, (row,); 0 where there is none."""
        return self.table[:, _PITCHES.start]

    def repeated(self, rows: int) -> Past:
        """Return a past of one row as one of many rows that are all the same."""
        return Past(*(each.repeat(rows, axis=0) for each in (self.table, self.pointer, self.length, self.expected)))

    def rows(self, indices: npt.NDArray[np.intp]) -> Past:
        """Return some of the rows."""
        return Past(self.table[indices], self.pointer[indices], self.length[indices], self.expected[indices])

    @property
    def fields(self) -> Ints:
        """The values of `FIELDS` in each row, (row, field)."""
        return self.table[:, : TOKENS.start]


def begun(rows: int) -> Past:
    """Return the past at a song's beginning: after the symbol `"/"`."""
    none = np.full(rows, -1, np.int64)
    return Past(_BEGUN.repeat(rows, axis=0), none, np.zeros(rows, np.int64), none)


_BEGUN: Ints = np.zeros((1, _WIDTH), np.int64)
_BEGUN[:, _INTERVALS] = _UNKNOWN


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
        moved = np.empty_like(table)
        moved[:, : TOKENS.start] = table[:, : TOKENS.start]
        moved[:, TOKENS.start + 1 :] = table[:, TOKENS.start : -1]
        moved[:, TOKENS.start] = tokens + 1
        moved[:, _AGE] = _OLDER[table[:, _AGE]]
        moved[:, _WAIT] = _LONGER[table[:, _WAIT]]
        classes = self.classes[tokens]
        changed = np.flatnonzero(classes)  # whatever isn't held
        if not len(changed):
            return moved
        classes = classes[changed]
        rests = changed[classes == REST]
        moved[rests, _KIND], moved[rests, _AGE] = SILENCE, 1
        onsets = changed[classes == ONSET]
        if len(onsets):
            self._start_notes(table[onsets], tokens[onsets], moved, onsets)
        moved[changed[classes == END]] = _BEGUN  # what was played before a song is none of its past
        return moved

    def _start_notes(self, before: Ints, tokens: npt.NDArray[Any], moved: Ints, rows: Ints) -> None:
        """Let a note of each token start in `rows` of a table that was `before` in these rows."""
        pitches, last = self.numbers[tokens] + 1, before[:, _PITCHES.start]
        found = moved[rows]
        for columns in (_PITCHES, _WAITS, _INTERVALS):
            found[:, columns.start + 1 : columns.stop] = before[:, columns.start : columns.stop - 1]
        found[:, _PITCHES.start] = pitches
        found[:, _WAITS.start] = before[:, _WAIT]
        found[:, _INTERVALS.start] = np.where(last > 0, pitches - last, _UNKNOWN)
        found[:, _KIND], found[:, _AGE], found[:, _WAIT] = NOTE, 1, 1
        moved[rows] = found
