"""How the performer divides a beat that is shared, with a metronome or a sequencer: evenly, swung, or in three.

There the place of an onset in its beat is known. Of two notes in a beat the second one says how the performer swings;
three at its thirds are a triplet. From then on an eighth that swings is counted as the eighth that it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from antiphon.melody.swing import MOST, STRAIGHT, straightened

EARLY = 0.12
"""Beats; an onset that comes by less before a beat is on it."""
OFF_BEAT = (0.45, 0.71)
"""Beats; where eighths off the beat are, swung or not. The last of four sixteenths is at 0.75."""
LEAST_SHARE = 0.54
"""Of the beat; from here on (long to short 1.17:1) eighths swing."""
SURE = 3
"""Pairs of eighths after which the performer is known to swing."""
UNKNOWN_SHARE = 0.58
"""Of the beat; the share by which an onset is placed that may be the first to swing, a compromise between 0.5 and 0.67:
it is an eighth up to 0.69 of the beat, and above it the short note of a dotted rhythm."""
FORGETS = 0.2
"""What a pair weighs in the share: half of it is forgotten after three more."""
THIRD = 0.08
"""Beats; an onset as near to a third of the beat may be a triplet's."""


@dataclass(frozen=True)
class SharedDivision:
    """What is known of it after some notes, as a value."""

    share: float = STRAIGHT
    """Of the beat before an eighth off the beat, as the performer has played it lately."""
    pairs: int = 0
    """Pairs of eighths that say so, up to `SURE`."""
    beat: int = 0
    """The last onset's, from the grid's first beat on."""
    places: tuple[float, ...] = ()
    """Of the onsets in that beat, in beats."""
    ends_triplet: bool = False
    """The last onset is on the beat that follows a triplet."""

    @property
    def swing(self) -> float:
        """The share that is sure; `STRAIGHT` while nothing swings."""
        return self.share if self.pairs >= SURE and self.share >= LEAST_SHARE else STRAIGHT

    def meant(self, where: float) -> float:
        """Return the place, as it is written, of an onset that is played at `where`; both in beats of the grid."""
        if self.pairs:
            return straightened(where, self.share if self.share >= LEAST_SHARE else STRAIGHT)
        place = where - self.beat
        is_second = len(self.places) == 1 and abs(self.places[0]) < EARLY and OFF_BEAT[0] < place < OFF_BEAT[1]
        return straightened(where, UNKNOWN_SHARE if is_second else STRAIGHT)

    def after(self, where: float) -> SharedDivision:
        """Return what is known after an onset, in beats of the grid."""
        beat = math.floor(where + EARLY)
        place = where - beat
        if beat == self.beat:
            return SharedDivision(self.share, self.pairs, beat, (*self.places, place)[-4:])
        share, pairs, in_three = self.share, self.pairs, False
        if beat == self.beat + 1 and place < EARLY:
            if self._is_pair():
                second = min(MOST, max(STRAIGHT, self.places[1]))
                pairs = min(SURE, pairs + 1)
                share += max(FORGETS, 1 / pairs) * (second - share)
            in_three = self._is_triplet()
        return SharedDivision(share, pairs, beat, (place,), in_three)

    def elsewhere(self) -> SharedDivision:
        """Return what is still known where the grid has jumped."""
        return SharedDivision(self.share, self.pairs)

    def _is_pair(self) -> bool:
        return len(self.places) == 2 and abs(self.places[0]) < EARLY and OFF_BEAT[0] < self.places[1] < OFF_BEAT[1]

    def _is_triplet(self) -> bool:
        thirds = [number / 3 for number in range(3)]
        return len(self.places) == len(thirds) and all(
            abs(place - third) < THIRD for place, third in zip(self.places, thirds, strict=True)
        )
