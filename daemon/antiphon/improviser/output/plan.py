"""The plan: notes to come, on the grid; a tempo that changes moves them, and a turn that ends drops them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from antiphon.melody.grid import Tempo
from antiphon.midi.messages import NoteOn


@dataclass(frozen=True, slots=True)
class Planned:
    """A note to come: where it starts on the grid and how long it sounds, in steps."""

    step: float
    length: float
    note: NoteOn


class Coming(NamedTuple):
    """A note to come: when it starts and ends, in seconds, its pitch and its velocity."""

    time: float
    end: float
    pitch: int
    velocity: int


class Plan:
    """Notes to come, in the order of their steps, and the step at which the answer is over."""

    def __init__(self) -> None:
        self._notes: deque[Planned] = deque()
        self._end: float | None = None

    @property
    def notes(self) -> tuple[Planned, ...]:
        """What is still to come."""
        return tuple(self._notes)

    def coming(self, tempo: Tempo) -> tuple[Coming, ...]:
        """Return what is still to come, in seconds."""
        start, seconds = tempo.time_of(0), tempo.step_seconds
        return tuple(
            Coming(
                start + each.step * seconds,
                start + (each.step + each.length) * seconds,
                each.note.pitch,
                each.note.velocity,
            )
            for each in self._notes
        )

    def add(self, notes: Iterable[Planned], end: float) -> None:
        """Plan notes behind those that are there; the answer is over at the step `end`."""
        self._notes.extend(notes)
        self._end = end

    def clear(self) -> None:
        """Drop what was still to come, and the end with it."""
        self._notes.clear()
        self._end = None

    def move(self, steps: int) -> None:
        """Let everything come so many steps later."""
        self._notes = deque(replace(note, step=note.step + steps) for note in self._notes)
        self._end = None if self._end is None else self._end + steps

    def next_time(self, tempo: Tempo) -> float | None:
        """Return when the next note starts, or the answer is over, in seconds; None without a plan."""
        step = self._notes[0].step if self._notes else self._end
        return None if step is None else tempo.time_of(step)

    def take(self) -> Planned | None:
        """Take the next note out of the plan, or, where none is left, its end: None."""
        if self._notes:
            return self._notes.popleft()
        self._end = None
        return None
