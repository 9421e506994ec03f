"""Sampling: drawing one of several tokens by its probability."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Floats

COLD = 0.2
"""Temperatures below it raise probabilities to powers that a float can't hold."""


class Sampler:
    """Draws from probabilities with a temperature; the same seed draws the same.

    Args:
        temperature: 0 always takes the likeliest; 1 takes the model at its word; above, the unlikely gain. It may be
            set to another value between two draws.
        seed: of the random numbers; None is new every time.
    """

    def __init__(self, temperature: float, seed: int | None) -> None:
        self.temperature = temperature
        self._generator = np.random.default_rng(seed)

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
        power = 1 / self.temperature
        summed = list(accumulate(weight**power for weight in weights))
        place = bisect_right(summed, self._generator.random() * summed[-1])
        return int(allowed[min(place, len(allowed) - 1)])

    def share(self) -> float:
        """Return a number that is anywhere between 0 and 1 as likely."""
        return float(self._generator.random())
