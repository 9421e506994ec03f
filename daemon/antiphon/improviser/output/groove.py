"""The groove: where in time a step of the answer is played, and how loud, by the swing and the performer's feel."""

from __future__ import annotations

from dataclasses import dataclass, field

from antiphon.improviser.output.plan import Planned
from antiphon.improviser.tempo.feel import Feel, stressed
from antiphon.melody.swing import STRAIGHT, played
from antiphon.midi.messages import NoteOn


@dataclass(frozen=True)
class Groove:
    """How an answer lies on the grid. Steps are the grid's; with no swing and no feel they are played as they are."""

    beat: int
    """Steps from beat to beat."""
    beat_at: int = 0
    """A step at which a beat lies, from which the places of the feel count."""
    phase: int = 0
    """Steps from it to a beat of the swing."""
    share: float = STRAIGHT
    """Of the beat before an eighth off the beat."""
    feel: Feel = field(default_factory=Feel)
    amount: float = 0.0
    """How much of the feel is taken, 0…1."""

    def at(self, step: int) -> float:
        """Return where on the grid a step is played, in steps."""
        return self.swung(step) + self.amount * self.feel.lag(self._place(step))

    def planned(self, step: int, length: int, note: NoteOn) -> Planned:
        """Return a note that starts at a step and sounds for `length` steps, as it is played."""
        start = self.at(step)
        return Planned(start, self.at(step + length) - start, note)

    def swung(self, step: int) -> float:
        """Return where on the grid a step is played by the swing alone."""
        if self.share == STRAIGHT:
            return step
        start = self.beat_at + self.phase
        return start + self.beat * played((step - start) / self.beat, self.share)

    def velocity(self, velocity: int, step: int, like: int) -> int:
        """Return how loud a note is played, 1…127.

        Args:
            velocity: of the performer's note whose loudness it takes.
            step: of the note.
            like: the step of the performer's note.
        """
        if not self.amount:
            return velocity
        louder = self.feel.accent(self._place(step)) - self.feel.accent(self._place(like))
        return stressed(velocity + self.amount * louder)

    def _place(self, step: int) -> int:
        return (step - self.beat_at) % self.beat
