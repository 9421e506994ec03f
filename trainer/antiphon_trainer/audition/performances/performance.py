"""A performance and its truth: what was played, which of it is the melody, and where that stands in the score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_EDGE = 1.0
"""Beats for which the first and the last tempo go on: a note may come a little before or behind the last beat."""


class PlayedNote(NamedTuple):
    """A note that was played, and what the score says of it, where that is known."""

    on: float
    """Seconds."""
    off: float
    """Seconds; when the key comes up, whatever the pedal does."""
    pitch: int
    """A MIDI note number."""
    quarter: float = math.nan
    """Where the score has it, in quarter notes."""
    sharps: int | None = None
    """The key signature there, −5…6."""
    starts_phrase: bool | None = None
    """Whether a phrase starts with it; None where nobody has written that down."""
    swung: float | None = None
    """The same in quarter notes whose eighths are swung, where nobody has written down whether it is that or 6/8."""
    velocity: int = 80
    """1…127; what stands here is for melodies of which only times and pitches are known."""


@dataclass(frozen=True, eq=False)
class Performance:
    """What a person has played, by the time of the onsets."""

    name: str
    melody: Sequence[PlayedNote]
    """With its truth; empty where only the beats are known."""
    texture: Sequence[PlayedNote] = ()
    """All notes, the melody's too; empty where there are no others."""
    ornaments: frozenset[tuple[float, int]] = frozenset()
    """(on, pitch) of grace notes: hearing one as melody is no mistake, nor is passing it by."""
    beats: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))
    """Seconds, rising, and which beat of the player's that is: a dotted quarter in 6/8. Between them it is a line."""
    downbeats: Sequence[float] = ()
    """The beats on which a bar begins, rising; empty where nobody knows."""

    @property
    def line(self) -> Sequence[PlayedNote]:
        """What tempo, beat and key are heard in: the melody alone; all notes where nobody says which those are."""
        return self.melody or self.texture

    @cached_property
    def steps(self) -> Floats:
        """From each note of the melody to the next, in sixteenths as the score has them, (interval,)."""
        return np.diff([note.quarter for note in self.melody]) * 4

    @cached_property
    def readings(self) -> list[Floats]:
        """What may be written for `steps`, each (interval,): `steps`, and the other way where there is one."""
        swung = [note.swung for note in self.melody]
        return [self.steps, *([] if None in swung else [np.diff(np.array(swung, np.float64)) * 4])]

    def beat_at(self, seconds: float) -> float:
        """Return where the player's beats stand; NaN more than `_EDGE` beats before the first or behind the last."""
        times, beats = self.beats
        if len(times) < 2:
            return math.nan
        first, last = (1, len(times) - 1)
        row = min(max(int(np.searchsorted(times, seconds)), first), last)
        slope = (beats[row] - beats[row - 1]) / (times[row] - times[row - 1])
        beat = float(beats[row - 1] + (seconds - times[row - 1]) * slope)
        return beat if beats[0] - _EDGE <= beat <= beats[-1] + _EDGE else math.nan


def beats_of(points: Iterable[tuple[float, float]]) -> tuple[Floats, Floats]:
    """Return seconds and beats for `Performance.beats`, from a pair (beat, seconds) for each note of a score.

    What the score has at one moment counts there by its mean; what was played before something earlier in the score
    is left out.
    """
    by_beat: dict[float, list[float]] = {}
    for beat, seconds in points:
        by_beat.setdefault(round(beat, 4), []).append(seconds)
    times, beats = list[float](), list[float]()
    for beat, there in sorted(by_beat.items()):
        seconds = float(np.mean(there))
        if not times or seconds > times[-1]:
            times.append(seconds)
            beats.append(beat)
    return np.array(times), np.array(beats)
