"""Melodies: how a melody that goes on is made, bar by bar: what returns, where it closes, its range and its notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from antiphon_trainer.audition.music.playing import STEP_SECONDS, SoundingNote

PHRASE_BARS = 4
"""Bars after which a phrase ends at the latest; where phrases are shorter, one ends there as well."""
BEAT = 4
"""Steps of a quarter note."""
BREATH = 1
"""Steps of silence, at least, or by which a last note is longer than a beat, that a phrase's end breathes by."""
WINDOW = 64
"""Bars among which the returns of a pair of bars are counted."""


@dataclass(frozen=True)
class Melody:
    """A melody on the grid: (first step, step of the end, pitch) of each note, and its bars.

    Steps count from its first barline; an upbeat has negative ones.
    """

    notes: tuple[tuple[int, int, int], ...]
    bar: int
    """Steps in a bar."""
    triad: tuple[int, ...]
    """Pitch classes of the tonic triad."""

    def cut(self, bars: int) -> Melody:
        """Return its first bars."""
        return Melody(tuple(note for note in self.notes if note[0] < bars * self.bar), self.bar, self.triad)


def on_grid(notes: Sequence[SoundingNote], upbeat: int, bar: int, triad: tuple[int, ...]) -> Melody:
    """Return notes that were played in time as a melody.

    Args:
        notes: of which the first starts `upbeat` steps before a barline.
        upbeat: in steps.
        bar: steps in a bar.
        triad: pitch classes of the tonic triad.
    """
    start = notes[0].on if notes else 0.0

    def step(time: float) -> int:
        return round((time - start) / STEP_SECONDS) - upbeat

    return Melody(tuple((step(on), max(step(on) + 1, step(off)), pitch) for on, off, pitch in notes), bar, triad)


def figures(melody: Melody, bars: int) -> dict[str, tuple[float, float]]:
    """Return what is counted of a melody of so many bars, by name: (how many, of how many)."""
    contents = _contents(melody, bars)
    seen: set[tuple[tuple[int, int], ...]] = set()
    repeated = full = 0
    for content in contents:
        if content:
            full += 1
            repeated += content in seen
            seen.add(content)
    pairs = [(one, two) for one, two in pairwise(contents) if one and two]
    windows = (pairs[start : start + WINDOW - 1] for start in range(max(1, len(pairs) - WINDOW + 2)))
    most = max(max(Counter(window).values(), default=0) for window in windows)
    ends = [_ending(melody, barline) for barline in range(PHRASE_BARS, bars + 1, PHRASE_BARS)]
    pitches = [pitch for _, _, pitch in melody.notes]
    return {
        "repeated bars": (repeated, full),
        "most returns of a pair": (most, 1),
        "phrases that close": (sum(closes for closes, _ in ends), len(ends)),
        "phrases that breathe": (sum(breathes for _, breathes in ends), len(ends)),
        "range": (max(pitches, default=0) - min(pitches, default=0), 1),
        "notes a bar": (len(melody.notes), bars),
    }


def _contents(melody: Melody, bars: int) -> list[tuple[tuple[int, int], ...]]:
    """Return what starts in each bar: (step in the bar, pitch) of each note."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(bars)]
    for start, _, pitch in melody.notes:
        number, within = divmod(start, melody.bar)
        if 0 <= number < bars:
            found[number].append((within, pitch))
    return [tuple(each) for each in found]


def _ending(melody: Melody, barline: int) -> tuple[bool, bool]:
    """Return whether a phrase closes at a barline (counted in bars), and whether it breathes there.

    It closes where the last note before the barline, or before an upbeat to it of at most a beat, is of the tonic
    triad, starts on a beat and lasts a beat at least, what silence follows included. It breathes where the silence, or
    what that note is longer than a beat, is a sixteenth or longer.
    """
    end, closes, breathes = barline * melody.bar, False, False
    for note, after in zip(melody.notes, (*melody.notes[1:], (end, end, 0)), strict=True):
        (start, stop, pitch), following = note, after[0]
        room = min(following, end + melody.bar) - start
        is_last = end - melody.bar <= start < end and following >= end - BEAT
        if is_last and room >= BEAT and start % BEAT == 0:
            closes |= pitch % 12 in melody.triad
            breathes |= max(following - stop, room - BEAT) >= BREATH
    return closes, breathes
