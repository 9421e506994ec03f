"""Counts: what came under each context, decaying, in a table of a fixed size that forgets what is oldest.

A table in the manner of a processor's cache: a key belongs to a bucket of `WAYS` slots, and where all of them are
taken, the one that was learned least lately gives way. So a look-up takes as long however much was learned.
"""

from __future__ import annotations

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

Floats = npt.NDArray[np.float32]
_CHECK_AT, _ROW_AT, _LEARNED_AT = range(3)
"""Columns of the index."""
_CHECK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


class SlotsBefore(NamedTuple):
    """Slots as they were before something was learned."""

    slots: Ints
    entries: npt.NDArray[np.uint32]
    rows: Ints | npt.NDArray[np.uint32]
    counts: Floats
    """Of these rows."""
    used: int


class Known(NamedTuple):
    """The contexts of a step that were learned, whichever row they are in."""

    rows: Ints
    """(found,)."""
    contexts: Ints
    """(found,)."""
    sums: Floats
    """Of each context's counts, (found,)."""
    largest: Floats
    """Of each context's counts, (found,)."""
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
        self._ways = np.arange(WAYS)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._counts: Floats = np.zeros((0, self._width), np.float32)
        """In the order in which the contexts came: as many as were needed, and up to as many more."""
        self._index = np.zeros((WAYS, 3), np.uint32)
        """Of each slot the lower half of its key (0 of an empty one), the row of its counts, and when it was last
        learned, in steps learned: (slot, `_CHECK_AT` | `_ROW_AT` | `_LEARNED_AT`). One bucket until something is
        learned: many a player never is listened to."""
        self.used = 0
        """Contexts that are remembered."""

    @property
    def size(self) -> int:
        """Bytes at most."""
        return self._slots * (self._width * self._counts.itemsize + 3 * self._index.itemsize)

    def find(self, keys: Keys) -> Floats:
        """Return the counts under each key, (row, context, width); zeros where nothing was counted."""
        found: Floats = np.zeros((*keys.shape, self._width), np.float32)
        slots, is_there = self._find(keys)
        found[is_there] = self._counts[self._index[slots[is_there], _ROW_AT]]
        return found

    def find_known(self, keys: Keys) -> Known:
        """Return the counts of the keys that were learned."""
        slots, is_there = self._find(keys)
        rows, contexts = is_there.nonzero()
        counts = self._counts[self._index[slots[rows, contexts], _ROW_AT]]
        found, outcomes = np.divmod(np.flatnonzero(counts), self._width)
        return Known(
            rows, contexts, counts.sum(axis=1), counts.max(axis=1, initial=0), found, outcomes, counts[found, outcomes]
        )

    def learn(self, keys: Keys, values: Ints, now: int) -> list[SlotsBefore]:
        """Count what came. Returns what `restore` takes.

        Args:
            keys: of the step's contexts, (context,).
            values: what to count under each, from 0 to the width, (context,).
            now: steps learned so far.
        """
        if len(self._index) < self._slots:
            self._index = np.zeros((self._slots, 3), np.uint32)
        slots, is_there = self._find(keys)
        before: list[SlotsBefore] = []
        for index in np.flatnonzero(~is_there).tolist():
            slots[index] = self._take(keys[index : index + 1], now, before)  # in turn: two may want the same slot
        rows = self._index[slots, _ROW_AT]
        before.append(SlotsBefore(slots, self._index[slots], rows, self._counts[rows], self.used))
        self._index[slots, _LEARNED_AT] = now
        self._counts[rows] *= np.float32(DECAY)
        self._counts[rows, values] += 1
        return before

    def restore(self, before: list[SlotsBefore]) -> None:
        """Undo the last `learn` that wasn't undone, which returned `before`."""
        for slots, entries, rows, counts, used in reversed(before):
            self._index[slots], self._counts[rows], self.used = entries, counts, used

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is remembered, as `load` takes it."""
        slots = np.flatnonzero(self._index[:, _CHECK_AT])
        checks, rows, learned = self._index[slots].T
        return {"slots": slots, "counts": self._counts[rows], "checks": checks, "learned": learned}

    def load(self, slots: Ints, counts: Floats, checks: npt.NDArray[Any], learned: npt.NDArray[Any]) -> None:
        """Remember what `arrays` returned, and nothing else.

        Raises:
            ValueError, IndexError: it can't be: of another size, or no numbers.
        """
        self.clear()
        self._index = np.zeros((self._slots, 3), np.uint32)
        if counts.shape != (len(slots), self._width) or not (
            ((counts >= 0) & (counts <= 1 / (1 - DECAY))).all() and (slots >= 0).all()
        ):
            raise ValueError("its counts are none")
        self._index[slots] = np.stack([checks, np.arange(len(slots)), learned], axis=1)
        self._counts, self.used = counts.astype(np.float32), len(slots)

    def _find(self, keys: Keys) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Return each key's slot, and whether it is there; where it isn't, the slot is some other key's."""
        homes = self._homes(keys)
        checks = self._index[homes[..., None] + self._ways, _CHECK_AT] == _check(keys)[..., None]
        way = checks.argmax(axis=-1)
        return homes + way, checks.any(axis=-1)

    def _homes(self, keys: Keys) -> Ints:
        buckets = np.uint64(len(self._index) // WAYS - 1)
        homes: Ints = ((keys >> _HALF) & buckets).astype(np.int64) * WAYS
        return homes

    def _take(self, key: Keys, now: int, before: list[SlotsBefore]) -> int:
        """Give a slot to a new key, (1,): an empty one, or the one of its bucket that was learned first."""
        home = int(self._homes(key)[0])
        slot = home + int(self._index[home : home + WAYS, _LEARNED_AT].argmin())
        is_empty = not self._index[slot, _CHECK_AT]
        row = self.used if is_empty else int(self._index[slot, _ROW_AT])
        if row == len(self._counts):
            more = min(max(len(self._counts), FEWEST), self._slots - len(self._counts))
            self._counts = np.concatenate([self._counts, np.zeros((more, self._width), np.float32)])
        slots, rows = np.array([slot]), np.array([row])
        before.append(SlotsBefore(slots, self._index[slots], rows, self._counts[rows], self.used))
        self._index[slot] = _check(key)[0], row, now
        self._counts[row] = 0
        self.used += is_empty
        return slot


def _check(keys: Keys) -> npt.NDArray[np.uint32]:
    checks: npt.NDArray[np.uint32] = np.maximum(keys & _CHECK, np.uint64(1)).astype(np.uint32)
    return checks
