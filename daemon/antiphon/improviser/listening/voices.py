"""Voices: tells the performer's melody from the accompaniment, note by note, as keys go down and come up.

 - Notes that start together, or run up and down a chord as a roll does, are one chord: its highest note is the melody.
 - A note well below a key that is down is no melody. Where nothing else accompanies, it may be played legato, and is
   heard at once; if that key stays down, it is taken back. Where a left hand plays, or more than an octave lies between
   the two, it waits until that key comes up.
 - Where the melody pauses, a note that lies where the accompaniment was lately is the accompaniment's.

All that counts is which keys are down and when they moved, so that a recording is heard as the playing was.
"""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

from antiphon.improviser.events import ROUNDING_SECONDS

TOGETHER_SECONDS = 0.030
"""Seconds; a note that follows another within this time is of one chord with it."""
CHORD_SECONDS = 0.050
"""Seconds; so is one that follows within this time while the other and the chord's first are down."""
CHORD_INTERVAL = 3
"""Semitones; a note nearer than this to the highest, and not together with it, is of a grace or a trill with it."""
LONGEST_ROLL = 0.2
"""Seconds from a chord's first note to its last: what goes on for longer is a glissando, or a run."""
APART = 5
"""Semitones below a key that is down, from which a note counts as another voice; nearer ones may be a trill's. Where
nothing accompanies, those nearer to the last note go on from it, whatever a slow finger still holds."""
WIDEST_LEGATO = 12
"""Semitones below a key that is down, beyond which a note is no melody until that key comes up: of 96,635 notes of
melodies played alone, 3 in 10,000 are heard late by that, and a left hand's first notes aren't answered."""
LEGATO_SECONDS = 0.08
"""Seconds for which a key may overlap the next lower note where a left hand plays, and it is still one voice."""
LONG_LEGATO_SECONDS = 0.45
"""The same where nothing accompanies: beginners lift late."""
STACCATO_SECONDS = 0.1
"""The same where nothing accompanies and the lower note, more than an octave below, is over before the key comes up."""
LONGEST_HOLD = 10.0
"""Seconds for which a key counts as down: it may be stuck, and its note-off lost."""
SHARE_OF_LAST = 0.08
"""By how much the last note counts in the share of notes that are accompaniment; some twelve notes are remembered."""
ACCOMPANIED = 0.14
"""The share from which a left hand plays: two such notes, one soon after the other."""
LAST_OF_MELODY, LAST_OF_ACCOMPANIMENT = 3, 4
"""Notes whose median says where each of the two lies."""
FARTHEST = 14
"""Semitones below the melody; what lies farther is the accompaniment's."""
SEPARATE = 6
"""Semitones, at least, by which melody and accompaniment lie apart if a note can be told by where it lies."""
BORDER = 0.35
"""Share of the way from accompaniment to melody, below which a note is the accompaniment's."""
PAUSE, FORGOTTEN = 2.0, 3.0
"""Seconds after the last note of the melody, and of the accompaniment, in which each still lies where it was."""


class Finding(NamedTuple):
    """What a key that goes down means.

    Args:
        is_melody: its note is of the melody.
        withdraws: the note heard last was none, or gives its place to this one.
        in_chord: it is of one chord with the note whose place it takes.
    """

    is_melody: bool
    withdraws: bool = False
    in_chord: bool = False


class Doubt(NamedTuple):
    """A note below a key that was down: whether it is of the melody is seen by when that key comes up."""

    time: float
    pitch: int
    above: int
    """The key that was down."""
    is_heard: bool
    """It was taken for melody meanwhile."""
    share: float
    """Of the notes before it, those that were accompaniment."""


