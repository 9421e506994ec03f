"""The style: how notes are sampled from a model, as the performer sets it; it may change at any moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from antiphon.improviser.answering.candidates import CANDIDATES
from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.input.controls import Control
from antiphon.melody.swing import STRAIGHT
from antiphon.parameters import CONTROLS, Accompaniment


@dataclass(frozen=True)
class Style:
    """How the improviser plays."""

    temperature: float = 0.9
    """Of sampling; 0 always takes the likeliest."""
    density: float = 1.0
    """How many notes it plays, 0…1: in `next-note` the share of notes that are answered, otherwise what each note's
    probability to start is multiplied by."""
    harmony: float = 0.0
    """How much it counts whether a note fits to the performer's that sounds with it, 0…1; 0: the bare prediction."""
    memory: float = 0.0
    """How much what was learned of the performer is mixed into what is predicted, 0…1; 0: the network alone."""
    form: bool = False
    """In `continue`, it plays phrases that close and return; otherwise note after note, as the model predicts."""
    accompaniment: Accompaniment = "both"
    """In `accompany`, what it plays."""
    octave: int = 0
    """Octaves by which it plays above the performer."""
    constraints: Constraints = field(default_factory=Constraints)
    shortest: int = 1
    """Bars of an answer, at least."""
    longest: int = 4
    """Bars of an answer, at most."""
    candidates: int = CANDIDATES
    """Answers that are sampled, of which the best is played."""
    swing: float | None = STRAIGHT
    """Share of the beat before an eighth off the beat; None is as the performer plays."""
    feel: float = 0.0
    """How much of the performer's deviations in time and loudness is taken, by place in the beat, 0…1."""

    def knobs(self) -> dict[str, float]:
        """Return the values of all that a knob sets to a number, by its name: fields of this or of the constraints."""
        return {
            name: getattr(self.constraints if hasattr(self.constraints, name) else self, name)
            for name, each in CONTROLS.items()
            if each.knob is not None
        }

    def with_control(self, control: Control) -> Style:
        """Return the style after a knob was turned that is one of its fields, or of its constraints'."""
        changed: dict[str, Any] = {control.name: control.value}
        if hasattr(self.constraints, control.name):
            return replace(self, constraints=replace(self.constraints, **changed))
        return replace(self, **changed)
