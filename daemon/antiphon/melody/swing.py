"""Swing: where eighths off the beat fall, and how the places of a straight beat map onto those of a swung one.

Swing is said as drum machines and DAWs say it: how much of the beat lies before the eighth off the beat. 50 % is
straight, 60 % is long to short 3:2, and two thirds of the beat (67 %) is 2:1, the first and third note of a triplet.
Between beat and off-beat everything is stretched or squeezed alike, so sixteenths lean with their eighths.
"""

from __future__ import annotations

import math

from antiphon.errors import UserError

AUTO = "auto"
"""The setting with which answers swing as the performer does."""
STRAIGHT = 0.5
"""Share of the beat before the eighth off the beat where nothing swings."""
MOST = 2 / 3
"""The largest such share: long to short 2:1. What is more uneven is dotted, three sixteenths and one."""
_LEAST_PERCENT, _MOST_PERCENT = 50.0, 67.0


def played(place: float, share: float) -> float:
    """Return where a place is played, both in beats from any beat on; at the beats the two are equal.

    Args:
        place: as it is written, straight: the eighth off the beat is at 0.5.
        share: of the beat before that eighth, 0.5 for straight.
    """
    beat = math.floor(place)
    within = place - beat
    if within < STRAIGHT:
        return beat + within / STRAIGHT * share
    return beat + share + (within - STRAIGHT) / STRAIGHT * (1 - share)


def straightened(place: float, share: float) -> float:
    """Return which place was meant by one that was played, the inverse of `played`."""
    beat = math.floor(place)
    within = place - beat
    if within < share:
        return beat + within / share * STRAIGHT
    return beat + STRAIGHT + (within - share) / (1 - share) * STRAIGHT


def swing_name(share: float | None) -> str:
    """Return the setting that says a share; None is the performer's."""
    return AUTO if share is None else f"{100 * share:.4g}"


def parse_swing(text: str) -> float | None:
    """Return the share that a setting says; None where it is to be the performer's.

    Args:
        text: `auto`, or a percentage of the beat, such as `50`, `58.5` or `67 %`.

    Raises:
        UserError: it is neither.
    """
    if text == AUTO:
        return None
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not _LEAST_PERCENT <= percent <= _MOST_PERCENT:
        raise UserError(
            f'swing {text}: say "{AUTO}", or where in the beat the eighth off the beat falls, in percent: '
            "50 is straight, 67 is as in a triplet"
        )
    return percent / 100
