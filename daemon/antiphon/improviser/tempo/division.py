"""How the performer divides the beat: evenly, swung, or in three; so that uneven notes are counted as what they are.

Nobody shares the beat here, and intervals are all there is. Pairs of a long and a short one that fill the same time
again and again are swung eighths, and fill a beat: while that lasts, each interval is straightened before the tempo
follower, or the tempo that is set, counts it. Three equal intervals that fill a beat are a triplet: the tempo hears
them as the one beat that they are, so that whatever follows is where it was. (`shared_division` is for a known beat.)

A quarter and an eighth in 6/8 are as long to each other as eighths that swing in full, and hands play them as unevenly
as those that swing less. Swing is believed where 6/8 would be too fast for the tempo that is set, or where its beat is
the one that is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.melody.grid import STEPS_PER_BEAT
from antiphon.melody.swing import MOST, STRAIGHT, played, straightened

LEAST_RATIO, MOST_RATIO = 1.24, 2.4
"""Long to short, of a pair that may be swung eighths. Below it nobody hears a swing; above it the rhythm is dotted."""
ENOUGH = 4
"""Pairs, one after the other, that are swung eighths and no accident."""
FIRST_RATIOS = (1.7, 2.3)
"""Long to short; between these the first two intervals of all are believed: few melodies begin with such a pair."""
EVEN_PAIRS = 0.15
"""Difference of logarithms; pairs whose lengths differ by less fill the same time."""
QUICKEST, SLOWEST = 0.2, 1.2
"""Seconds; how long a swung beat may last: 300 to 50 BPM."""
COMPOUND_FASTEST = 1.6
"""Times the tempo that is set; 6/8 that would be faster isn't believed."""
SAME_TEMPO, SET_TEMPO = 0.1, 0.05
"""Differences of logarithms; a swung beat as near to the beats before, or to those of the tempo that is set, isn't
taken for one of 6/8."""
FORGETS = 0.25
"""What a pair weighs in the share and in the length of the beat: half of it is forgotten after two or three more."""
LEAST_SHARE = 0.53
"""Of the beat; from less on (long to short 1.13:1) the playing has become straight."""
OFF_PLACE = 0.12
"""Beats; an onset that is farther from every place of the beat speaks against the swing, as a beat without a pair."""
OFF_BEAT = (0.42, 0.71)
"""Beats; where an eighth off the beat may be, whatever the swing was before."""
MOST_OFF = 3.0
"""Beats without a pair of swung eighths after which the swing is no longer believed."""
TRIPLETS = (1, 2)
"""Beats that a triplet may fill."""
WHOLE = 0.1
"""Difference of logarithms between what a triplet fills and its beats, at most; three sixteenths are 0.29 away."""
EVEN_THIRDS = 0.15
"""Difference of logarithms between an interval of a triplet and a third of it, at most."""
STEADY = 1.05
"""Fastest to slowest; a tempo that varies by less over `SETTLED` intervals is known well enough to tell a triplet."""
SETTLED = 3
"""Intervals after which the tempo is known well enough to tell a triplet."""
KEPT = 8
"""Intervals that are remembered: four pairs."""


@dataclass(frozen=True)
class SetTempo:
    """Counts steps at a tempo that is set, as a `TempoFollower` does at the one that it finds."""

    bpm: float
    steps_per_beat: float = STEPS_PER_BEAT
    steps: int = 1
    """Of the last interval."""

    def after(self, interval: float) -> SetTempo:
        """Return what is known after another interval, in seconds."""
        steps = math.floor(interval * self.bpm * self.steps_per_beat / 60 + 0.5)
        return replace(self, steps=max(1, steps))


Counter = TempoFollower | SetTempo


class _Interval(NamedTuple):
    seconds: float
    before: Counter
    """As it was before the interval."""
    steps: int
    """As many as were counted."""


class _Pairs(NamedTuple):
    number: int
    beat: float
    """Seconds that a pair fills."""
    share: float
    """Of its longer interval."""


