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
DECAY = 0.95
"""By which a context's counts are multiplied each time that it occurs: some twenty occurrences are remembered."""

Floats = npt.NDArray[np.float32]
SlotsBefore = tuple[Ints, Floats, npt.NDArray[np.uint32], npt.NDArray[np.uint32]]
"""Slots, and their counts, checks and moments."""
_CHECK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


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
        # Zeros take no memory until they are written to.
        self._counts: Floats = np.zeros((slots, width), np.float32)
        self._checks = np.zeros(slots, np.uint32)
        """The lower half of each slot's key; 0 of an empty one."""
        self._learned = np.zeros(slots, np.uint32)
        """When each slot was last learned, in steps learned."""
        self._buckets = np.uint64(slots // WAYS - 1)
        self._ways = np.arange(WAYS)

    @property
    def size(self) -> int:
        """Bytes at most."""
        return self._counts.nbytes + self._checks.nbytes + self._learned.nbytes

    @property
    def used(self) -> int:
        """Contexts that are remembered."""
        return int(np.count_nonzero(self._checks))

    def find(self, keys: Keys) -> Floats:
        """Return the counts under each key, (row, context, width); zeros where nothing was counted."""
        slots, is_there = self._slots(keys)
        found = self._counts[slots]
        found *= is_there[..., None]
        return found

    def find_known(self, keys: Keys) -> Known:
        """Return the counts of the keys that were learned."""
        slots, is_there = self._slots(keys)
        rows, contexts = is_there.nonzero()
        counts = self._counts[slots[rows, contexts]]
        found, outcomes = counts.nonzero()
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
        slots, is_there = self._slots(keys)
        before: list[SlotsBefore] = []
        for index in np.flatnonzero(~is_there).tolist():
            here = slice(index, index + 1)  # one after the other: two may want the same slot
            slots[here] = slot = self._free(keys[here])
            before.append(self._copy(slot))
            self._checks[slot], self._learned[slot], self._counts[slot] = _check(keys[here]), now, 0
        before.append(self._copy(slots))
        self._learned[slots] = now
        self._counts[slots] *= np.float32(DECAY)
        self._counts[slots, values] += 1
        return before

    def restore(self, before: list[SlotsBefore]) -> None:
        """Undo the last `learn` that wasn't undone, which returned `before`."""
        for slots, counts, checks, learned in reversed(before):
            self._counts[slots], self._checks[slots], self._learned[slots] = counts, checks, learned

    def clear(self) -> None:
        """Forget everything."""
        for each in (self._counts, self._checks, self._learned):
            each.fill(0)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is remembered, as `load` takes it."""
        used = np.flatnonzero(self._checks)
        return {
            "slots": used,
            "counts": self._counts[used],
            "checks": self._checks[used],
            "learned": self._learned[used],
        }

    def load(self, slots: Ints, counts: Floats, checks: npt.NDArray[Any], learned: npt.NDArray[Any]) -> None:
        """Remember what `arrays` returned, and nothing else.

        Raises:
            ValueError, IndexError: it can't be: of another size, or no numbers.
        """
        self.clear()
        if not (((counts >= 0) & (counts <= 1 / (1 - DECAY))).all() and (slots >= 0).all()):
            raise ValueError("its counts are none")
        self._counts[slots], self._checks[slots], self._learned[slots] = counts, checks, learned

    def _slots(self, keys: Keys) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Return each key's slot, and whether it is there; where it isn't, the slot is some other key's."""
        homes = self._homes(keys)
        checks = self._checks[homes[..., None] + self._ways] == _check(keys)[..., None]
        way = checks.argmax(axis=-1)
        return homes + way, checks.any(axis=-1)

    def _homes(self, keys: Keys) -> Ints:
        homes: Ints = ((keys >> _HALF) & self._buckets).astype(np.int64) * WAYS
        return homes

    def _free(self, key: Keys) -> Ints:
        """Return the slot that a new key takes, (1,): an empty one, or the one of its bucket that was learned first."""
        home = self._homes(key)
        slot: Ints = home + self._learned[home + self._ways].argmin()
        return slot

    def _copy(self, slots: Ints) -> SlotsBefore:
        return slots.copy(), self._counts[slots], self._checks[slots], self._learned[slots]


def _check(keys: Keys) -> npt.NDArray[np.uint32]:
    checks: npt.NDArray[np.uint32] = np.maximum(keys & _CHECK, np.uint64(1)).astype(np.uint32)
    return checks
