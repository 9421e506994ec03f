"""The tempo map: a MIDI file's ticks as seconds, and back.

One class for a file that is read and for a set that is being recorded, because a recorded set renders again bit by
bit: the same tick must give the same float in both.
"""

from __future__ import annotations

from bisect import bisect_right

import mido

TICKS_PER_BEAT = 1920
"""Of a recording: at 100 BPM a tick is 0.3 ms; a quarter, a sixteenth and a MIDI clock are whole numbers of it."""
DEFAULT_MICROSECONDS = 500_000
"""Microseconds a beat until a MIDI file says otherwise: 120 BPM."""
_SLOWEST = 0xFF_FFFF
"""Microseconds a beat that a MIDI file can say at most: 3.6 BPM."""


def microseconds_a_beat(bpm: float) -> int:
    """Return a tempo as a MIDI file says it, from beats (quarter notes) a minute."""
    return int(min(max(mido.bpm2tempo(bpm), 1), _SLOWEST))


class TempoMap:
    """Ticks ↔ seconds. It may grow at its end while it is used.

    Three columns, one row a tempo: from tick `_ticks[row]`, at `_seconds[row]`, a tick lasts `_lengths[row]` seconds.
    """

    def __init__(self, microseconds: int = DEFAULT_MICROSECONDS, ticks_per_beat: int = TICKS_PER_BEAT) -> None:
        """Start with a tempo, in microseconds a beat."""
        self._ticks_per_beat = ticks_per_beat
        self._ticks = [0]
        self._seconds = [0.0]
        self._lengths = [microseconds / 1e6 / ticks_per_beat]

    def change(self, tick: int, microseconds: int) -> None:
        """Change the tempo at a tick, which is none before the last change's."""
        seconds = self.time_of(tick)
        self._ticks.append(tick)  # of two changes at a tick the later is found
        self._seconds.append(seconds)
        self._lengths.append(microseconds / 1e6 / self._ticks_per_beat)

    def time_of(self, tick: int) -> float:
        """Return when a tick comes, in seconds from the start."""
        row = bisect_right(self._ticks, tick) - 1
        return self._seconds[row] + (tick - self._ticks[row]) * self._lengths[row]

    def tick_at(self, seconds: float) -> int:
        """Return the tick that is nearest to a time; a time before the start is the start."""
        row = max(0, bisect_right(self._seconds, seconds) - 1)
        return max(0, self._ticks[row] + round((seconds - self._seconds[row]) / self._lengths[row]))

    def finer(self, factor: int) -> TempoMap:
        """Return the same map in ticks of which `factor` make one of these."""
        fine = TempoMap(ticks_per_beat=self._ticks_per_beat * factor)
        fine._ticks = [tick * factor for tick in self._ticks]
        fine._seconds = self._seconds.copy()
        fine._lengths = [length / factor for length in self._lengths]
        return fine
