"""The progress of a training: its epochs so far, and when it ends."""

from __future__ import annotations

import msgspec


class Epoch(msgspec.Struct, frozen=True):
    """The figures of an epoch; losses are in bits per step."""

    number: int
    """From 1."""
    training_bits: float
    validation_bits: float
    seconds: float


class Progress(msgspec.Struct):
    """The finished epochs of a training."""

    training: str
    """Fingerprint of the training's settings and dataset."""
    epochs: list[Epoch] = []

    @property
    def best(self) -> Epoch:
        """The epoch with the fewest validation bits; with ties, the first."""
        return min(self.epochs, key=lambda epoch: epoch.validation_bits)

    def is_over(self, epochs: int, patience: int) -> bool:
        """Return whether training ends: all epochs are done, or the last `patience` epochs brought no better one."""
        done = len(self.epochs)
        return done >= epochs or (done > 0 and done - self.best.number >= patience)
