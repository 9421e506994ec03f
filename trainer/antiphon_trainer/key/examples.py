"""Examples for the key network: songs as notes, changed at random as performers do, in batches.

Side 0 is the key that a song was encoded in. The network treats all sides alike, so songs needn't be transposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.melody.grid import STEPS_PER_BEAT, read
from antiphon.melody.key_model import NO_INTERVAL, interval_classes, wait_classes

MODULATED = 0.3
"""Share of the songs in which the key changes. Rare enough that a doubtful note doesn't change it."""
BY_A_FIFTH = 0.8
"""Of the modulations; the others are by any interval."""
RETURNING = 0.25
OCTAVES_MOVED = 0.3
"""Share of the songs in which each note's octave is moved at random."""
WRONG_NOTES = 0.15
"""Share of the songs with one wrong note in twenty."""
CUT = 0.2
"""Share of the songs that begin somewhere in the middle."""
NO_RESTS = 0.2
"""Share of the songs played so legato that no rest is heard."""
TEMPI = (0.5, 1.0, 1.0, 1.0, 2.0)
"""Factors on the tempo, one of them drawn a song: beats are heard twice or half as fast."""
LONGEST = 112
"""Notes of a song that are learned from."""
_ROOM = 8
"""Notes, at least, on each side of a modulation."""

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Tune:
    """A song's notes, each (note,)."""

    pitches: Ints
    """MIDI note numbers, in the encoded key."""
    waits: Ints
    """Sixteenths since the onset before; 0 of the first."""
    rested: Ints
    """1 where a rest of a beat or more came before."""
    sides: Ints
    """The right side, 0…11."""


def tune(symbols: Sequence[str]) -> Tune:
    """Return an encoded song's notes."""
    rows: list[tuple[int, int, bool]] = []
    wait = 0
    rested = False
    for note in read(symbols):
        if note.pitch is None:
            wait, rested = wait + note.steps, note.steps >= STEPS_PER_BEAT
        else:
            rows.append((note.pitch, wait if rows else 0, rested and bool(rows)))
            wait, rested = note.steps, False
    pitches, waits, silences = np.array(rows, np.int32).reshape(-1, 3).T
    return Tune(pitches, waits, silences, np.zeros(len(pitches), np.int32))


def performed(song: Tune, draw: np.random.Generator) -> Tune:
    """Return a song as somebody might play it: modulating, in other octaves, wrong now and then, cut, in any tempo."""
    pitches, waits, rested = song.pitches.copy(), song.waits.copy(), song.rested.copy()
    if draw.random() < CUT and len(pitches) > 3 * _ROOM:
        start = int(draw.integers(1, len(pitches) - 2 * _ROOM))
        pitches, waits, rested = pitches[start:], waits[start:], rested[start:]
        waits[0] = rested[0] = 0
    shifts = _modulations(len(pitches), draw)
    pitches = pitches + shifts
    if draw.random() < OCTAVES_MOVED:
        pitches = pitches + 12 * draw.integers(-1, 2, len(pitches))
    if draw.random() < WRONG_NOTES:
        pitches = pitches + (draw.random(len(pitches)) < 0.05) * draw.choice([-2, -1, 1, 2], len(pitches))
    if draw.random() < NO_RESTS:
        rested = np.zeros_like(rested)
    return Tune(pitches, np.ceil(waits * draw.choice(TEMPI)).astype(np.int32), rested, shifts % 12)


def _modulations(notes: int, draw: np.random.Generator) -> Ints:
    shifts = np.zeros(notes, np.int32)
    if draw.random() >= MODULATED or notes < 2 * _ROOM:
        return shifts
    start = int(draw.integers(_ROOM, notes - _ROOM + 1))
    shift = int(draw.choice([7, -5, -7, 5]) if draw.random() < BY_A_FIFTH else draw.integers(-6, 7))
    shifts[start:] = shift
    if draw.random() < RETURNING and notes - start > 3 * _ROOM:
        shifts[int(draw.integers(start + _ROOM, notes - _ROOM)) :] = 0
    return shifts


def batch(songs: Sequence[Tune]) -> tuple[npt.NDArray[np.generic], ...]:
    """Return songs side by side: pitch classes, intervals, waits, right sides and where there is a note.

    All (song, note); the last is float32, 1 or 0, the others int32.
    """
    # Few lengths, so that the graph is traced few times.
    longest = -(-min(LONGEST, max(len(song.pitches) for song in songs)) // 16) * 16
    numbers = np.zeros((4, len(songs), longest), np.int32)
    there = np.zeros((len(songs), longest), np.float32)
    for row, song in enumerate(songs):
        intervals = interval_classes(np.diff(song.pitches, prepend=song.pitches[:1]))
        intervals[:1] = NO_INTERVAL
        found = np.stack([song.pitches % 12, intervals, wait_classes(song.waits, song.rested), song.sides])
        count = min(longest, len(song.pitches))
        numbers[:, row, :count] = found[:, :count]
        there[row, :count] = 1
    return (*numbers, there)


def batches(
    songs: Sequence[Tune], size: int, draw: np.random.Generator
) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
    """Yield an epoch: every song once, performed, songs of about one length side by side, batches in random order."""
    lengths = np.array([len(song.pitches) for song in songs]) + draw.random(len(songs)) * 8
    order = np.argsort(lengths)
    starts = np.arange(0, len(order), size)
    draw.shuffle(starts)
    for start in starts:
        yield batch([performed(songs[index], draw) for index in order[start : start + size]])
