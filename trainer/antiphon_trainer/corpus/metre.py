"""Metre: where the barlines of a song stand, and what that makes of every step: its position and its bar."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]

_WRITTEN = re.compile(r"(\d+):(\d+)/(\d+)")


class Barline(msgspec.Struct, frozen=True, array_like=True):
    """From `step` on, positions count from `position` in bars of `bar` steps; 0 and 0 where there is no metre."""

    step: int
    position: int
    bar: int


def metre_of_steps(barlines: Sequence[Barline], count: int) -> tuple[Ints, Ints]:
    """Return position and bar, both int32 (step,), of the first `count` steps of a song.

    Args:
        barlines: by their steps; none means that the song has no metre.
        count: of steps. What the song's final `"/"` takes is the step after its last note.
    """
    position, bar = np.zeros(count, np.int32), np.zeros(count, np.int32)
    ends = [*(line.step for line in barlines[1:]), count]
    for line, end in zip(barlines, ends, strict=False):
        if line.bar and line.step < count:
            steps = np.arange(line.step, min(end, count))
            position[steps] = steps - line.step + line.position
            bar[steps] = line.bar
    return position, bar


def barlines_of(bars: Sequence[tuple[int, int]]) -> list[Barline]:
    """Return the barlines of written bars.

    Args:
        bars: (first step, nominal length in steps) of each; a length of 0 where the metre is unknown.
            A first bar that is shorter than its length is an upbeat: it counts as if its end were the barline.
    """
    lines = [Barline(step, 0, length) for step, length in bars]
    if len(bars) > 1:
        (first, length), (second, _) = bars[:2]
        lines[0] = Barline(first, max(0, length - (second - first)), length)
    return lines


def written(barlines: Sequence[Barline]) -> str:
    """Return barlines as text: `0:12/16 4:0/16` is an upbeat of a quarter note in bars of sixteen steps."""
    return " ".join(f"{line.step}:{line.position}/{line.bar}" for line in barlines)


def read(text: str) -> list[Barline]:
    """Read barlines back.

    Raises:
        ValueError: the text is something else.
    """
    words = [_WRITTEN.fullmatch(word) for word in text.split()]
    lines = [Barline(*map(int, word.groups())) for word in words if word]
    steps = [line.step for line in lines]
    if len(lines) != len(words) or steps != sorted(set(steps)):
        raise ValueError(f"{text[:40]!r} are no barlines")
    return lines
