"""The listener's state: everything that hearing the next note depends on, and what a note leaves behind, as values.

To take a note back is to keep the state from before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.key_posterior import KeyPosterior
from antiphon.improviser.listening.lookahead import Lookahead
from antiphon.improviser.listening.pace import Pace
from antiphon.improviser.memory.learner import NOTHING_HEARD, Heard, Step
from antiphon.improviser.tempo.division import Division
from antiphon.improviser.tempo.inferred_bar import InferredBar
from antiphon.improviser.tempo.shared_division import SharedDivision
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.melody.grid import STEPS_PER_BEAT, Place
from antiphon.melody.model import Floats


@dataclass(frozen=True)
class HeardNote:
    """A note of the melody, as it was heard."""

    time: float
    """Of its onset, in seconds."""
    step: int
    """From the first onset."""
    pitch: int
    """As played, a MIDI note number."""
    symbol: str
    """In the model's key."""
    sharps: int
    """The key signature in use after hearing it, −5…6."""
    replaces: bool
    """It takes the place of the note heard before, which was none of the melody."""
    in_chord: bool
    """It is the higher note of a chord, of which the note whose place it takes was the first."""
    ends_triplet: bool
    """It is on the beat that follows a triplet: the three notes before it."""
    key_posterior: KeyPosterior = field(compare=False, repr=False)
    """How likely each key was before it was heard."""
    costs: npt.NDArray[np.float64] = field(compare=False, repr=False)
    """−log2 of the probability of its time and its pitch in each key, (key,)."""
    has_grace: bool = False
    """The note before was a grace of it, and takes no time: this one is on the same step."""

    @property
    def bits(self) -> float:
        """−log2 of the probability of its time and its pitch, in the mixture of all keys."""
        return self.key_posterior.bits(self.costs)


@dataclass(frozen=True)
class WithdrawnNote:
    """The note heard last was none of the melody after all, and nothing takes its place."""

    time: float
    """Of the moment at which that is known, in seconds."""


@dataclass(frozen=True, eq=False)
class NoteHypothesis:
    """What a note leaves behind that comes so many steps after another: a value, which can be made before it comes."""

    tokens: npt.NDArray[np.intp]
    """Of the note in each key, (key,)."""
    steps: tuple[Step, ...]
    """From the last onset on to the note's, as the memory learns them."""
    key_posterior: KeyPosterior
    """After the note."""
    key_state: Floats | None
    """The key model's state after the note, if there is such a model."""
    lookahead: Lookahead
    """From the note on."""
    costs: npt.NDArray[np.float64]
    """−log2 of the probability of the note's time and pitch in each key, (key,)."""
    semitones: int
    """From a pitch of the model to the same in the performer's key and register, in the key then in use."""
    place: Place | None
    """Of the note in its bar."""
    pitch: int
    """Of the note, as played."""


@dataclass(frozen=True, eq=False)
class ListenerState:
    """Everything that hearing depends on."""

    lookahead: Lookahead
    """From the last note on."""
    key_posterior: KeyPosterior
    key_state: Floats | None = None
    """The key model's, if there is such a model."""
    onset: int | None = None
    """The step at which the last note started, on the timekeeper's grid; None before the first."""
    release: float | None = None
    """Where on the grid it ended, in steps; None while it is held."""
    phrase: int = 0
    """The step at which this phrase started."""
    bar: InferredBar = field(default_factory=lambda: InferredBar(STEPS_PER_BEAT))
    """What the lengths of the notes show of the bar, where nobody says it."""
    follower: TempoFollower | None = None
    """What the playing shows of its tempo, where that is followed."""
    silent_intervals: int = 0
    """How many intervals, of the last ones, told nothing of the tempo."""
    pace: Pace = field(default_factory=Pace)
    """How fast the notes follow each other."""
    is_accompanied: bool = False
    """The accompaniment has gone on since the last note."""
    division: Division = field(default_factory=Division)
    """How the performer divides the beat, where nobody shares it."""
    shared_division: SharedDivision = field(default_factory=SharedDivision)
    """How the performer divides the beat that is shared."""
    pitch: int = 0
    """The last note's, as played."""
    step: int = 0
    """The last note's, counted from the first onset."""
    octave_shift: int = 0
    """Semitones, a multiple of 12, that bring this phrase into the vocabulary."""
    heard: Heard = NOTHING_HEARD
    """What the memory is to have learned."""
    line: tuple[int, ...] = ()
    """The last steps, each a pitch (as played, with the octave shift), `HELD` or `RESTED`."""

    def locked(self, row: int | None) -> ListenerState:
        """Return the state where a key was chosen: its row, or None for the one that is heard."""
        return replace(self, key_posterior=replace(self.key_posterior, locked=row))

    def accompanied(self, classes: npt.NDArray[np.intp], share: float) -> ListenerState:
        """Return the state after a note of the accompaniment, with the arguments of `KeyPosterior.accompanied`."""
        return replace(self, key_posterior=self.key_posterior.accompanied(classes, share))

    def moved(self, steps: int) -> ListenerState:
        """Return the state after the grid has jumped by so many steps: what was heard keeps its distance."""
        if self.onset is None:
            return self
        release = None if self.release is None else self.release + steps
        return replace(
            self,
            onset=self.onset + steps,
            release=release,
            phrase=self.phrase + steps,
            shared_division=self.shared_division.elsewhere(),
        )
