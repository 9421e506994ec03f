"""Sampling: drawing one of several tokens by its probability."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Floats


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
        weights = probabilities[allowed].astype(np.float64)
        if self.temperature == 0:
            return int(allowed[weights.argmax()])
        # Raised relative to the largest, so that a small temperature can't underflow all of them to 0.
        weights = (weights / max(weights.max(), 1e-30)) ** (1 / self.temperature)
        summed = weights.cumsum()
        place = np.searchsorted(summed, self._generator.random() * summed[-1], side="right")
        return int(allowed[min(int(place), len(allowed) - 1)])

    def share(self) -> float:
        """Return a number that is anywhere between 0 and 1 as likely."""
        return float(self._generator.random())
