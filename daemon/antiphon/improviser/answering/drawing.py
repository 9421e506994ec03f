"""Drawing: the random numbers of all replies, and what was played last, which the next note depends on."""

from __future__ import annotations

import numpy as np

from antiphon.improviser.answering.constraints import NOTHING_PLAYED, History
from antiphon.melody.sampling import random_streams


class Drawing:
    """What was drawn up to now, and what is drawn from next.

    A next note, or one of a melody without a form, has a random stream of its own; an answer, or a melody with a form,
    has a generator of its own: whenever it is prepared, it is drawn from the same numbers.

    Args:
        seed: the same playing and seed give the same replies; None is new every time.
    """

    def __init__(self, seed: int | None) -> None:
        self._streams = random_streams(seed)
        self.stream = next(self._streams)
        """What is left of the stream of the note that is drawn now, or next."""
        self.history: History[int] = NOTHING_PLAYED
        self._seed = int(np.random.default_rng().integers(1 << 62)) if seed is None else seed
        self._replies = 0

    def forget(self) -> None:
        """Draw as if nothing had been played before."""
        self.history = NOTHING_PLAYED

    def begin_stream(self) -> None:
        """Draw from another note's stream from now on."""
        self.stream = next(self._streams)

    @property
    def reply_seed(self) -> tuple[int, int]:
        """Of the generators of the next answer, or melody with a form."""
        return self._seed, self._replies

    def begin_reply(self) -> None:
        """Draw the next answer, or melody with a form, from other generators: this one is played."""
        self._replies += 1
