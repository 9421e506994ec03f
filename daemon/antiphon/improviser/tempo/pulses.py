"""Pulses: a steady tempo estimated from MIDI clock pulses that come late, in bursts, or not at all.

A pulse's delay is bounded: a jitter of a millisecond, or one audio period where a program hands its pulses over a
period at a time. So the pulses of a steady tempo, time over number, lie in a band as high as that bound, whose lower
edge is the clock without delay (Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay
measurements", INFOCOM 1999). The regression line is that of the band of as many of the last pulses as fit into one:
many while the tempo is steady, few just after it has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from antiphon.improviser.tempo.regression_band import Point, RegressionBand, regression_bands
from antiphon.midi.protocol import PULSES_PER_QUARTER

SLOWEST, FASTEST = 20.0, 400.0
"""BPM that a clock may have; others are brought to the nearer one."""
LONGEST_INTERVAL, SHORTEST_INTERVAL = 60 / SLOWEST / PULSES_PER_QUARTER, 60 / FASTEST / PULSES_PER_QUARTER
"""Seconds between pulses, at these tempi."""
WINDOWS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 192)
"""Numbers of last pulses that a line may be drawn through, rising; the last only where pulses come in bursts: a longer
line is slower to follow, and averages over more noise."""
BURSTS = 0.005
"""Seconds; noise above it comes from bursts."""
SELDOM = 6
"""Pulses from one measurement of the noise to the next, and, where the line is well established, from one fit to the
next: both take time, and change little from pulse to pulse."""
SURE = 48
"""Pulses; a line through so many is well established."""
NOISE_PULSES = 24
"""Pulses, a beat; the noise is measured as the height of the band that holds so many."""
NOISE_MEMORY = 16
"""Such measurements that are kept."""
TYPICAL = 0.6
"""Quantile of the kept measurements that counts: a change of tempo makes the bands of one beat high, a quarter of those
kept, and must not count as noise."""
UNKNOWN_NOISE = 0.024
"""Seconds of noise that are allowed before it was measured: a period of 1,024 frames at 48 kHz, and some for the
system."""
LEAST_NOISE = 0.0003
"""Seconds that are added to the noise, so that some is allowed where none was measured."""
SLACK = 1.25
"""Factor on the measured noise: with the same noise, the band of many pulses is higher than that of a few."""
JITTER = 0.00125
"""Seconds to either side. Up to so much noise is jitter, and the beat its middle; twice as much is delay, and the beat
the least of it; in between it is interpolated."""
PERIODS = tuple(frames / rate for rate in (44_100, 48_000) for frames in (256, 512, 1024, 2048))
"""Seconds; usual audio periods. Pulses as far apart as one of these are likelier the bursts, one a period, of a slower
tempo; a pulse that seems to be missing now and then isn't: its period was just empty."""
SAME = 0.002
"""Share by which an interval may differ from an audio period and still be taken for it."""
BURST_MEMORY = 384
"""Pulses, 16 beats; for so long bursts are expected after some were seen."""
UNEVEN = 0.1
"""Periods by which bursts may be off the raster of the audio periods."""
TO_AND_FRO = 5
"""Changes from one number of periods to another, among `NOISE_PULSES`, that show a raster."""
OUTLIERS = 3
"""Late pulses in a row; so many are a new tempo, fewer were held up on their way."""
LEAST_SPAN = 0.06
"""Seconds, at least, between the first and the last of the pulses that a line is drawn through: a shorter line, through
pulses that were held up and came at once, says nothing of the tempo."""
KNOWN_PULSES = 8
"""Pulses; a tempo from so many is known well enough for missing pulses to be counted by it."""
TOLERANCE = 0.15
"""Intervals by which a pulse after a dropout may be off, where noise is less."""


def bounded_bpm(bpm: float) -> float:
    """Return a tempo, in BPM, brought within `SLOWEST` to `FASTEST`."""
    return min(FASTEST, max(SLOWEST, bpm))


def bounded_interval(seconds: float) -> float:
    """Return the time between two pulses, in seconds, brought within those of the tempi `SLOWEST` to `FASTEST`."""
    return min(LONGEST_INTERVAL, max(SHORTEST_INTERVAL, seconds))


class Dropout(NamedTuple):
    """A gap that was counted as `missing` pulses before pulse `number`."""

    number: int
    missing: int
    before: float
    """When the first pulse that is missing was due, in seconds."""
    interval: float
    """As it was before the dropout."""


