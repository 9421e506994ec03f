"""Counts: what came under each context, decaying, in a table of a fixed size that forgets what is oldest.

A table in the manner of a processor's cache: a key belongs to a bucket of `WAYS` slots, and where all of them are
taken, the one that was learned least lately gives way. So a look-up takes as long however much was learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.contexts import Keys
from antiphon.improviser.memory.past import Ints

WAYS = 4
"""Slots of a bucket."""
FEWEST = 4096
"""Contexts that there is room for to begin with."""
DECAY = 0.95
"""By which a context's counts are multiplied each time that it occurs: some twenty occurrences are remembered."""

PART = 4096
"""Slots that are copied at once."""
MOST_CONTEXTS = 64
"""Contexts of a step at most."""

Floats = npt.NDArray[np.float32]
SEEN = np.array([1.5, 2.5, 4.5, 8.5, 16.5], np.float32)
"""Sums of counts at which the classes of certainty begin."""
ALWAYS = np.float32(0.95)
"""Share of a context's counts from which it has always seen the same."""
_SUM, _LARGEST, _CERTAINTY = range(3)
"""Columns of the tallies."""
_DECAY = np.float32(DECAY)
_ONE = np.uint32(1)
_HALF = np.uint64(32)


class Taken(NamedTuple):
    """A slot as it was before a new key took it."""

    slot: int
    check: int
    row: int
    learned: int
    counts: Floats | None
    """Of the context that gave way; None where there was none."""


class Before(NamedTuple):
    """What a step has changed in the counts, as it was before."""

    taken: list[Taken]
    slots: Ints
    learned: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.uint32]
    counts: Floats
    """Of these rows."""
    tallies: Floats
    used: int
    """Contexts that were remembered."""


class Known(NamedTuple):
    """The contexts of a step that were learned, whichever row they are in."""

    rows: Ints
    """(found,)."""
    contexts: Ints
    """(found,)."""
    slots: Ints
    """(found,)."""
    certainty: Ints
    """The class of how much each context has seen, and whether that was always the same, (found,)."""
    counted: Ints
    """Whose each count is, an index into the above, (count,)."""
    outcomes: Ints
    """What was counted, (count,)."""
    counts: Floats
    """(count,)."""


