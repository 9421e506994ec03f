"""Passages: what was played in each half bar, so that one that comes again says what is to come: tunes repeat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon.melody.window import HELD, RESTED

MOST = 512
"""Half bars that are kept; then it begins anew."""
ALIKE = 3
"""Half bars in a row, at most, that are compared with what was played before: the more of them were the same, the
likelier comes what came then."""
FAR = 5
"""Half bars that are expected of a passage."""
ON_BEAT, OFF_BEAT = 1.0, 0.95
"""How much a note counts for the harmony by where it begins."""
LENGTH = 2.0
"""How much a note counts besides for lasting a half bar."""
FIRST = 0.8
"""How much a half bar's first note counts besides."""


class Note(NamedTuple):
    """A note in a half bar."""

    offset: int
    """Steps from the half bar's beginning."""
    steps: int
    """For which it sounds in it."""
    pitch_class: int
    """In the model's key."""
    is_struck: bool
    """It begins there; otherwise it goes on from before."""


HalfBar = tuple[Note, ...]
Struck = tuple[tuple[int, int], ...]
"""Of a half bar, (offset, pitch class) of each note that begins in it: what tells a passage, however long keys are
held."""


def half_bar(line: list[int], last: int, end: float, start: int, steps: int) -> HalfBar:
    """Return what was played in a half bar.

    Args:
        line: the melody, a step each: a pitch in the model's key, `HELD` or `RESTED`.
        last: the step of the line's last entry, an onset.
        end: the step at which that note ended, or is known to have sounded until.
        start: the step at which the half bar begins.
        steps: in it.
    """
    first = last - (len(line) - 1)

    def entry(step: int) -> int:
        if step > last:
            return HELD if step < end else RESTED
        return line[step - first] if step >= first else RESTED

    before = start - 1
    while before >= first and entry(before) == HELD:
        before -= 1
    goes_on = entry(start) == HELD and entry(before) >= 0
    found = [Note(0, 0, entry(before) % 12, False)] if goes_on else []
    sounds = goes_on
    for step in range(start, start + steps):
        symbol = entry(step)
        if symbol >= 0:
            found.append(Note(step - start, 0, symbol % 12, True))
        sounds = symbol >= 0 or (sounds and symbol == HELD)
        if sounds:
            found[-1] = found[-1]._replace(steps=found[-1].steps + 1)
    return tuple(found)


def evidence(notes: HalfBar, steps: int) -> npt.NDArray[np.float64]:
    """Return how much each pitch class counts for the harmony of a half bar of so many steps, in notes, (12,)."""
    counts = np.zeros(12)
    for note in notes:
        is_strong = note.offset == 0 or 2 * note.offset == steps
        weight = LENGTH * note.steps / steps * (ON_BEAT if is_strong else OFF_BEAT)
        counts[note.pitch_class] += weight + FIRST * (note.offset == 0)
    return counts


class Expected(NamedTuple):
    """What is expected to be played."""

    coming: tuple[HalfBar, ...]
    """The half bars to come, the next one first."""
    is_sure: bool
    """The passage has begun to come again; otherwise that is a guess."""


class Passages:
    """What was played, half bar by half bar."""

    def __init__(self) -> None:
        self._heard: list[HalfBar] = []
        self._struck: tuple[Struck, ...] = ()
        """The last `ALIKE` of them; what is compared is made of these, rather than of copies."""
        self._after: dict[tuple[Struck, ...], int] = {}
        """One or more half bars in a row → the place of the one that came behind them last."""
        self._began = 0
        """The place of the first half bar since the performer has begun to play."""

    def begin(self) -> None:
        """Take note that the performer begins to play."""
        self._began = len(self._heard)

    def add(self, notes: HalfBar) -> None:
        """Take note of a half bar that is over."""
        if len(self._heard) >= MOST:
            self._heard, self._after, self._began = self._heard[-ALIKE:], {}, ALIKE
        for last in self._last():
            self._after[last] = len(self._heard)
        self._heard.append(notes)
        self._struck = (*self._struck, _struck(notes))[-ALIKE:]

    def expected(self, ago: int | None = None) -> Expected | None:
        """Return what is to come: what came behind the last half bars when they were played before, as many of them as
        can be.

        Args:
            ago: half bars after which a tune may begin anew what it began then; None where nothing says so.
        """
        there = len(self._heard)
        place = next((self._after[last] for last in self._last() if last in self._after), None)
        if place is not None:
            return Expected(tuple(self._heard[place : place + FAR]), True)
        if ago is not None and there - ago >= self._began:
            return Expected((self._heard[there - ago],), False)
        return None

    def _last(self) -> Iterator[tuple[Struck, ...]]:
        """Yield the last half bars: as many as are compared, and then fewer and fewer."""
        for count in range(len(self._struck), 0, -1):
            last = self._struck[-count:]
            if any(last):
                yield last


def _struck(notes: HalfBar) -> Struck:
    return tuple((note.offset, note.pitch_class) for note in notes if note.is_struck)