class Voices:
    """Follows the keys. Times are in seconds, pitches MIDI note numbers as played."""

    def __init__(self) -> None:
        self._down: dict[int, float] = {}
        """The keys that are down, and since when."""
        self._melody: list[int] = []
        self._accompaniment: list[int] = []
        self._melody_time = self._accompaniment_time = float("-inf")
        self._share = 0.0
        """Of the notes lately, those that were accompaniment."""
        self._chord_start = self._last_time = self._top_time = float("-inf")
        self._last = self._top = self._first = -1
        """The last note's pitch, and the highest and the first of its chord."""
        self._is_top_heard = False
        self._doubt: Doubt | None = None

    def strike(self, time: float, pitch: int) -> Finding:
        """Return what a key means that goes down."""
        if self._is_chord(time, pitch):
            found = self._join_chord(time, pitch)
        else:
            withdraws = self._settle()
            self._chord_start, self._first = time, pitch
            found = self._judge(time, pitch, withdraws)
        self._last_time, self._last = time, pitch
        self._down[pitch] = time
        return found

    def lift(self, time: float, pitch: int) -> Doubt | None:
        """Take a key for up. Returns the note that is seen by that to have been taken for what it wasn't, if any.

        One that was heard is none of the melody, and one that was not heard is.
        """
        self._down.pop(pitch, None)
        doubt = self._doubt
        if doubt is None or doubt.above != pitch:
            return None
        self._doubt = None
        limit = LEGATO_SECONDS if self._is_accompanied else LONG_LEGATO_SECONDS
        is_legato = time - doubt.time <= limit + ROUNDING_SECONDS
        if doubt.is_heard:
            if is_legato:
                return None
            self._take_back(doubt)
            return doubt
        is_below = self._highest(time, doubt.pitch) - doubt.pitch >= APART
        is_too_short = doubt.pitch not in self._down and (
            self._is_accompanied or time - doubt.time > STACCATO_SECONDS + ROUNDING_SECONDS
        )
        if not is_legato or is_below or is_too_short:
            return None
        self._accompaniment.pop()
        self._share = doubt.share
        self._hear(doubt.time, doubt.pitch)
        return doubt

    def is_down(self, pitch: int) -> bool:
        """Return whether a key is down."""
        return pitch in self._down

    def lift_all(self) -> None:
        """Take all keys for up; whatever was in doubt stays as it was heard."""
        self._down.clear()
        self._doubt = None

    def _is_chord(self, time: float, pitch: int) -> bool:
        gap = time - self._last_time - ROUNDING_SECONDS
        if time - self._chord_start > LONGEST_ROLL:
            return False
        if abs(pitch - self._top) < CHORD_INTERVAL and time - self._top_time > TOGETHER_SECONDS + ROUNDING_SECONDS:
            return False
        is_held = self._last in self._down and self._first in self._down
        return gap <= TOGETHER_SECONDS or (gap <= CHORD_SECONDS and is_held)

    def _join_chord(self, time: float, pitch: int) -> Finding:
        if pitch <= self._top:
            self._accompany(time, pitch)
            if self._doubt is not None and not self._doubt.is_heard:
                self._doubt = None
            return Finding(is_melody=False)
        if not self._is_top_heard:
            return self._judge(time, pitch, withdraws=False)
        self._melody.pop()
        self._accompany(time, self._top)
        found = self._judge(time, pitch, withdraws=True)
        return found._replace(in_chord=found.is_melody)

    def _judge(self, time: float, pitch: int, withdraws: bool) -> Finding:
        """Find out about a note that begins a chord, or whose chord was none of the melody's so far."""
        self._top, self._top_time, self._is_top_heard, self._doubt = pitch, time, False, None
        is_accompanied = self._is_accompanied
        is_low = is_accompanied and pitch < self._border(time)
        above = self._highest(time, pitch)
        is_below = above - pitch >= APART and (is_accompanied or not self._goes_on(time, pitch))
        is_another = is_below and (is_accompanied or above - pitch > WIDEST_LEGATO)
        if is_below and not is_low:
            self._doubt = Doubt(time, pitch, above, is_heard=not is_another, share=self._share)
        if is_low or is_another:
            self._accompany(time, pitch)
            return Finding(is_melody=False, withdraws=withdraws)
        self._hear(time, pitch)
        return Finding(is_melody=True, withdraws=withdraws)

    def _settle(self) -> bool:
        """Settle a doubt as the next note comes. Returns whether the note heard last was none of the melody."""
        doubt, self._doubt = self._doubt, None
        if doubt is None or not doubt.is_heard:
            return False
        self._take_back(doubt)
        return True

    def _take_back(self, doubt: Doubt) -> None:
        self._melody.pop()
        self._is_top_heard = False
        self._accompany(doubt.time, doubt.pitch)

    @property
    def _is_accompanied(self) -> bool:
        return self._share >= ACCOMPANIED

    def _goes_on(self, time: float, pitch: int) -> bool:
        """Return whether a note is near to the melody's last one."""
        return bool(self._melody) and time - self._melody_time < PAUSE and abs(pitch - self._melody[-1]) < APART

    def _border(self, time: float) -> float:
        """Return the pitch below which a note is the accompaniment's, whatever keys are down."""
        if not self._melody or time - self._melody_time >= PAUSE:
            return 0
        melody = median(self._melody)
        border = melody - FARTHEST
        if self._accompaniment and time - self._accompaniment_time < FORGOTTEN:
            low = median(self._accompaniment)
            if melody - low >= SEPARATE:
                border = max(border, low + BORDER * (melody - low))
        return border

    def _highest(self, time: float, pitch: int) -> int:
        """Return the highest key that is down above a pitch; the pitch itself where none is."""
        return max((key for key, since in self._down.items() if time - since <= LONGEST_HOLD), default=pitch)

    def _hear(self, time: float, pitch: int) -> None:
        if time - self._melody_time >= PAUSE:
            self._melody.clear()  # it may go on elsewhere
        self._melody = [*self._melody, pitch][-LAST_OF_MELODY:]
        self._melody_time = time
        self._is_top_heard = True
        self._share *= 1 - SHARE_OF_LAST

    def _accompany(self, time: float, pitch: int) -> None:
        self._accompaniment = [*self._accompaniment, pitch][-LAST_OF_ACCOMPANIMENT:]
        self._accompaniment_time = time
        self._share += SHARE_OF_LAST * (1 - self._share)
