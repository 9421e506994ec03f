"""MIDI clock: its transport and its tempo, followed as a map between seconds and steps."""

from __future__ import annotations

from typing import Literal

from antiphon.improviser.tempo.pulses import Pulses, bounded_bpm
from antiphon.melody.grid import STEPS_PER_BEAT, Tempo
from antiphon.midi.protocol import PULSES_PER_QUARTER

Health = Literal["none", "waiting", "rolling", "lost"]
"""How a clock is: not followed at all; its transport stands, or was never heard; it rolls; it has fallen silent."""
LOST = 0.5
"""Seconds without a pulse, after which a rolling clock is lost: at the slowest tempo, four pulses."""
_PULSES_PER_POSITION = 6
"""Clock pulses in a unit of the song position, a sixteenth (MIDI 1.0)."""


class MidiClock:
    """Follows MIDI clock. The first pulse after Start is step 0.

    Times, in seconds on any steady clock, count as no earlier than the last one given. The map is always that of the
    latest pulse: ask again at each. It is not smoothed beyond what the pulses' noise asks for, so from one pulse to
    the next a step may move, in either direction, by no more than the map was wrong.

    Args:
        bpm: the tempo until pulses have said another, in beats a minute.
        steps_per_beat: of the grid.
        offset: seconds by which the grid is later than the pulses.
    """

    def __init__(self, bpm: float, steps_per_beat: float = STEPS_PER_BEAT, offset: float = 0.0) -> None:
        self._pulses = Pulses(60 / bounded_bpm(bpm) / PULSES_PER_QUARTER)
        self._steps_per_beat = steps_per_beat
        self._offset = offset
        self._origin = 0
        """The number that the pulse at step 0 has, or would have."""
        self._awaits: int | None = 0
        """Pulses from the beginning to where the transport stands; None once a pulse has come there."""
        self._runs = False
        self._is_lost = False

    @property
    def rolling(self) -> bool:
        """Whether the transport runs and a pulse has said where: the steps of `tempo` are then the song's."""
        return self._runs and self._awaits is None

    @property
    def health(self) -> Health:
        """How the clock is."""
        if not self.rolling:
            return "waiting"
        return "lost" if self._is_lost else "rolling"

    @property
    def tempo(self) -> Tempo:
        """Seconds ↔ steps now. While the transport doesn't roll only the tempo means anything."""
        pulses = self._pulses
        step = (pulses.number - self._origin) * self._steps_per_beat / PULSES_PER_QUARTER
        return Tempo(60 / pulses.interval / PULSES_PER_QUARTER, pulses.due + self._offset, step, self._steps_per_beat)

    def start(self, time: float) -> None:
        """Hear Start: the next pulse is step 0."""
        self._run(0)

    def proceed(self, time: float) -> None:
        """Hear Continue: the next pulse is the one after the last that counted, or where song position has put it."""
        self._run(self._position() if self._awaits is None else self._awaits)

    def stop(self, time: float) -> None:
        """Hear Stop: pulses that come now tell the tempo, and don't count."""
        self._awaits = self._position() if self._awaits is None else self._awaits
        self._runs = False

    def song_position(self, sixteenths: int) -> None:
        """Hear a song position: the next pulse that counts stands there. A rolling transport jumps at once."""
        position = max(0, sixteenths) * _PULSES_PER_POSITION
        if self.rolling:
            self._origin = self._pulses.number + 1 - position
        else:
            self._awaits = position

    def pulse(self, time: float) -> None:
        """Hear a pulse."""
        self._pulses = self._pulses.after(time, restarts=self._runs and self._awaits is not None)
        self._is_lost = False
        if self._runs and self._awaits is not None:
            self._origin, self._awaits = self._pulses.number - self._awaits, None

    def next_check(self) -> float | None:
        """Return when the clock is lost if no pulse comes, in seconds; None if it doesn't roll or is lost already."""
        return self._pulses.last + LOST if self.rolling and not self._is_lost else None

    def is_lost(self, time: float) -> bool:
        """Return whether a rolling clock has been silent for too long, and `lose` has not been told so.

        Playing goes on at its last tempo. If pulses come again, the gap is counted in it.
        """
        check = self.next_check()
        return check is not None and time >= check

    def lose(self, time: float) -> None:
        """Take note that the clock is lost: `is_lost` is not true again before another pulse has come."""
        self._is_lost = True

    def _run(self, position: int) -> None:
        self._awaits, self._runs, self._is_lost = position, True, False

    def _position(self) -> int:
        """Return the pulses from the beginning to the next pulse."""
        return self._pulses.number + 1 - self._origin
