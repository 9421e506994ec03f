"""The snapshot: everything that a display shows of an improviser at a moment, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from antiphon.improviser.memory.learner import Learned
from antiphon.improviser.modes import Turn
from antiphon.improviser.output.plan import Coming
from antiphon.improviser.tempo.inferred_bar import BarGuess
from antiphon.improviser.tempo.midi_clock import Health
from antiphon.melody.grid import Tempo
from antiphon.melody.reasons import Reason
from antiphon.parameters import Accompaniment, Mode, Sync


@dataclass(frozen=True)
class Snapshot:
    """An improviser at a moment; two that are equal look the same."""

    mode: Mode
    turn: Turn
    knobs: Mapping[str, float]
    """What a knob can set to a number, by its name, in its unit: see `parameters`."""
    is_muted: bool
    """The answer isn't played."""
    holds: bool
    """The answer goes on while the performer plays."""
    tempo: Tempo
    """Steps ↔ seconds now."""
    sync: Sync
    bar: int
    """Steps in a bar."""
    heard_bar: BarGuess | None
    """The performer's, as it is inferred; None where it is given, or nothing is known of it."""
    tempo_certainty: float | None
    """How probable the tempo is that the performer plays, 0 to 1; None where it isn't followed."""
    is_shared: bool
    """The performer hears the grid, so that its bars are where they are shown."""
    health: Health
    """Of MIDI clock; "none" where it isn't followed."""
    locked: int | None
    """The key signature that was chosen, in sharps, −5…6; None where it is found by listening."""
    sharps: int
    """The key signature in use, −5…6."""
    posterior: tuple[float, ...]
    """How likely each key signature is, from −5 to 6 sharps, (12,), summing to 1."""
    learned: Learned
    """What was learned of the performer."""
    swing: float | None
    """Of the answers: the share of the beat before an eighth off the beat; None is as the performer plays."""
    accompaniment: Accompaniment
    """What is played in `accompany`."""
    heard_swing: float
    """Of the performer: the same share, 0.5 while nothing swings."""
    planned: tuple[Coming, ...]
    """What is still to come of the answer, in the order of time."""
    reason: Reason | None
    """Why what was played last is as it is."""
