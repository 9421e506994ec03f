"""What is counted of a corpus' songs as they are written, one song at a time: for its page and its provenance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from antiphon.melody import keys
from antiphon_trainer.corpus.score import Mode, Score


@dataclass
class Statistics:
    """Counts of songs that weren't refused; lengths are quarter lengths."""

    songs: int = 0
    copyrights: set[str] = field(default_factory=set)
    keys: Counter[tuple[Mode, int]] = field(default_factory=Counter)
    """Of modes and signatures, −5…6 sharps."""
    bars: Counter[str] = field(default_factory=Counter)
    """Of the lengths of a song's bars; `mixed` where it has several, `none` where it has no metre."""
    durations: Counter[float] = field(default_factory=Counter)
    """Of notes and rests."""
    lengths: Counter[float] = field(default_factory=Counter)
    """Of songs."""
    ranges: Counter[float] = field(default_factory=Counter)
    """Of songs: semitones from the lowest note to the highest."""
    pitches: Counter[float] = field(default_factory=Counter)
    """Of notes: MIDI note numbers."""

    def add(self, score: Score) -> None:
        """Count a song, in which a note sounds."""
        pitches = [note.pitch for note in score.notes if note.pitch is not None]
        self.songs += 1
        self.copyrights.add(score.copyright)
        self.keys[score.mode, keys.normalised(score.sharps)] += 1
        self.bars[_bar(score)] += 1
        self.durations.update(note.quarter_length for note in score.notes)
        self.lengths[sum(note.quarter_length for note in score.notes)] += 1
        self.ranges[max(pitches) - min(pitches)] += 1
        self.pitches.update(pitches)


def _bar(score: Score) -> str:
    lengths = {bar.length for bar in score.bars if bar.length}
    if len(lengths) > 1:
        return "mixed"
    return f"{lengths.pop():g}" if lengths else "none"
