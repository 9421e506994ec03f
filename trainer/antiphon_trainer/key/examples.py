"""Examples for the key network: songs as notes, varied at random as performers vary them, in batches.

Transposition 0 is the key that a song was encoded in. The network treats all twelve alike, so songs needn't be
transposed to be learned in other keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.melody.grid import STEPS_PER_BEAT, read
from antiphon.melody.key_model import NO_INTERVAL, interval_classes, wait_classes

MODULATED = 0.3
"""Share of the songs in which the key changes; low enough that a single foreign note isn't taken for a change."""
BY_A_FIFTH = 0.8
"""Share of the modulations that are by a fifth; the others are by any interval."""
RETURNING = 0.25
"""Share of the modulations after which the first key comes back, where the song is long enough."""
OCTAVES_MOVED = 0.3
"""Share of the songs in which each note is moved by −1, 0 or 1 octaves."""
WRONG_NOTES = 0.15
"""Share of the songs in which one note in twenty is wrong, by one or two semitones."""
CUT = 0.2
"""Share of the songs that begin somewhere after the first note."""
NO_RESTS = 0.2
"""Share of the songs played so legato that no rest is heard."""
TEMPI = (0.5, 1.0, 1.0, 1.0, 2.0)
"""Factors on the lengths of a song, one drawn for each: the beat may be taken for half or twice as long as it is."""
LONGEST = 112
"""Notes of a song that are learned from, at most; bounds the length of a batch."""
_ROOM = 8
"""Notes before and after a modulation, at least."""

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Tune:
    """A song's notes, each (note,)."""

    pitches: Ints
    """MIDI note numbers, in the encoded key."""
    waits: Ints
    """Sixteenths since the last onset; 0 for the first note."""
    rested: Ints
    """1 where a rest of a beat or more came before."""
    transpositions: Ints
    """Semitones, 0…11, by which the song is transposed up at each note."""


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
    """Vary a song at random: it may be cut, modulate, change octaves, have wrong notes or no rests, and any tempo."""
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
    """Return songs as arrays (song, note), padded to the longest or cut to `LONGEST` notes.

    Returns:
        Pitch classes, intervals, waits and transpositions, int32, and the mask, float32, 1 where there is a note.
    """
    # A multiple of 16: TensorFlow traces the graph once for each length.
    longest = -(-min(LONGEST, max(len(song.pitches) for song in songs)) // 16) * 16
    numbers = np.zeros((4, len(songs), longest), np.int32)
    mask = np.zeros((len(songs), longest), np.float32)
    for row, song in enumerate(songs):
        intervals = interval_classes(np.diff(song.pitches, prepend=song.pitches[:1]))
        intervals[:1] = NO_INTERVAL
        found = np.stack([song.pitches % 12, intervals, wait_classes(song.waits, song.rested), song.transpositions])
        count = min(longest, len(song.pitches))
        numbers[:, row, :count] = found[:, :count]
        mask[row, :count] = 1
    return (*numbers, mask)


def batches(
    songs: Sequence[Tune], size: int, draw: np.random.Generator
) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
    """Yield the batches of an epoch in random order: every song once, varied, beside songs of about its length."""
    lengths = np.array([len(song.pitches) for song in songs]) + draw.random(len(songs)) * 8
    order = np.argsort(lengths)
    starts = np.arange(0, len(order), size)
    draw.shuffle(starts)
    for start in starts:
        yield batch([performed(songs[index], draw) for index in order[start : start + size]])
