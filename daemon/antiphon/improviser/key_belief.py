"""The key: how likely each of the twelve key signatures is, given what was heard, and which one is in use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CHANCE_TO_MOVE = 0.003
"""Chance that the key changes from one note to the next: small, so that a modulation is followed in time."""
MOST_EVIDENCE = 6.0
"""Bits that one note may speak for one key against another: no single wrong note overturns a melody."""
CLEAR_LEAD = 0.9
LEAD_NOTES = 3
"""A key takes another's place when it has the probability `CLEAR_LEAD`, or has led for `LEAD_NOTES` notes.

Before any key was that clear there is nothing to hold on to, and the likeliest is in use from note to note.
"""

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KeyBelief:
    """A posterior over keys, (key,), summing to 1; the row of the key in use, and how long another one has led."""

    weights: Weights
    in_use: int | None = None
    leader: int | None = None
    led: int = 0
    was_clear: bool = False
    """Some key has had a clear lead."""

    @property
    def expected(self) -> Weights:
        """The probability of each key for the note to come, (key,): it may have moved since the last one."""
        others = len(self.weights) - 1
        if not others:
            return self.weights
        return self.weights * (1 - CHANCE_TO_MOVE) + (1 - self.weights) * (CHANCE_TO_MOVE / others)

    def after(self, bits: Weights) -> KeyBelief:
        """Return the belief after a note whose pitch cost `bits` (key,) in each key, given that a note starts."""
        evidence = np.exp2(-np.minimum(bits - bits.min(), MOST_EVIDENCE))
        weights = self.expected * evidence
        weights /= weights.sum()
        leader = int(weights.argmax())
        led = self.led + 1 if leader == self.leader else 1
        is_clear = bool(weights[leader] >= CLEAR_LEAD)
        changes = is_clear or led >= LEAD_NOTES or not self.was_clear
        return KeyBelief(
            weights=weights,
            in_use=leader if changes else self.in_use,
            leader=leader,
            led=led,
            was_clear=self.was_clear or is_clear,
        )


def no_belief(keys: int) -> KeyBelief:
    """Return the belief before the first note: every key is as likely."""
    return KeyBelief(np.full(keys, 1 / keys))
