"""The metronome: makes the beat heard that the improviser counts, since nobody follows a beat that is not heard."""

from __future__ import annotations

import math
from dataclasses import dataclass

from antiphon.melody.grid import Tempo
from antiphon.midi.messages import NoteOn


@dataclass(frozen=True)
class Click:
    """How the metronome sounds: a drum's `pitch` on a `channel` of its own; a bar's first beat is the `accent`'s."""

    channel: int
    pitch: int
    accent: int


ACCENT_VELOCITY, BEAT_VELOCITY = 110, 80


class Metronome:
    """Clicks on every beat of the grid.

    Args:
        click: how it sounds; None is a metronome that is off.
        beat: steps in a beat.
        bar: steps in a bar.
    """

    def __init__(self, click: Click | None, beat: int, bar: int) -> None:
        self._click = click
        self._beat = beat
        self._bar = bar
        self._next: int | None = None

    def set_out(self, step: float) -> None:
        """Let the next click be the first beat from `step` on; a grid that jumps starts it anew."""
        self._next = math.ceil(step / self._beat - 1e-9) * self._beat

    def next_time(self, tempo: Tempo) -> float | None:
        """Return when it clicks next, in seconds; None where it is off."""
        return tempo.time_of(self._next) if self._click and self._next is not None else None

    def take(self) -> NoteOn:
        """Return the click that is due, and go on to the next."""
        assert self._click is not None and self._next is not None  # noqa: S101  who asks has seen next_time
        is_first = self._next % self._bar == 0
        self._next += self._beat
        return NoteOn(
            self._click.accent if is_first else self._click.pitch,
            ACCENT_VELOCITY if is_first else BEAT_VELOCITY,
            self._click.channel,
        )
