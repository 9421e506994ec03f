"""Whole or refused: compares what a reader made of a song with a second count of the source's own tokens.

A reader ends with `require_whole`. The count is made from the source by other code than the reader's, as simple as it
can be, so that a mistake in one of the two shows: it may know of a note no more than that it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from antiphon_trainer.corpus.score import NoScore, Score, WrittenNote

DISAGREES = "a second count of its notes disagrees"
"""The reason for a song of which the reader and the count make different things."""
TOO_LONG = "a bar that is longer than its metre"
_CLOSE = 1e-6
"""Quarter lengths; less is rounding."""


class Counted(NamedTuple):
    """A note as written (of a chord one, of tied notes each); whatever the count doesn't know is None."""

    place: str
    """Where it stands, for people: `line 7`, `bar 3`."""
    pitches: frozenset[int] | None = None
    """The MIDI note numbers that it may have."""
    onset: float | None = None
    """Quarter lengths from the song's beginning."""
    quarter_length: float | None = None


def require_whole(score: Score, counted: Sequence[Counted]) -> None:
    """Check that a song has the notes that were counted in its source, no more, no fewer, and no others.

    Raises:
        NoScore: it hasn't; the detail names the first place where the two part.
    """
    onset = 0.0
    place = "the beginning"
    expected = iter(counted)
    read = 0
    for note in score.notes:
        if note.pitch is not None:
            count = next(expected, None)
            if count is None:
                raise NoScore(DISAGREES, f"{_total(score)} read, {len(counted)} counted; one too many after {place}")
            place = count.place
            read += 1
            fault = _fault(note, onset, count)
            if fault:
                raise NoScore(DISAGREES, f"note {read}, {place}: {fault}")
        onset += note.quarter_length
    missing = next(expected, None)
    if missing is not None:
        raise NoScore(DISAGREES, f"{read} read, {len(counted)} counted; the first that is missing: {missing.place}")


def require_full_bars(score: Score) -> None:
    """Check that no bar is longer than its metre. A shorter one may be an upbeat, a last bar or either's half.

    Such a bar has lost a tuplet's sign or a change of the metre, or has gained a note.

    Raises:
        NoScore: a bar is; the detail names the first.
    """
    ends = [bar.start for bar in score.bars[1:]] + [sum(note.quarter_length for note in score.notes)]
    for count, (bar, end) in enumerate(zip(score.bars, ends, strict=False), start=1):
        if bar.length and end - bar.start > bar.length + _CLOSE:
            raise NoScore(TOO_LONG, f"bar {count}: {end - bar.start:g} quarter lengths, the metre has {bar.length:g}")


def _total(score: Score) -> int:
    return sum(note.pitch is not None for note in score.notes)


def _fault(note: WrittenNote, onset: float, count: Counted) -> str:
    """Say what a note and its count disagree about; nothing if they agree."""
    if count.pitches is not None and note.pitch not in count.pitches:
        return f"pitch {note.pitch} read, {' or '.join(map(str, sorted(count.pitches)))} counted"
    if count.onset is not None and abs(count.onset - onset) > _CLOSE:
        return f"starts after {onset:g} quarter lengths as read, after {count.onset:g} as counted"
    if count.quarter_length is not None and abs(count.quarter_length - note.quarter_length) > _CLOSE:
        return f"lasts {note.quarter_length:g} quarter lengths as read, {count.quarter_length:g} as counted"
    return ""
