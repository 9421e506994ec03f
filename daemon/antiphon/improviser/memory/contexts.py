"""Contexts: under which circumstances the memory counts what came, and their keys: hashes, all of a step at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.past import FIELDS, Ints
from antiphon.melody.grid import Place
from antiphon.melody.model import Metre

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
        fields = (*FIELDS, "position", "bar")
        generator = np.random.default_rng(seed)
        random = generator.integers(1 << 63, size=(len(fields), len(contexts)), dtype=np.uint64) * np.uint64(2)
        chosen = np.array([[field in context for context in contexts] for field in fields])
        multipliers: Keys = np.where(chosen, random + np.uint64(1), np.uint64(0))
        self._multipliers, self._of_place = multipliers[:-2], multipliers[-2:]
        self._offsets: Keys = generator.integers(1 << 63, size=len(contexts), dtype=np.uint64)
        self._offsets_at: dict[Place | None, Keys] = {None: self._offsets}
        """By the place in the bar: the offsets, and what the place adds to them."""

    def __call__(self, fields: Ints, place: Place | Metre | None) -> Keys:
        """Return the keys, (row, context), of fields (row, field); `place` is that of the step to be predicted."""
        sums: Keys = fields.view(np.uint64) @ self._multipliers
        sums += self._offsets_of(place)
        sums ^= sums >> _HALF
        sums *= _MIX
        sums ^= sums >> _HALF
        return sums

    def _offsets_of(self, place: Place | Metre | None) -> Keys:
        if isinstance(place, Metre):
            return np.stack([place.position, place.bar], axis=1).astype(np.uint64) @ self._of_place + self._offsets
        if place not in self._offsets_at:
            at = np.array([place.position, place.bar], np.uint64) if place else np.zeros(2, np.uint64)
            self._offsets_at[place] = at @ self._of_place + self._offsets
        return self._offsets_at[place]
