"""Sampling: drawing one of several tokens by its probability."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, repeat

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Floats

COLD = 0.2
"""Temperatures below it raise probabilities to powers that a float can't hold."""


_NUMBERS = 32


class Sampler:
    """Draws from probabilities with a temperature; the same seed draws the same.

    The random numbers come by the page: what is drawn on one page may be drawn again, with the same numbers.

    Args:
        temperature: 0 always takes the likeliest; 1 takes the model at its word; above, the unlikely gain. It may be
            set to another value between two draws.
        seed: of the random numbers; None is new every time.
    """

    def __init__(self, temperature: float, seed: int | None) -> None:
        self.temperature = temperature
        self.used = 0
        """Numbers of this page that have been used; set it back, and the same ones are used again."""
        self._seed = np.random.SeedSequence(seed).generate_state(2).tolist()
        self._number = -1
        self.turn_page()

    def turn_page(self) -> None:
        """Draw other numbers from now on, the same whatever was drawn on the page before."""
        self._number += 1
        self._generator = np.random.default_rng([*self._seed, self._number])
        self._page: list[float] = []
        self.used = 0

    def draw(self, probabilities: Floats, allowed: npt.NDArray[np.intp]) -> int:
        """Return one of the tokens `allowed`, drawn by its share of `probabilities` (V,)."""
        # Lists, because for fifty numbers they are quicker than arrays.
        weights: list[float] = probabilities[allowed].tolist()
        if self.temperature < COLD:
            most = max(weights)
            if self.temperature == 0:
                return int(allowed[weights.index(most)])
            # Raised relative to the largest, so that a small temperature can't underflow all of them to 0.
            weights = [weight / max(most, 1e-30) for weight in weights]
        summed = list(accumulate(map(pow, weights, repeat(1 / self.temperature))))
        place = bisect_right(summed, self.share() * summed[-1])
        return int(allowed[min(place, len(allowed) - 1)])

    def share(self) -> float:
        """Return a number that is anywhere between 0 and 1 as likely."""
        if self.used == len(self._page):
            self._page += self._generator.random(_NUMBERS).tolist()
        self.used += 1
        return self._page[self.used - 1]
