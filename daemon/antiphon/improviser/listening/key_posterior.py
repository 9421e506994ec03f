"""The key: how likely each of the twelve key signatures is, given what was heard, and which one is in use."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.blues import Blues, moved

CHANCE_TO_MOVE = 0.003
"""Probability that the key changes from one note to the next, where there is no key model, and in accompaniments."""
CHANCE_TO_FORGET = 0.1
"""The same beside a key model, which knows modulations: the evidence then comes from the last notes."""
SETTLED = 10
"""Notes of a melody after which it is so: before, few modulate, and all of them are needed to tell the first key."""
SHARE_OF_EVIDENCE = 0.7
"""Exponent of the evidence beside a key model: both come from the same notes, which would otherwise count twice."""
MOST_EVIDENCE = 6.0
"""Bits, at most, by which one note speaks for one key against another: no single wrong note overturns a melody."""
CLEAR_LEAD = 0.9
"""Probability; a key that has it takes another's place in use. Until some key had it, the likeliest is in use."""
LEAD_NOTES = 3
"""Notes; a key that was the likeliest for so many takes another's place as well."""
ENOUGH_LEAD = 0.8
"""Probability that takes the place of both with a key model, which hears several notes together anyway."""
FIRST_LEAD = 20.0
"""How many times as likely as the key in use another has to be to take its place with a key model, before any key had
`CLEAR_LEAD`: the first few notes fit many keys, and each is the likeliest in turn."""
ACCOMPANIMENT = np.array((0.19, 0.015, 0.095, 0.015, 0.145, 0.09, 0.03, 0.20, 0.025, 0.09, 0.015, 0.09))
"""The share of each pitch class, from C on, among what accompanies melodies without a key signature: rounded from the
left hands of 139 performances (Mozart, Schubert, Chopin, beginners' songs)."""

Weights = npt.NDArray[np.float64]
_SMALLEST = 1e-30
"""Probability; the least of a key model that counts: a softmax may round to 0, which no evidence could ever lift."""


@dataclass(frozen=True, eq=False)
class KeyPosterior:
    """How likely each key is after some notes, and which one is in use, as a value.

    Where a key was chosen, it is updated all the same, and is in use again when the choice is taken back.
    """

    weights: Weights
    """The probability of each key, (key,), summing to 1."""
    evidence: Weights
    """What the melody model alone says, (key,), summing to 1; without a key model the same as `weights`."""
    in_use: int | None = None
    """The row of the key in use, where none is chosen; None before the first note."""
    leader: int | None = None
    """The row of the likeliest key after the last note."""
    led: int = 0
    """Notes for which it has been the likeliest."""
    was_clear: bool = False
    """Some key has had a clear lead."""
    notes: int = 0
    """How many notes of the melody were heard."""
    harmony: Weights | None = None
    """What the accompaniment alone says, (key,), summing to 1; None where there was none."""
    locked: int | None = None
    """The key that somebody has chosen: it is in use, whatever is heard meanwhile."""
    blues: Blues | None = None
    """What speaks for a blues; None where there is no key model."""

    @property
    def row(self) -> int:
        """The key that is played in: the chosen one, or the one that was heard; the first before any note."""
        return self.in_use or 0 if self.locked is None else self.locked

    @property
    def expected(self) -> Weights:
        """The probability of each key for the note to come, (key,): it may have moved since the last one."""
        return moved(self.weights, CHANCE_TO_MOVE) if self.locked is None else self.shown

    @property
    def shown(self) -> Weights:
        """The probability of each key, (key,), which of a chosen one is 1."""
        return self.weights if self.locked is None else np.eye(len(self.weights))[self.locked]

    def bits(self, costs: Weights) -> float:
        """Return the bits that a note cost in the mixture of all keys, given what it cost in each, (key,)."""
        if self.locked is not None:
            return float(costs[self.locked])
        least = costs.min()
        return float(least - math.log2(self.expected @ np.exp2(least - costs)))

    def after(
        self, bits: Weights, heard: Weights | None = None, classes: npt.NDArray[np.intp] | None = None
    ) -> KeyPosterior:
        """Return the posterior after a note.

        Args:
            bits: what its pitch class cost in each key, (key,), given that a note starts.
            heard: the key model's probability of each key after the note, (key,), if there is such a model.
            classes: the note's pitch class in the model's key as it is in each key, (key,); None doesn't look for a
                blues.
        """
        chance = CHANCE_TO_MOVE if heard is None or self.notes < SETTLED else CHANCE_TO_FORGET
        evidence = moved(self.evidence, chance) * np.exp2(-np.minimum(bits - bits.min(), MOST_EVIDENCE))
        evidence /= evidence.sum()
        weights = evidence
        if heard is not None:
            weights = np.maximum(heard, _SMALLEST) * evidence**SHARE_OF_EVIDENCE
            weights /= weights.sum()
        blues = self.blues
        if classes is not None:
            known = -math.log2(float(moved(self.evidence, CHANCE_TO_MOVE) @ np.exp2(-bits)))
            blues = (blues or Blues(np.full(len(weights), 1 / len(weights)))).after(classes, known)
            weights = (1 - blues.probability) * weights + blues.probability * blues.weights
        if self.harmony is not None:
            weights = weights * self.harmony
            weights /= weights.sum()
        return replace(self._with(weights, evidence, takes_time=heard is None), blues=blues)

    def accompanied(self, classes: npt.NDArray[np.intp], share: float) -> KeyPosterior:
        """Return the posterior after a note of the accompaniment; it counts from the melody's next note on.

        Args:
            classes: its pitch class in the model's key as it is in each key, (key,).
            share: of a whole note's evidence that this one is: of what sounds already it says less.
        """
        before = np.full(len(self.weights), 1 / len(self.weights)) if self.harmony is None else self.harmony
        harmony = moved(before, CHANCE_TO_MOVE) * ACCOMPANIMENT[classes] ** share
        return replace(self, harmony=harmony / harmony.sum())

    def _with(self, weights: Weights, evidence: Weights, takes_time: bool) -> KeyPosterior:
        leader = int(weights.argmax())
        led = self.led + 1 if leader == self.leader else 1
        is_clear = bool(weights[leader] >= CLEAR_LEAD)
        leads = is_clear or led >= LEAD_NOTES if takes_time else bool(weights[leader] >= ENOUGH_LEAD)
        if not self.was_clear:
            is_free = takes_time or self.in_use is None
            leads = leads or is_free or bool(weights[leader] >= FIRST_LEAD * weights[self.in_use])
        return KeyPosterior(
            weights=weights,
            evidence=evidence,
            in_use=leader if leads else self.in_use,
            leader=leader,
            led=led,
            was_clear=self.was_clear or is_clear,
            notes=self.notes + 1,
            harmony=self.harmony,
            locked=self.locked,
        )


def flat_posterior(keys: int, locked: int | None = None) -> KeyPosterior:
    """Return the posterior before the first note, in which every key is as likely; a key may have been chosen."""
    weights = np.full(keys, 1 / keys)
    return KeyPosterior(weights, weights, locked=locked)
