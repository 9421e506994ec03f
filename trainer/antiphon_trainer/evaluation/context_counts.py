"""Context counts: how often each token followed what a melody has just played, in other songs and earlier in itself.

Counts are float32 (step, order, V): at every step, for every order k from 0 up, how often each token came after the
same k tokens. Where the k tokens never came before, and where a song is shorter than k tokens, they are all 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Floats, Tokens

DEEPEST = 32
"""Steps of the longest context that is counted, two bars of 4/4: a longer one is nearly always new, or certain."""

_Ints = npt.NDArray[np.int64]


class LongTerm:
    """Counts over training songs, found with an FM index (Ferragina & Manzini 2000).

    All songs make one cyclic text, each behind a `"/"`. Its places are sorted by what stands before them, read
    backwards, so that the places with the same k tokens before them are neighbours, `low` to `high`. Reading a token
    leads from the interval of every context to that of the context which is longer by it, without a search.

    Args:
        songs: tokens of each, with the final `"/"`, (step,).
        size: V.
    """

    def __init__(self, songs: Sequence[Tokens], size: int) -> None:
        text = np.concatenate(songs).astype(np.int64)
        following = text[_sorted_by_past(text)]
        self._before = np.zeros((len(text) + 1, size), np.int32)
        """How often each token follows at a place before this one, (place, V)."""
        np.cumsum(following[:, None] == np.arange(size), axis=0, out=self._before[1:])
        self._first = np.concatenate([[0], np.cumsum(self._before[-1])[:-1]])
        """The first place with each token just before it, (V,)."""

    def counts(self, read: Tokens) -> Floats:
        """Return the counts along a song; `read` (step,) is what is read before each step, `"/"` first."""
        low, high = (np.zeros((len(read), DEEPEST + 1), np.int64) for _ in range(2))
        now, end = np.zeros((2, DEEPEST + 1), np.int64)
        end[0] = len(self._before) - 1
        for step, token in enumerate(read):
            now[1:] = self._first[token] + self._before[now[:-1], token]
            end[1:] = self._first[token] + self._before[end[:-1], token]
            low[step], high[step] = now, end
        return (self._before[high] - self._before[low]).astype(np.float32)


def _sorted_by_past(text: _Ints) -> _Ints:
    """Return the places of a cyclic text sorted by the `DEEPEST` tokens before them, the nearest counting most.

    By doubling (Manber & Myers 1993): the order by 2k tokens is that by the nearer k and then that by the further k.
    """
    rank = np.roll(text, 1)
    depth = 1
    while depth < DEEPEST:
        pair = rank * (rank.max() + 1) + np.roll(rank, depth)
        rank = np.unique(pair, return_inverse=True)[1]
        depth *= 2
    return np.argsort(rank, kind="stable")


def short_term_counts(read: Tokens, tokens: Tokens, size: int) -> Floats:
    """Return the counts over what a song has played itself until each step.

    Args:
        read: what is read before each step, `"/"` first, (step,).
        tokens: what comes at each step, (step,).
        size: V.
    """
    counts = np.zeros((len(read), DEEPEST + 1, size), np.float32)
    # same[j]: how many tokens just before step j are those just before this step.
    same = np.zeros(len(read), np.int64)
    for step in range(len(read)):
        same[1 : step + 1] = same[:step]
        same[0] = 0
        same[: step + 1] = np.where(read[: step + 1] == read[step], np.minimum(same[: step + 1] + 1, DEEPEST), 0)
        found = np.bincount(same[:step] * size + tokens[:step], minlength=(DEEPEST + 1) * size)
        # A step that shares k tokens shares the nearer k − 1 too.
        counts[step] = found.reshape(-1, size)[::-1].cumsum(axis=0)[::-1]
    return counts
