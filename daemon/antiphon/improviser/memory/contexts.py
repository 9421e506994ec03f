"""Contexts: under which circumstances the memory counts what came, and their keys: hashes, all of a step at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.past import FIELDS, Ints

Keys = npt.NDArray[np.uint64]


def _latest(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(1, count + 1))


CLASS_CONTEXTS: tuple[tuple[str, ...], ...] = (
    ("kind", "age", *_latest("d", 2)),
    ("kind", "age", *_latest("d", 8)),
    ("kind", "age", "p1"),
    ("kind", "age", *_latest("d", 2), *_latest("p", 3)),
    ("kind", "age", "position", "bar"),
)
"""What the class of the next symbol is counted under."""
PITCH_CONTEXTS: tuple[tuple[str, ...], ...] = (
    (),
    _latest("p", 1),
    _latest("p", 2),
    _latest("p", 4),
    _latest("p", 8),
    ("p1", "p2", "d1", "wait"),
    ("wait", *_latest("p", 4), *_latest("d", 4)),
    ("p1", "position", "bar"),
    _latest("i", 3),
)
"""What the pitch of a note that starts is counted under; under the last one its interval from the note before is."""

_MIX = np.uint64(0xFF51AFD7ED558CCD)
"""An odd number by which the bits of a sum are mixed, of MurmurHash3 (Appleby, public domain)."""
_HALF = np.uint64(32)


class Hashes:
    """Turns the fields of a step into one key for each context.

    Args:
        contexts: the fields of each.
        seed: of the multipliers; two stages have two, and every run the same.
    """

    def __init__(self, contexts: tuple[tuple[str, ...], ...], seed: int) -> None:
        generator = np.random.default_rng(seed)
        random = generator.integers(1 << 63, size=(len(FIELDS), len(contexts)), dtype=np.uint64) * np.uint64(2)
        chosen = np.array([[field in context for context in contexts] for field in FIELDS])
        self._multipliers: Keys = np.where(chosen, random + np.uint64(1), np.uint64(0))
        self._offsets: Keys = generator.integers(1 << 63, size=len(contexts), dtype=np.uint64)

    def __call__(self, fields: Ints) -> Keys:
        """Return the keys, (row, context), of fields (row, field)."""
        sums: Keys = fields.astype(np.uint64) @ self._multipliers + self._offsets
        sums ^= sums >> _HALF
        sums *= _MIX
        sums ^= sums >> _HALF
        return sums
