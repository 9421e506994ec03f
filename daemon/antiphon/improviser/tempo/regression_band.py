"""Regression bands: the lowest band between two parallel lines that holds the last points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple


class Point(NamedTuple):
    """Pulse `number` came at `time` seconds."""

    number: int
    time: float


class RegressionBand(NamedTuple):
    """The last `size` points lie between two lines that rise by `slope` seconds a number, `height` seconds apart."""

    size: int
    slope: float
    height: float


def regression_bands(points: Sequence[Point], sizes: Sequence[int]) -> Iterator[RegressionBand]:
    """Yield the band of the last points, for each of the rising `sizes`, and then for all points if they are fewer.

    The two convex hulls grow with each point (Andrew's monotone chain), so that the cost is that of the longest.
    """
    lower: list[Point] = []
    upper: list[Point] = []
    wanted = [size for size in sizes if 2 <= size <= len(points)]
    if 2 <= len(points) < sizes[-1] and len(points) not in wanted:
        wanted.append(len(points))
    size = 0
    for next_size in wanted:
        for point in points[len(points) - next_size : len(points) - size][::-1]:
            _add(lower, point, 1)
            _add(upper, point, -1)
        size = next_size
        yield _lowest(size, lower, upper)


def _add(hull: list[Point], point: Point, side: int) -> None:
    """Add a point to the left of a hull whose points run from right to left."""
    number, time = point
    while len(hull) >= 2:
        right_number, right_time = hull[-2]
        middle_number, middle_time = hull[-1]
        turn = (middle_number - right_number) * (time - right_time)
        if side * (turn - (middle_time - right_time) * (number - right_number)) < 0:
            break
        hull.pop()
    hull.append(point)


def _lowest(size: int, lower: list[Point], upper: list[Point]) -> RegressionBand:
    """Return the band of least height between two hulls.

    The height is convex in the slope, and bends only at the slopes of the hulls' edges: one of these is the best.
    """
    slopes = [
        (right.time - left.time) / (right.number - left.number)
        for hull in (lower, upper)
        for right, left in pairwise(hull)
    ]
    return min(
        (RegressionBand(size, slope, _height(slope, lower, upper)) for slope in slopes), key=lambda band: band.height
    )


def _height(slope: float, lower: list[Point], upper: list[Point]) -> float:
    top = max([time - slope * number for number, time in upper])
    return top - min([time - slope * number for number, time in lower])
