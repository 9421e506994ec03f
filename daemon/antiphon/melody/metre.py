"""The metre: time signatures whose bars lie on the grid."""

from __future__ import annotations

import re
from dataclasses import dataclass

from antiphon.errors import UserError
from antiphon.melody.grid import STEPS_PER_BEAT

_SIGNATURE = re.compile(r"(\d{1,2})/(\d{1,2})")


@dataclass(frozen=True)
class TimeSignature:
    """A time signature whose bar is a whole number of steps."""

    beats: int
    unit: int

    @property
    def bar(self) -> int:
        """Steps (sixteenths) in a bar."""
        return self.bar_of(STEPS_PER_BEAT)

    def bar_of(self, steps_per_beat: float) -> int:
        """Return the steps in a bar, where there are so many in a quarter note; at least 1."""
        return max(1, round(self.beats * 4 * steps_per_beat / self.unit))

    def beat_of(self, steps_per_quarter: float) -> int:
        """Return the steps from beat to beat, where there are so many in a quarter note; at least 1.

        A beat is a quarter note; in compound metres (6/8, 9/8, 12/8) three of the signature's units, and where quarter
        notes don't fill the bar (5/8), one unit.
        """
        unit = steps_per_quarter * 4 / self.unit
        if unit < steps_per_quarter and self.beats % 3 == 0:
            return max(1, round(3 * unit))
        is_filled = self.bar_of(steps_per_quarter) % max(1, round(steps_per_quarter)) == 0
        return max(1, round(steps_per_quarter if is_filled else unit))

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"


COMMON_TIME = TimeSignature(4, 4)


def parse_metre(text: str, where: str) -> TimeSignature:
    """Read a time signature, say `3/4`.

    Args:
        text: the signature.
        where: the option or key that it stands in, for the message.

    Raises:
        UserError: it is no time signature of up to 32 beats, or its beat is shorter than a sixteenth.
    """
    match = _SIGNATURE.fullmatch(text.strip())
    beats, unit = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= beats <= 32 and unit in (1, 2, 4, 8, 16)):
        raise UserError(f"{where} {text}: no time signature; say for example 4/4, 3/4 or 6/8")
    return TimeSignature(beats, unit)
