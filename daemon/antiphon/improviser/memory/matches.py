"""Matches: passages of the performer's history that are equal to the end of what is being played."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.past import PHRASE, Ints

LENGTHS = (16, 24, 32, 48, 64)
"""Tokens at which classes of a match's length begin."""
LENGTH_CLASSES = len(LENGTHS) + 1
HISTORY = 1 << 20
"""Tokens that are kept, a power of 2: a day and a half at 120 BPM."""
_TRAILS = 1 << 18
"""Passages of `PHRASE` tokens whose latest place is kept, a power of 2."""
_PART = 1 << 16
"""Passages that are copied at once."""
_FEWEST = 4096
"""Tokens that there is room for to begin with, a power of 2."""
_MULTIPLIERS = np.random.default_rng(12).integers(1 << 63, size=PHRASE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SHIFT = np.uint64(40)
_BACK = np.arange(PHRASE)

PlaceBefore = tuple[int, int, int]
"""The token that a new one overwrites, a passage's hash, and the place that it had."""


class History:
    """All tokens that were learned, in their order, and where each passage occurred last."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._tokens = np.zeros(_FEWEST, np.int16)
        """As many as were needed, and up to as many more."""
        self._places = np.zeros(0, np.int32)
        """By a passage's hash: the place after it, or 0; none before something is learned."""
        self.count = 0
        """Tokens learned so far."""

    @property
    def size(self) -> int:
        """Bytes at most."""
        return HISTORY * self._tokens.itemsize + _TRAILS * self._places.itemsize

    def expected(self, pointer: Ints) -> Ints:
        """Return the token at each pointer into what was learned; −1 where it points nowhere."""
        found: Ints = np.full(len(pointer), -1)
        there = np.flatnonzero(pointer >= 0)
        if len(there):
            found[there] = self._tokens[pointer[there] & (HISTORY - 1)]
        return found

    def latest(self, tokens: Ints) -> Ints:
        """Return the place after the latest passage that is equal to the end of each row, or −1.

        Args:
            tokens: the last ones + 1, the latest first, (row, PHRASE).
        """
        if not self.count:
            return np.full(len(tokens), -1)
        found: Ints = np.full(len(tokens), -1)
        place = self._places[_hash(tokens)].astype(np.int64)
        there = np.flatnonzero(place)
        if len(there):
            there = there[place[there] < self.count]
            place = place[there]  # where another passage has the same hash, the tokens before it are others
            before = (place[:, None] - 1 - _BACK) & (HISTORY - 1)
            same = (self._tokens[before] == tokens[there] - 1).all(axis=1)
            found[there[same]] = place[same]
        return found

    def learn(self, token: int, tokens: Ints) -> PlaceBefore:
        """Let a token follow. Returns what `restore` takes.

        Args:
            token: the one that comes.
            tokens: the last ones + 1 after it, the latest first, (1, PHRASE).
        """
        self._make_room(self.count + 1)
        at, trail = self.count & (HISTORY - 1), int(_hash(tokens)[0])
        before = int(self._tokens[at]), trail, int(self._places[trail])
        self._tokens[at] = token
        self.count += 1
        if tokens[0, -1]:
            self._places[trail] = self.count
        return before

    def restore(self, before: PlaceBefore) -> None:
        """Undo the last `learn` that wasn't undone, which returned `before`."""
        self.count -= 1
        self._tokens[self.count & (HISTORY - 1)], trail, place = before
        self._places[trail] = place

    def passage(self, pointer: int, length: int) -> list[int]:
        """Return the `length` tokens from `pointer` on, as far as there are."""
        return [int(self._tokens[at & (HISTORY - 1)]) for at in range(pointer, min(pointer + length, self.count))]

    def parts(self) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """Yield what is remembered a part at a time; joined, they are what `load` takes."""
        tokens, count = self._tokens[: min(self.count, HISTORY)].copy(), self.count
        yield {"count": np.array([count]), "tokens": tokens}
        for start in range(0, _TRAILS, _PART):
            places = self._places[start : start + _PART]
            trails = np.flatnonzero((places > 0) & (places <= count))  # what has come since is none of it
            yield {"trails": start + trails, "places": places[trails]}

    def load(self, count: Ints, tokens: npt.NDArray[Any], trails: Ints, places: npt.NDArray[Any]) -> None:
        """Remember what `parts` yielded, and nothing else.

        Raises:
            ValueError, IndexError: it can't be.
        """
        self.clear()
        steps = int(count.item())
        if (
            steps < 0
            or len(tokens) != min(steps, HISTORY)
            or (trails < 0).any()
            or (places < 0).any()
            or (places > steps).any()
        ):
            raise ValueError("its history has holes")
        self._make_room(len(tokens))
        self._tokens[: len(tokens)] = tokens
        self._places[trails] = places
        self.count = steps

    def _make_room(self, count: int) -> None:
        if not len(self._places):
            self._places = np.zeros(_TRAILS, np.int32)
        while len(self._tokens) < min(count, HISTORY):
            self._tokens = np.concatenate([self._tokens, np.zeros_like(self._tokens)])


def length_class(lengths: npt.NDArray[np.int64]) -> Ints:
    """Return the class of a match's length in tokens, 0 … `LENGTH_CLASSES` − 1."""
    return np.searchsorted(LENGTHS, lengths, side="right")


def _hash(tokens: Ints) -> Ints:
    return ((tokens.view(np.uint64) @ _MULTIPLIERS) >> _SHIFT).astype(np.int64) & (_TRAILS - 1)
