"""The melody of a score for keyboard, the top line of its upper staff, and where its bars begin."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_UPPER_STAFF = 1
_INSTANT = 1e-4
"""Quarter notes; what is nearer than this is at one moment."""


def is_melody(written: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which notes of a score are its melody: the highest of the upper staff where they start.

    A note that starts below one that the upper staff still holds is none, nor is a grace note.

    Args:
        written: partitura's note array, with staves and grace notes.
    """
    staff = written["staff"]
    is_upper = (staff == _UPPER_STAFF) if (staff == _UPPER_STAFF).any() else np.ones(len(written), np.bool_)
    rows = np.flatnonzero(is_upper & ~written["is_grace"].astype(np.bool_))
    found = np.zeros(len(written), np.bool_)
    held: list[tuple[float, int]] = []  # until when, and which pitch
    for row in sorted(rows.tolist(), key=lambda row: (written["onset_quarter"][row], -written["pitch"][row])):
        start, pitch = float(written["onset_quarter"][row]), int(written["pitch"][row])
        held = [each for each in held if each[0] > start + _INSTANT]
        if all(pitch > other for _, other in held):
            found[row] = True
        held.append((start + float(written["duration_quarter"][row]), pitch))
    return found


def downbeats_of(part: Any) -> list[float]:
    """Return the beats on which the bars of partitura's part begin, as it counts beats; an upbeat's bar isn't whole."""
    starts = (float(part.beat_map(bar.start.t)) for bar in part.measures)
    return [start for start in starts if start > -_INSTANT]
