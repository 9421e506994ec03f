"""How far a training came: its epochs, and when it is over."""

from __future__ import annotations

import msgspec


class Epoch(msgspec.Struct, frozen=True):
    """The figures of an epoch, in bits a step."""

    number: int
    training_bits: float
    validation_bits: float
    seconds: float


class Progress(msgspec.Struct):
    """The epochs that a training has behind it."""

    training: str
    """What tells this training from others: its settings and its dataset."""
    epochs: list[Epoch] = []

    @property
    def best(self) -> Epoch:
        """The epoch with the fewest validation bits; of equals the first."""
        return min(self.epochs, key=lambda epoch: epoch.validation_bits)

    def is_over(self, epochs: int, patience: int) -> bool:
        """Tell whether training ends here: all epochs done, or none better for `patience` epochs."""
        done = len(self.epochs)
        return done >= epochs or (done > 0 and done - self.best.number >= patience)
