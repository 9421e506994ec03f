"""Harmony: which pitch classes the accompaniment has sounded lately, as a value: the left hand isn't thrown away."""

from __future__ import annotations

from dataclasses import dataclass

HALF_LIFE = 2.0
"""Seconds after which a note counts half: about a bar, in which a harmony lasts."""

Profile = tuple[float, ...]
"""A number for each pitch class, from C on."""


@dataclass(frozen=True, eq=False)
class Harmony:
    """What the accompaniment has sounded up to a moment."""

    time: float = 0.0
    """Of its last note, in seconds."""
    weights: Profile = (0.0,) * 12
    """How much each pitch class counted then, in notes."""

    def after(self, time: float, pitch: int) -> Harmony:
        """Return the harmony after a note at `time`, in seconds, with a MIDI note number `pitch`."""
        time = max(time, self.time)
        weights = list(self.at(time))
        weights[pitch % 12] += 1
        return Harmony(time, tuple(weights))

    def at(self, time: float) -> Profile:
        """Return how much each pitch class counts at `time`, in seconds, in notes: 0 says that it wasn't sounded."""
        share = 0.5 ** (max(0.0, time - self.time) / HALF_LIFE)
        return tuple(weight * share for weight in self.weights)
