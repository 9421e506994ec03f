"""Grace notes: a short note that leans on the next one takes no time of its own.

It is heard like any note until the next one comes so soon that it was a grace. Then that one takes its place: whatever
came before lasts until the principal note, as in the scores from which the model has learned, which leave graces out.
A run of short notes is none: the note before a grace is long beside it, and few graces follow each other.
"""

from __future__ import annotations

from typing import NamedTuple

LONGEST = 0.08
"""Seconds from a grace to the next note: 3 in 1,000 notes of Mozart's melodies that are no graces are as short, the
first ones of runs."""
SHARE_OF_STEP = 0.7
"""Of a step, that a grace may take: in fast music a step is hardly longer than a grace elsewhere."""
LONGER = 4.0
"""How many times as long as the grace the note before it is, at least."""
EVEN, OFF_EVEN = 2, 0.4
"""Steps, and how far from a multiple of these the principal note may be from the note before its grace: jazz's short
notes, which are written as sixteenths, are anywhere."""
FARTHEST = 5
"""Semitones from a grace to the note that it leans on, at most."""
MOST = 3
"""Graces in a row; more are a run or a trill."""


class Graces(NamedTuple):
    """The graces before the last note."""

    number: int = 0
    """Those in a row that have given way so far."""

    def lean(self, before: float, seconds: float, semitones: int, step_seconds: float) -> bool:
        """Return whether the last note was a grace of the one that comes now.

        Args:
            before: seconds from the note before the graces to the last note.
            seconds: from the last note to the one that comes now.
            semitones: from the one to the other, up or down.
            step_seconds: a step at the tempo in use.
        """
        is_short = seconds < min(LONGEST, SHARE_OF_STEP * step_seconds) and before >= LONGER * seconds
        if self.number == MOST or not is_short or abs(semitones) > FARTHEST:
            return False
        # The one that comes now may be a grace as well, of a note that is as near.
        return any(_is_even((before + more * seconds) / step_seconds) for more in (1, 2))


def _is_even(steps: float) -> bool:
    return steps > EVEN - OFF_EVEN and abs((steps + EVEN / 2) % EVEN - EVEN / 2) < OFF_EVEN
