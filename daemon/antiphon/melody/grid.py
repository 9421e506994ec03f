"""The grid: melodies as steps, a step being a sixteenth (0.25 quarter lengths), and steps as seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from antiphon.melody.vocabulary import END, HOLD, REST

STEP = 0.25
"""Length of a step in quarter lengths."""
STEPS_PER_BEAT = 4
"""A beat is a quarter note."""


@dataclass(frozen=True)
class Note:
    """A note or, with no pitch, a rest; its length in steps (at least 1)."""

    pitch: int | None
    steps: int


def spell(notes: Iterable[Note]) -> list[str]:
    """Spell a melody as symbols, one a step. The last note's holds are spelled too; no `"/"` is added."""
    symbols: list[str] = []
    for note in notes:
        symbols.append(REST if note.pitch is None else str(note.pitch))
        symbols.extend([HOLD] * (note.steps - 1))
    return symbols


def read(symbols: Iterable[str]) -> Iterator[Note]:
    """Read symbols back as notes and rests, the inverse of `spell`. Stops at `"/"`; leading holds are silence."""
    pitch: int | None = None
    steps = 0
    for symbol in symbols:
        if symbol == END:
            break
        if symbol == HOLD:
            steps += 1
            continue
        if steps:
            yield Note(pitch, steps)
        pitch, steps = (None if symbol == REST else int(symbol)), 1
    if steps:
        yield Note(pitch, steps)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands: `position` within its bar, from 0, and the length of the `bar`, both in steps."""

    position: int
    bar: int

    def later(self, steps: int) -> Place:
        """Return the place so many steps on."""
        return Place((self.position + steps) % self.bar, self.bar)


@dataclass(frozen=True)
class Tempo:
    """A steady tempo from a moment on: at `time` (seconds) the performance stood at `step` (a fraction too)."""

    bpm: float
    time: float = 0.0
    step: float = 0.0
    steps_per_beat: float = STEPS_PER_BEAT
    """Of the model's grid: a bundle's steps may be other than sixteenths."""

    @property
    def step_seconds(self) -> float:
        """Length of a step in seconds."""
        return 60.0 / self.bpm / self.steps_per_beat

    def step_at(self, time: float) -> float:
        """Return where the performance stands at `time`, in steps."""
        return self.step + (time - self.time) / self.step_seconds

    def time_of(self, step: float) -> float:
        """Return when the performance reaches `step`, in seconds: the inverse of `step_at`."""
        return self.time + (step - self.step) * self.step_seconds

    def changed(self, bpm: float, time: float) -> Tempo:
        """Return the tempo `bpm` from `time` on; no step is lost or counted twice."""
        return Tempo(bpm, time, self.step_at(time), self.steps_per_beat)
