"""Ticks: a recording's clock. Times are rounded to it on entry, so that what is read back is what was heard."""

from __future__ import annotations

from bisect import bisect_right

import mido

TICKS_PER_BEAT = 1920
"""Of a recording: at 100 BPM a tick is 0.3 ms; a quarter, a sixteenth and a MIDI clock are whole numbers of it."""
_SLOWEST = 0xFF_FFFF
"""Microseconds a beat that a MIDI file can say at most: 3.6 BPM."""


def microseconds_a_beat(bpm: float) -> int:
    """Return a tempo as a MIDI file says it, from beats (quarter notes) a minute."""
    return int(min(max(mido.bpm2tempo(bpm), 1), _SLOWEST))


class Ticks:
    """Ticks ↔ seconds, while the tempo map grows.

    The floats are those of `midifile.TempoMap`, operation by operation: the same tick gives the same bits, live and
    read from the file. Columns as there: from tick `_ticks[row]`, at `_seconds[row]`, a tick lasts `_lengths[row]`.
    """

    def __init__(self, microseconds: int = 500_000, ticks_per_beat: int = TICKS_PER_BEAT) -> None:
        """Start with a tempo; a MIDI file that says nothing else has half a second a beat."""
        self._ticks_per_beat = ticks_per_beat
        self._ticks = [0]
        self._seconds = [0.0]
        self._lengths = [microseconds / 1e6 / ticks_per_beat]

    def change(self, tick: int, microseconds: int) -> None:
        """Change the tempo at a tick, which is none before the last change's."""
        seconds = self.time_of(tick)
        self._ticks.append(tick)  # a second change at a tick is found before the first
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