@dataclass(frozen=True)
class Pulses:
    """The line through the last pulses: pulse `number` was due at `due` seconds, and one comes every `interval`."""

    interval: float
    due: float = 0.0
    number: int = -1
    points: tuple[Point, ...] = ()
    """What the line may be drawn through, the latest last."""
    outliers: tuple[Point, ...] = ()
    """The last pulses, where they came too late for the line."""
    recent: tuple[Point, ...] = ()
    """The last pulses, outliers too: for the noise."""
    noises: tuple[float, ...] = ()
    """The last measurements of the noise, in seconds."""
    burst: float = 0.0
    """Seconds between bursts, where pulses have come together: then noise is at least this."""
    burst_until: int = 0
    """The number of the pulse up to which bursts are expected."""
    fitted: int = 0
    """How many pulses the line is drawn through."""
    dropout: Dropout | None = None
    """The last one, unless a later pulse has shown that it was none."""

    @property
    def last(self) -> float:
        """When the last pulse came, in seconds; −inf before the first."""
        return self.recent[-1].time if self.recent else float("-inf")

    @property
    def noise(self) -> float:
        """Height of the band, in seconds, that a steady tempo is allowed."""
        if not self.noises:
            return UNKNOWN_NOISE
        typical = sorted(self.noises)[int(TYPICAL * (len(self.noises) - 1))]
        return SLACK * max(typical, self.burst) + LEAST_NOISE

    def due_at(self, number: int) -> float:
        """Return when a pulse is due, in seconds."""
        return self.due + (number - self.number) * self.interval

    def after(self, time: float, restarts: bool = False) -> Pulses:
        """Return the line after a pulse that came at `time` seconds.

        Args:
            time: of the pulse, no earlier than the last one's.
            restarts: the transport has just started: where the pulse doesn't fit, the sender has laid its clock anew.
        """
        if not self.recent:
            return self._anew(Point(0, time))
        time = max(time, self.last)
        if (
            self.dropout is not None
            and self.number - self.dropout.number < OUTLIERS
            and time < self.due + self.interval / 2
        ):
            return self._held_up(self.dropout).after(time, restarts)
        late = time - self._latest(self.number + 1)
        if restarts or late > LONGEST_INTERVAL:
            # Nothing may be counted here but whole intervals; where they don't fit, another line begins.
            is_known = self.fitted >= KNOWN_PULSES and not (restarts and late > LONGEST_INTERVAL)
            missing = self._missing(time) if is_known else None
            if missing is None:
                passed = round((time - self.due_at(self.number + 1)) / self.interval)
                return self._anew(Point(self.number + 1 + max(0, passed), time))
            return self._take(Point(self.number + 1 + missing, time))
        is_late = late > 0 and self.fitted >= KNOWN_PULSES
        # Noise alone may hold back several pulses in a row: a dropout is a gap that it can't explain.
        is_gap = time - self.last > self.interval + self.noise
        missing = self._missing(time) if is_late and is_gap else None
        point = Point(self.number + 1, time)
        if missing == 1 and any(abs(self.interval / period - 1) < SAME for period in PERIODS):
            return replace(self, burst=self.interval, burst_until=point.number + BURST_MEMORY)._take(point)
        if missing:
            return self._skip(time, missing)
        if is_late:
            return self._set_aside(point)
        if self.fitted >= SURE and point.number % SELDOM and time > self.due_at(point.number) - self.noise:
            points = (*self.points, point)
            return replace(
                self._noted(point), due=self.due_at(point.number), number=point.number, points=points, outliers=()
            )
        return self._take(point)

    def _latest(self, number: int) -> float:
        """Return when a pulse comes at the latest, as far as noise explains it."""
        return self.due_at(number) + self.noise

    def _missing(self, time: float) -> int | None:
        """Return how many pulses are missing before one at `time`; None if it fits nowhere."""
        late = time - self.due_at(self.number + 1)
        missing = max(0, round((late - self.noise / 2) / self.interval))
        rest = late - missing * self.interval
        room = min(max(TOLERANCE * self.interval, self.noise), self.interval / 2)
        return missing if -room <= rest <= max(room, self.noise) else None

    def _anew(self, point: Point) -> Pulses:
        """Begin another line, at the last known tempo."""
        return replace(
            self,
            due=point.time,
            number=point.number,
            points=(point,),
            outliers=(),
            recent=(point,),
            fitted=1,
            dropout=None,
        )

    def _skip(self, time: float, missing: int) -> Pulses:
        """Count missing pulses; but what comes as late again isn't a dropout, it is a slower tempo."""
        point = Point(self.number + 1 + missing, time)
        dropout = self.dropout
        again = PULSES_PER_QUARTER if self.noise > self.interval / 2 else 1
        if dropout is None or point.number - missing - dropout.number > again:
            return replace(
                self._take(point), dropout=Dropout(point.number, missing, self.due_at(self.number + 1), self.interval)
            )
        since = [*self.recent, point]
        first = next((i for i, each in enumerate(since) if each.number >= dropout.number), len(since) - 1)
        kept = since[max(0, first - 1) :]
        renumbered = tuple(Point(kept[0].number + i, each.time) for i, each in enumerate(kept))
        return replace(self, points=renumbered[:-1], outliers=(), recent=renumbered[:-1], dropout=None)._take(
            renumbered[-1]
        )

    def _held_up(self, dropout: Dropout) -> Pulses:
        """Take a dropout back: a pulse has come too early for it, so those before it were only held up."""
        number = self.number - dropout.missing
        held_up = tuple(
            each._replace(number=each.number - dropout.missing) for each in _since(self.recent, dropout.number)
        )
        return replace(
            self,
            interval=dropout.interval,
            due=dropout.before + (self.number - dropout.number) * dropout.interval,
            number=number,
            points=self.points[: len(self.points) - len(_since(self.points, dropout.number))],
            recent=(*self.recent[: len(self.recent) - len(held_up)], *held_up),
            outliers=(),
            dropout=None,
        )

    def _set_aside(self, point: Point) -> Pulses:
        """Keep a late pulse apart: it may have been held up. If the next ones are late too, it is the tempo."""
        outliers = (*self.outliers, point)
        if len(outliers) < OUTLIERS:
            number = point.number
            return replace(self._noted(point), outliers=outliers, due=self.due_at(number), number=number)
        return replace(self, points=self.points + outliers[:-1], outliers=())._take(point)

    def _take(self, point: Point) -> Pulses:
        """Draw the line anew, through the pulse too."""
        points = (*self.points, point)[-WINDOWS[-1] :]
        noted = self._noted(point)
        band = _longest(points, noted.noise)
        interval = bounded_interval(band.slope) if band else self.interval
        fitted = band.size if band else 1
        offsets = [each.time - (each.number - point.number) * interval for each in points[-fitted:]]
        lowest, height = min(offsets), max(offsets) - min(offsets)
        return replace(
            noted,
            interval=interval,
            due=lowest + _middle(height / 2),
            number=point.number,
            points=points,
            outliers=(),
            fitted=fitted,
        )

    def _noted(self, point: Point) -> Pulses:
        """Measure the noise with another pulse."""
        recent = (*self.recent, point)[-NOISE_PULSES:]
        noises, burst, until = self.noises, self.burst, self.burst_until
        if len(recent) == NOISE_PULSES and point.number % SELDOM == 0:
            band = next(regression_bands(recent, (NOISE_PULSES,)))
            noises = (*noises, band.height)[-NOISE_MEMORY:]
        if point.number > until:
            burst = 0.0
        came_together = len(recent) > 1 and recent[-1].time - recent[-2].time < SHORTEST_INTERVAL / 2
        if came_together or (len(recent) == NOISE_PULSES and point.number % SELDOM == 0):
            period = _period(recent, came_together)
            if period:
                burst, until = max(burst, period), point.number + BURST_MEMORY
        return replace(self, recent=recent, noises=noises, burst=burst, burst_until=until)


