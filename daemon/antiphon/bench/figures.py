"""Figures: what many measurements come to."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np


class Spread(msgspec.Struct, frozen=True):
    """The spread of `n` measurements, in the unit of the row that it stands in."""

    p50: float
    p95: float
    p99: float
    max: float
    n: int


def spread(values: Sequence[float]) -> Spread | None:
    """Return the spread of some measurements, or None where there are none."""
    if not values:
        return None
    p50, p95, p99 = np.percentile(values, (50, 95, 99)).tolist()
    return Spread(round(p50, 2), round(p95, 2), round(p99, 2), round(max(values), 2), len(values))
