"""A request: the call that is to be answered, and what answer is wanted. All of it is in the model's key."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from antiphon.improviser.answering.bars import Bars, beat_of
from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.scale_mask import Classes
from antiphon.melody.grid import Note

ASSUMED_BAR = 16
"""Steps of a bar where the metre is unknown: 4/4."""


@dataclass(frozen=True)
class CallMelody:
    """What is to be answered."""

    notes: tuple[Note, ...]
    """Notes and rests, from the first onset to the last note's end."""
    upbeat: int = 0
    """Steps before its first barline; 0 where it starts on one."""

    @cached_property
    def onsets(self) -> tuple[tuple[int, int], ...]:
        """(Step from its first, pitch) of each note."""
        return onsets_of(self.notes)

    @property
    def last_onset(self) -> int:
        """Where its last note starts, in steps from its first."""
        return self.onsets[-1][0] if self.onsets else 0


@dataclass(frozen=True)
class Request:
    """What answer is wanted."""

    call: CallMelody
    position: int = 0
    """Of the answer's first step within its bar, in steps from 0."""
    bar: int = 0
    """Steps in a bar. 0 where the metre is unknown: the model isn't told any, and the answer is measured in bars of
    4/4, starting where the call did: its upbeat before the first of them."""
    beat: int | None = None
    """Steps from beat to beat; None where the metre doesn't say, and the call has to."""
    shortest: int = 1
    longest: int = 4
    """Bars of the answer. Between the two, it takes as many as the call, or fewer."""
    constraints: Constraints = field(default_factory=Constraints)
    semitones: int = 0
    """From the model's pitches to those that are played; for the constraints' range."""
    agreed: Classes | None = None
    """The pitch classes, as played, that the likely keys agree on; None where the key is sure."""
    density: float = 1.0
    """What is left of each note's chance to start, 0…1."""
    temperature: float = 1.0
    """0 always takes the likeliest, which leaves nothing to choose from."""
    triad: tuple[int, ...] = ()
    """Pitch classes of the tonic triad, the tonic first; empty where the candidates are to tell it."""
    opening: tuple[Note, ...] = ()
    """What the answer begins with, whatever the model expects; a new note or a rest follows."""
    within: tuple[int, int] | None = None
    """The lowest and the highest pitch of the model that are wanted, where the constraints leave enough of them."""

    @cached_property
    def bars(self) -> Bars:
        """How the answer lies in its bars, and the beat as the call has it."""
        length = self.bar or ASSUMED_BAR
        start = -self.call.upbeat % length
        beat = self.beat or beat_of(length, start, self.call.notes)
        return Bars(self.position % length if self.bar else start, length, beat)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Where the answer may end, in steps from its first, rising: where a bar ends, less the call's upbeat.

        The call's bars are those in which a note of it starts, counted from its first step, so that neither a short
        last note nor one that is held too long changes them.
        """
        bar = self.bars.length
        most = min(self.longest, max(self.shortest, self.call.last_onset // bar + 1))
        first = -(self.bars.position + self.call.upbeat) % bar or bar
        places = range(first, most * bar + 1, bar)
        # Where the answer starts late, its first bar is cut, and counts if half of it is left.
        return tuple(place for place in places if place > (self.shortest - 0.5) * bar) or (places[-1],)


def onsets_of(notes: tuple[Note, ...]) -> tuple[tuple[int, int], ...]:
    """Return (step from the first note or rest, pitch) of each note."""
    found, step = [], 0
    for note in notes:
        if note.pitch is not None:
            found.append((step, note.pitch))
        step += note.steps
    return tuple(found)


def copies(notes: tuple[Note, ...], call: CallMelody, bar: int) -> bool:
    """Return whether an answer only repeats the call, or whole bars of it: each of its notes, however long held.

    An answer that goes like the call and ends otherwise is the most usual one there is, and no copy.

    Args:
        notes: the answer's.
        call: the call.
        bar: steps in a bar.
    """
    answer = set(onsets_of(notes))
    steps = sum(note.steps for note in notes)
    # Not each bar: a note that is held for a day makes millions of them.
    if answer:  # where a note of the call would be the answer's first
        lags = {step - min(answer)[0] for step, _ in call.onsets}
    else:  # where silence begins
        lags = {0, *((step // bar + 1) * bar for step, _ in call.onsets)}
    return any(
        answer == {(step - lag, pitch) for step, pitch in call.onsets if lag <= step < lag + steps}
        for lag in lags
        if lag % bar == 0 and 0 <= lag <= call.last_onset
    )