class Counts:
    """The counts of one stage.

    Args:
        width: numbers that a context counts.
        slots: contexts that are remembered at most, a power of 2.
    """

    def __init__(self, width: int, slots: int) -> None:
        self._slots, self._width = slots, width
        self._places = np.arange(MOST_CONTEXTS)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._counts: Floats = np.zeros((0, self._width), np.float32)
        """In the order in which the contexts came: as many as were needed, and up to as many more."""
        self._tallies: Floats = np.zeros((0, 3), np.float32)
        """Of the counts in each row: their sum, the largest, and the class of certainty, which follows from both."""
        self._make_slots(WAYS)  # one bucket until something is learned: many a player never is listened to
        self.used = 0
        """Contexts that are remembered."""

    def _make_slots(self, slots: int) -> None:
        self._checks = np.zeros((slots // WAYS, WAYS), np.uint32)
        """The lower half of the key in each slot, (bucket, `WAYS`); 0 of an empty one."""
        self._rows = np.zeros(slots, np.uint32)
        """Of the counts in each slot."""
        self._learned = np.zeros(slots, np.uint32)
        """When each slot was last learned, in steps learned."""

    @property
    def size(self) -> int:
        """Bytes at most."""
        return self._slots * ((self._width + 3) * self._counts.itemsize + 3 * self._rows.itemsize)

    def find(self, keys: Keys) -> Floats:
        """Return the counts under each key, (row, context, width); zeros where nothing was counted."""
        found: Floats = np.zeros((*keys.shape, self._width), np.float32)
        rows, contexts, slots = self._find(keys)
        found[rows, contexts] = self._counts[self._rows[slots]]
        return found

    def find_known(self, keys: Keys) -> Known:
        """Return the counts of the keys, (row, context), that were learned."""
        rows, contexts, slots = self._find(keys)
        at = self._rows[slots]
        counts = self._counts[at].ravel()
        there = counts.view(np.int32).nonzero()[0]  # a count's bits are 0 where it is: that is faster to ask
        found = there // self._width
        certainty = self._tallies[at, _CERTAINTY].astype(np.int64)
        return Known(rows, contexts, slots, certainty, found, there - self._width * found, counts[there])

    def learn(self, keys: Keys, known: Known, values: Ints | int, now: int) -> Before:
        """Count what came. Returns what `restore` takes.

        Args:
            keys: of the step's contexts, (context,).
            known: what `find_known` says of them, with nothing learned since.
            values: what to count under each, from 0 to the width, (context,), or the same under all.
            now: steps learned so far.
        """
        slots, taken, used = known.slots, list[Taken](), self.used
        if len(slots) < len(keys):
            slots = np.full(len(keys), -1)
            slots[known.contexts] = known.slots
            if self._checks.size < self._slots:
                self._make_slots(self._slots)
            for context in np.flatnonzero(slots < 0).tolist():  # in turn: two may want the same slot
                slots[context] = self._take(int(keys[context]), now, taken)
        rows = self._rows[slots]
        counts, tallies = self._counts[rows], self._tallies[rows]
        before = Before(taken, slots, self._learned[slots], rows, counts, tallies, used)
        self._learned[slots] = now
        counts, tallies = counts * _DECAY, tallies * _DECAY
        places = self._places[: len(keys)], values
        counts[places] += 1
        tallies[:, _SUM] += 1
        np.maximum(tallies[:, _LARGEST], counts[places], out=tallies[:, _LARGEST])
        tallies[:, _CERTAINTY] = certainty(tallies[:, _SUM], tallies[:, _LARGEST])
        self._counts[rows], self._tallies[rows] = counts, tallies
        return before

    def restore(self, before: Before) -> None:
        """Undo the last `learn` that wasn't undone, which returned `before`."""
        self._counts[before.rows], self._tallies[before.rows] = before.counts, before.tallies
        self._learned[before.slots], self.used = before.learned, before.used
        for slot, check, row, learned, counts in reversed(before.taken):
            self._checks.ravel()[slot], self._rows[slot], self._learned[slot] = check, row, learned
            if counts is not None:
                self._set(row, counts)

    def parts(self) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """Yield what is remembered a part at a time; joined, they are what `load` takes. Each is whole by itself."""
        for start in range(0, self._slots, PART):
            slots = start + np.flatnonzero(self._checks.ravel()[start : start + PART])
            counts, checks = self._counts[self._rows[slots]], self._checks.ravel()[slots]
            yield {"slots": slots, "counts": counts, "checks": checks, "learned": self._learned[slots]}

    def load(self, slots: Ints, counts: Floats, checks: npt.NDArray[Any], learned: npt.NDArray[Any]) -> None:
        """Remember what `parts` yielded, and nothing else.

        Raises:
            ValueError, IndexError: it can't be: of another size, or no numbers.
        """
        self.clear()
        self._make_slots(self._slots)
        if counts.shape != (len(slots), self._width) or not (
            ((counts >= 0) & (counts <= 1 / (1 - DECAY))).all() and (slots >= 0).all()
        ):
            raise ValueError("its counts are none")
        self._checks.ravel()[slots], self._rows[slots], self._learned[slots] = checks, np.arange(len(slots)), learned
        self._counts, self.used = counts.astype(np.float32), len(slots)
        self._tallies = _tallies(self._counts)

    def _find(self, keys: Keys) -> tuple[Ints, Ints, Ints]:
        """Return the rows, contexts and slots of the keys, (row, context), that are there."""
        buckets = self._buckets(keys)
        checks = np.maximum(keys.astype(np.uint32), _ONE)
        rows, contexts, ways = (self._checks[buckets] == checks[..., None]).nonzero()
        return rows, contexts, buckets[rows, contexts] * WAYS + ways

    def _buckets(self, keys: Keys) -> Ints:
        return ((keys >> _HALF) & np.uint64(len(self._checks) - 1)).view(np.int64)

    def _take(self, key: int, now: int, taken: list[Taken]) -> int:
        """Give a slot to a new key: an empty one, or the one of its bucket that was learned first."""
        first = ((key >> 32) & (len(self._checks) - 1)) * WAYS
        learned: list[int] = self._learned[first : first + WAYS].tolist()
        way = learned.index(min(learned))
        slot = first + way
        check, row = int(self._checks.item(slot)), int(self._rows.item(slot))
        taken.append(Taken(slot, check, row, learned[way], self._counts[row].copy() if check else None))
        if not check:
            row, self.used = self.used, self.used + 1
            self._make_room(self.used)
        self._checks.ravel()[slot], self._rows[slot], self._learned[slot] = max(key & 0xFFFFFFFF, 1), row, now
        self._counts[row], self._tallies[row] = 0, 0
        return slot

    def _set(self, row: int, counts: Floats) -> None:
        self._counts[row], self._tallies[row] = counts, _tallies(counts[None])[0]

    def _make_room(self, rows: int) -> None:
        if rows > len(self._counts):
            more = min(max(len(self._counts), FEWEST), self._slots - len(self._counts))
            self._counts = np.concatenate([self._counts, np.zeros((more, self._width), np.float32)])
            self._tallies = np.concatenate([self._tallies, np.zeros((more, 3), np.float32)])


def certainty(sums: Floats, largest: Floats) -> Ints:
    """Return the class of how much contexts have seen, and whether that was always the same."""
    classes: Ints = 2 * SEEN.searchsorted(sums, side="right") + (largest > ALWAYS * sums)
    return classes


def _tallies(counts: Floats) -> Floats:
    sums, largest = counts.sum(axis=1), counts.max(axis=1, initial=0)
    return np.stack([sums, largest, certainty(sums, largest)], axis=1).astype(np.float32)
