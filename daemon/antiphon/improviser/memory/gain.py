"""The gain: how many bits the memory has saved, against the network alone."""

from __future__ import annotations

from typing import NamedTuple

LATELY = 200
"""Notes, some minutes of playing, over which what was gained lately counts: older ones by 1/e less for each as many."""


class Gain(NamedTuple):
    """Bits that the mixture has saved; below 0 it has cost some."""

    bits: float = 0.0
    notes: int = 0
    """Over which they were counted."""
    late_bits: float = 0.0
    """The same, of which each note takes a share of 1/`LATELY`."""
    late_notes: float = 0.0

    def after(self, bits: float, is_note: bool) -> Gain:
        """Return it after a step in which so many bits were saved."""
        keep = 1 - is_note / LATELY
        return Gain(
            self.bits + bits, self.notes + is_note, keep * self.late_bits + bits, keep * self.late_notes + is_note
        )

    @property
    def overall(self) -> float | None:
        """Bits a note, of all that was played; None where nothing was counted."""
        return self.bits / self.notes if self.notes else None

    @property
    def lately(self) -> float | None:
        """Bits a note, of what was played lately; None where nothing was counted."""
        return self.late_bits / self.late_notes if self.late_notes else None