@dataclass(frozen=True, eq=False)
class Division:
    """What is known of it after some notes, as a value."""

    share: float = STRAIGHT
    """Of the beat before an eighth off the beat; `STRAIGHT` while nothing swings."""
    steps: int = 1
    """Of the last interval."""
    lag: float = 0.0
    """Steps by which the last onset is played later than the step that it was counted as."""
    place: float = 0.0
    """Of the last onset in its beat as it is written, in beats; known while it swings."""
    ends_triplet: bool = False
    """The last interval is the third of a triplet."""
    beat: float = 0.0
    """Seconds; of a beat that swings, 0 while nothing does."""
    off: float = 0.0
    """Beats since the last pair that swung, and onsets that spoke against it."""
    on_trial: bool = False
    """It swings by the first pair alone, which the next one has to bear out."""
    is_new: bool = True
    """No phrase has ended yet."""
    recent: tuple[_Interval, ...] = field(default=(), repr=False)

    @property
    def swings(self) -> bool:
        """Whether eighths are swung."""
        return self.beat > 0

    def after(self, interval: float, counter: Counter) -> tuple[Division, Counter]:
        """Return what is known after another interval, in seconds, and the counter after it."""
        if not 0 < interval < math.inf:
            return self, counter
        if self.on_trial and not self._goes_on(interval):
            found, after = self._even_after_all(interval)
        elif self.swings:
            found, after = self._swung(interval, counter)
        else:
            pairs = self._pairs(interval)
            found, after = self._even(interval, counter) if pairs is None else self._begun(pairs, interval)
        recent = (*self.recent, _Interval(interval, counter, found.steps))
        if found.ends_triplet and not found.swings:
            first, second, third = recent[-3:]  # they are one length to the tempo
            total = first.seconds + second.seconds + third.seconds
            recent = (*recent[:-3], _Interval(total, first.before, first.steps + second.steps + third.steps))
        return replace(found, is_new=self.is_new, recent=recent[-KEPT:]), after

    def resumed(self, interval: float) -> Division:
        """Return what is known where a phrase begins `interval` seconds after the last note."""
        known = Division(self.share, beat=self.beat, off=self.off, is_new=False)
        if not self.swings:
            return known
        place = round(self._place_after(interval) * STEPS_PER_BEAT) / STEPS_PER_BEAT % 1
        return known._at(place)

    # Evenly, and in three

    def _even(self, interval: float, counter: Counter) -> tuple[Division, Counter]:
        """Count an interval where nothing swings; where it ends a triplet, let the counter hear one length instead."""
        straight, after = Division(recent=self.recent), counter.after(interval)
        two = self.recent[-2:]
        if len(self.recent) >= SETTLED + 2 and self._is_steady() and self._was_on_beat():
            three, before = (*(each.seconds for each in two), interval), two[0].before
            total, beat = sum(three), 60 / before.bpm
            for beats in TRIPLETS:
                is_whole = abs(math.log(total / beat / beats)) < WHOLE
                if is_whole and all(abs(math.log(3 * each / total)) < EVEN_THIRDS for each in three):
                    after = before.after(total)
                    steps = max(1, after.steps - sum(each.steps for each in two))
                    return replace(straight, steps=steps, ends_triplet=True), after
        return replace(straight, steps=after.steps), after

    def _is_steady(self) -> bool:
        """Return whether the tempo stood still before the last two intervals."""
        tempi = [each.before.bpm for each in self.recent[:-1]][-SETTLED - 1 :]
        return max(tempi) < min(tempi) * STEADY

    def _was_on_beat(self) -> bool:
        """Return whether the interval before the last two ended on a beat, as far as it shows."""
        before, last = self.recent[-4].steps, self.recent[-3].steps
        return last % STEPS_PER_BEAT == 0 or (before == last == STEPS_PER_BEAT // 2)

    # Swung

    def _pairs(self, interval: float) -> _Pairs | None:
        """Return the pairs of long and short that end with this interval, if they are swung eighths."""
        seconds = [each.seconds for each in self.recent] + [interval]
        longs, shorts = seconds[-2::-2], seconds[::-2]
        pairs = [(long, short) for long, short in zip(longs, shorts, strict=False)]
        count, last = 0, seconds[-1] + (seconds[-2] if len(seconds) > 1 else 0.0)
        for long, short in pairs:
            is_one = LEAST_RATIO <= long / short <= MOST_RATIO
            if not is_one or abs(math.log((long + short) / last)) > EVEN_PAIRS:
                break
            count += 1
        for enough in (1, ENOUGH):
            if count < enough:
                return None
            long = sum(each for each, _ in pairs[:enough]) / enough
            short = sum(each for _, each in pairs[:enough]) / enough
            is_first = self.is_new and len(seconds) == 2 and FIRST_RATIOS[0] <= long / short <= FIRST_RATIOS[1]
            is_sure = enough == ENOUGH or is_first
            found = _Pairs(enough, long + short, min(MOST, long / (long + short)))
            if is_sure and _may_swing(found, self.recent[1 - 2 * enough].before):
                return found
        return None

    def _begun(self, pairs: _Pairs, interval: float) -> tuple[Division, Counter]:
        """Let the counter hear the pairs again, as eighths."""
        again = self.recent[-2 * pairs.number + 1 :]
        after: Counter = again[0].before
        seconds = [*(each.seconds for each in again), interval]
        total = 0
        for long, short in zip(seconds[::2], seconds[1::2], strict=True):
            after = after.after((long + short) / 2)
            total = after.steps
            after = after.after((long + short) / 2)
            total += after.steps
        steps = max(1, total - again[-1].steps)
        found = Division(pairs.share, steps, beat=pairs.beat, on_trial=pairs.number == 1, recent=self.recent)
        return found, after

    def _goes_on(self, interval: float) -> bool:
        """Return whether an interval is the long or the short one of a second pair, as the first had them."""
        long, short = self.recent[0].seconds, self.recent[1].seconds
        return abs(math.log(interval / (long if len(self.recent) == 2 else short))) < EVEN_PAIRS

    def _even_after_all(self, interval: float) -> tuple[Division, Counter]:
        """Let the counter hear everything again, as it was played."""
        after: Counter = self.recent[0].before
        for seconds in (*(each.seconds for each in self.recent), interval):
            after = after.after(seconds)
        return Division(steps=after.steps, recent=self.recent), after

    def _swung(self, interval: float, counter: Counter) -> tuple[Division, Counter]:
        meant = self._eighth_after(interval) or self._place_after(interval)
        place = max(self.place + 0.25, round(meant * STEPS_PER_BEAT) / STEPS_PER_BEAT)
        start, end = played(self.place, self.share), played(place, self.share)
        off = 0.0 if self._is_pair(interval, place) else self.off + min(1.0, interval / self.beat)
        off += 1.0 if abs(start + interval / self.beat - end) > OFF_PLACE else 0.0
        after = counter.after((meant - self.place) * self.beat) if meant > self.place else counter.after(interval)
        beat = self.beat * (interval / (end - start) / self.beat) ** FORGETS
        share = self._share_after(interval, place)
        if off >= MOST_OFF or share < LEAST_SHARE or not QUICKEST <= beat <= SLOWEST:
            return Division(steps=after.steps, recent=self.recent), after
        found = Division(
            share,
            after.steps,
            ends_triplet=self._in_three(interval),
            beat=beat,
            off=off,
            on_trial=self.on_trial and len(self.recent) < 3,
            recent=self.recent,
        )
        return found._at(place % 1), after

    def _eighth_after(self, interval: float) -> float | None:
        """Return the place that follows if the beat is divided into two as ever, swung more or less than before."""
        if self.place == 0 and OFF_BEAT[0] < interval / self.beat < OFF_BEAT[1]:
            return STRAIGHT
        return 1.0 if self.place == STRAIGHT and self._fills_beat(interval) else None

    def _place_after(self, interval: float) -> float:
        """Return which place an onset was meant for, in beats from the beginning of the last onset's beat."""
        return straightened(played(self.place, self.share) + interval / self.beat, self.share)

    def _at(self, place: float) -> Division:
        return replace(self, place=place, lag=(played(place, self.share) - place) * STEPS_PER_BEAT)

    def _share_after(self, interval: float, place: float) -> float:
        if not self._is_pair(interval, place):
            return self.share
        long = self.recent[-1].seconds
        share = max(STRAIGHT, long / (long + interval))
        return min(MOST, self.share + FORGETS * (share - self.share))

    def _is_pair(self, interval: float, place: float) -> bool:
        """Return whether an interval that ends at a place is the second of two eighths that fill the beat."""
        return self.place == STRAIGHT and place == 1 and self._fills_beat(interval)

    def _fills_beat(self, interval: float) -> bool:
        """Return whether an interval and the one before it are two eighths that fill the beat."""
        if not self.recent:
            return False
        long = self.recent[-1].seconds
        return (
            abs(math.log((long + interval) / self.beat)) < EVEN_PAIRS and 1 / LEAST_RATIO < long / interval < MOST_RATIO
        )

    def _in_three(self, interval: float) -> bool:
        """Return whether the last three intervals are a triplet's."""
        three = [*(each.seconds for each in self.recent[-2:]), interval]
        return len(three) == 3 and all(abs(math.log(3 * each / self.beat)) < EVEN_THIRDS for each in three)


def _may_swing(pairs: _Pairs, before: Counter) -> bool:
    """Return whether pairs may be swung eighths, and not quarters and eighths of 6/8, by the tempo `before` them."""
    if not QUICKEST <= pairs.beat <= SLOWEST:
        return False
    bpm = 60 / pairs.beat
    is_known, set_bpm = True, before.bpm
    if isinstance(before, TempoFollower):
        set_bpm = before.set_bpm or before.bpm
        is_known = before.is_tapped or before.set_bpm is not None
    is_at_tempo = is_known and abs(math.log(bpm / before.bpm)) < SAME_TEMPO
    is_at_tempo = is_at_tempo or abs(math.log(bpm / set_bpm)) < SET_TEMPO
    is_followed = isinstance(before, TempoFollower)
    return is_at_tempo or (is_followed and 1.5 * bpm > COMPOUND_FASTEST * set_bpm)
