"""Sampling: random numbers as values, and drawing one of several tokens by its probability."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, count, repeat

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Floats

COLD = 0.2
"""Temperature; below it, probabilities are scaled by the largest before they are raised to the power of its inverse,
which would otherwise underflow all of them to 0."""
_NUMBERS = 32
"""Random numbers; that many are made at a time, because asking the generator for one costs nearly as much as for all:
most notes need fewer."""


class RandomStream:
    """A fixed sequence of random numbers, uniform in [0, 1), from some place in it on: a value.

    Reading a number returns the rest of the stream and leaves this one as it was, so whoever draws from the same stream
    again draws the same. The numbers themselves are made when they are first read, and shared by all rests of a stream.
    """

    __slots__ = ("_generator", "_numbers", "_position")

    def __init__(self, generator: np.random.Generator, numbers: list[float] | None = None, position: int = 0) -> None:
        self._generator = generator
        self._numbers = [] if numbers is None else numbers
        self._position = position

    def next(self) -> tuple[float, RandomStream]:
        """Return the next number, and the stream after it."""
        numbers, position = self._numbers, self._position
        if position == len(numbers):
            numbers += self._generator.random(_NUMBERS).tolist()
        return numbers[position], RandomStream(self._generator, numbers, position + 1)


def random_streams(seed: int | None) -> Iterator[RandomStream]:
    """Yield streams without end, one for each note: what is drawn for a note doesn't depend on the notes before it.

    Args:
        seed: the same seed yields the same streams; None yields new ones every time.
    """
    words = np.random.SeedSequence(seed).generate_state(2).tolist()
    for number in count():
        yield RandomStream(np.random.default_rng([*words, number]))


def draw(
    probabilities: Floats, allowed: npt.NDArray[np.intp], temperature: float, stream: RandomStream
) -> tuple[int, RandomStream]:
    """Draw a token by its share of the probabilities, raised to the power of 1 / `temperature`.

    Args:
        probabilities: of all tokens, (V,); they needn't sum to 1.
        allowed: the tokens to draw from, at least one.
        temperature: 0 always takes the likeliest; 1 takes the model at its word; above, the unlikely gain.
        stream: of random numbers; one is read, or none at temperature 0.

    Returns:
        The token, and the stream after it.
    """
    # Lists, because for fifty numbers they are quicker than arrays.
    weights: list[float] = probabilities[allowed].tolist()
    if temperature < COLD:
        most = max(weights)
        if temperature == 0:
            return int(allowed[weights.index(most)]), stream
        weights = [weight / max(most, 1e-30) for weight in weights]
    summed = list(accumulate(map(pow, weights, repeat(1 / temperature))))
    share, stream = stream.next()
    place = bisect_right(summed, share * summed[-1])
    return int(allowed[min(place, len(allowed) - 1)]), stream