def _since(points: tuple[Point, ...], number: int) -> tuple[Point, ...]:
    return tuple(point for point in points if point.number >= number)


def _period(recent: tuple[Point, ...], came_together: bool) -> float:
    """Return the seconds between bursts; 0 if the pulses show none.

    Bursts are on a raster: all gaps are so many periods. Pulses that come one by one show it by going to and fro
    between one number and another; a new tempo or a dropout doesn't.
    """
    gaps = [later.time - earlier.time for earlier, later in pairwise(recent)]
    wide = [gap for gap in gaps if gap >= SHORTEST_INTERVAL / 2]
    least = min(wide, default=0.0)
    periods = [round(gap / least) for gap in wide]
    uneven = UNEVEN if came_together else UNEVEN / 2
    is_raster = len(wide) >= NOISE_PULSES // 2 and all(
        abs(gap / least - number) < uneven for gap, number in zip(wide, periods, strict=True)
    )
    changes = sum(before != after for before, after in pairwise(periods))
    return min(least, UNKNOWN_NOISE) if is_raster and (came_together or changes >= TO_AND_FRO) else 0.0


def _longest(points: tuple[Point, ...], noise: float) -> RegressionBand | None:
    """Return the band of the most pulses that is no higher than the noise; of the fewest, if there is none.

    Pulses that were held up and came at once, in a few milliseconds, say nothing of the tempo.
    """
    longest = None
    windows = WINDOWS if noise > BURSTS else WINDOWS[:-1]
    for band in regression_bands(points[-windows[-1] :], windows):
        if points[-1].time - points[-band.size].time < LEAST_SPAN:
            continue
        if band.height > noise and longest is not None:
            break
        longest = band
    return longest


def _middle(half: float) -> float:
    """Return how far above a band's lower edge the beat is, given half the band's height, in seconds."""
    return max(0.0, min(half, 2 * JITTER - half))
