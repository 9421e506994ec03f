"""Scores of a performance: counts of what was heard right, which add up over the performances of a source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from antiphon.improviser.listening.voices import TOGETHER_SECONDS
from antiphon.melody.grid import Note
from antiphon.melody.keys import parse_key
from antiphon_trainer.audition.key_profiles import krumhansl_schmuckler
from antiphon_trainer.audition.performances.hearing import HeardNote
from antiphon_trainer.audition.performances.intervals import note_array
from antiphon_trainer.audition.performances.performance import Performance, PlayedNote
from antiphon_trainer.audition.tempo import FIRST

KEY_AFTER = 8
"""Notes after which the key in use is compared with the right one."""
ON_THE_BEAT = 1 / 8
"""Beats by which a start may be off: by chance a quarter of all are as near."""
_FINE = 100
"""Parts of a second, in which Krumhansl-Schmuckler's lengths are counted."""


class Share(NamedTuple):
    """How many of how many."""

    hits: int = 0
    total: int = 0

    def plus(self, other: Share) -> Share:
        """Return both together."""
        return Share(self.hits + other.hits, self.total + other.total)

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.hits / self.total if self.total else None


def answers_on_the_beat(heard: Sequence[HeardNote], performance: Performance) -> Share:
    """Return how many answers would start on the player's beat, if one were given after each note from the ninth on."""
    places = np.array([performance.beat_at(note.next_beat) for note in heard[FIRST:]])
    places = places[~np.isnan(places)]
    return Share(int((np.abs(places - np.rint(places)) <= ON_THE_BEAT).sum()), len(places))


def starts_on_downbeats(starts: Sequence[float], performance: Performance) -> Share:
    """Return how many starts, in seconds, are on a beat on which a bar of the player's begins, from the ninth on."""
    downbeats = np.asarray(performance.downbeats)
    if not len(downbeats):
        return Share()
    places = np.array([performance.beat_at(start) for start in starts[FIRST:]])
    places = places[~np.isnan(places)]
    off = np.abs(places[:, None] - downbeats).min(1)
    return Share(int((off <= ON_THE_BEAT).sum()), len(places))


def melody_found(heard: Sequence[HeardNote], performance: Performance) -> tuple[Share, Share]:
    """Return the precision and the recall of the melody that was heard in the whole texture."""
    texture = performance.texture
    notes = [texture[note.index] for note in heard]
    return _overlap([note for note in notes if (note.on, note.pitch) not in performance.ornaments], performance.melody)


def highest_of_each_moment(performance: Performance) -> tuple[Share, Share]:
    """Return precision and recall of the plainest melody: of what starts together, the highest, whatever is held."""
    line: list[PlayedNote] = []
    for note in performance.texture:
        if not line or note.on - line[-1].on > TOGETHER_SECONDS:
            line.append(note)
        elif note.pitch > line[-1].pitch:
            line[-1] = note
    return _overlap([note for note in line if (note.on, note.pitch) not in performance.ornaments], performance.melody)


def keys_in_use(heard: Sequence[HeardNote], line: Sequence[PlayedNote]) -> tuple[Share, Share]:
    """Return whether the key signature is right after eight notes, and at how many notes it is."""
    return _keys([note.sharps for note in heard], [line[note.index].sharps for note in heard])


def keys_in_texture(heard: Sequence[HeardNote], performance: Performance) -> tuple[Share, Share]:
    """Return what `keys_in_use` does, of what was heard as melody in the whole texture."""
    starts, texture = [note.on for note in performance.melody], performance.texture
    places = [bisect_right(starts, texture[note.index].on + TOGETHER_SECONDS) - 1 for note in heard]
    return _keys([note.sharps for note in heard], [performance.melody[max(0, place)].sharps for place in places])


def heard_alone(heard: Sequence[HeardNote], line: Sequence[PlayedNote]) -> Share:
    """Return how many notes of a melody that was played alone were heard as melody."""
    return Share(len({note.index for note in heard}), len(line))


def keys_by_profiles(line: Sequence[PlayedNote]) -> tuple[Share, Share]:
    """Return the same of Krumhansl-Schmuckler, after each note on all notes so far."""
    notes = [Note(note.pitch, max(1, round((note.off - note.on) * _FINE))) for note in line]
    return _keys(krumhansl_schmuckler(notes) if notes else [], [note.sharps for note in line])


def key_by_partitura(performance: Performance) -> Share:
    """Return at how many notes the one key that partitura estimates from all of them is right."""
    import partitura  # takes seconds to import

    truth = [note.sharps for note in performance.line]
    if not truth or None in truth:
        return Share()
    sharps = parse_key(partitura.musicanalysis.estimate_key(note_array(performance)))
    return Share(truth.count(sharps), len(truth))


def phrases_found(heard: Sequence[HeardNote], performance: Performance) -> tuple[Share, Share]:
    """Return the precision and the recall of the phrase starts, without the first note's, which is always right."""
    melody = performance.melody
    written = {index for index, note in enumerate(melody) if index and note.starts_phrase}
    found = {note.index for note in heard if note.index and note.starts_phrase}
    if not written:
        return Share(), Share()
    return Share(len(found & written), len(found)), Share(len(found & written), len(written))


def tempo_jumps(heard: Sequence[HeardNote]) -> Share:
    """Return whether the tempo in use ever jumped to another level: by half as much again or more at a note."""
    jumps = any(max(b.bpm / a.bpm, a.bpm / b.bpm) >= 1.5 for a, b in pairwise(heard[FIRST:]))
    return Share(int(jumps), 1)


def _overlap(found: Sequence[PlayedNote], melody: Sequence[PlayedNote]) -> tuple[Share, Share]:
    there = {(note.on, note.pitch) for note in melody}
    hits = sum((note.on, note.pitch) in there for note in found)
    return Share(hits, len(found)), Share(hits, len(there))


def _keys(used: Sequence[int], truth: Sequence[int | None]) -> tuple[Share, Share]:
    known = [(sharps, right) for sharps, right in zip(used, truth, strict=True) if right is not None]
    after = [Share(int(used[KEY_AFTER - 1] == truth[KEY_AFTER - 1]), 1)] if len(known) >= KEY_AFTER else [Share()]
    return after[0], Share(sum(sharps == right for sharps, right in known), len(known))
