"""Accompaniment: how often what `accompany` plays to a tune agrees with the chord that is written there.

The tune is performed with the metronome: a little after the beat throughout, so that no note of a half bar is known
when its chord leaves; as people play with a metronome; and so with its chords in the left hand. Beside it stand two
baselines, which are told the written key: the tonic always, and whichever of tonic, subdominant and dominant has most
of the whole bar's notes, which nobody can know when the bar begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from antiphon.improviser.events import Timed
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.musician import Musician, load_musician
from antiphon.settings import read_settings
from antiphon_trainer.audition.music.chord_tunes import ChordTune
from antiphon_trainer.audition.music.measuring import Figure, Shares, figures_of
from antiphon_trainer.audition.music.playing import CHANNEL, SoundingNote, sounding

TUNE, LEFT_HAND, ACCOMPANIMENT = 1, 3, 4
"""Channels."""
AFTER = 0.001
"""Seconds by which the tune comes after the beat where nothing of a half bar is to be known."""
EARLY, SPREAD = 0.015, 0.015
"""Seconds by which people's notes come before a metronome's beat in the mean, and their standard deviation: musicians'
taps (Repp, Sensorimotor synchronization, Psychonomic Bulletin & Review 12, 2005)."""
LEAD = 0.02
"""Seconds by which the left hand's keys go down before the beat."""
WAYS = ("after the beat", "with the beat", "with a left hand")
TRIADS = ((4, 7), (3, 7), (3, 6))
"""Semitones from the root to the third and the fifth."""
MAJOR, MINOR = ((0, (0, 4, 7)), (5, (5, 9, 0)), (7, (7, 11, 2))), ((0, (0, 3, 7)), (5, (5, 8, 0)), (7, (7, 11, 2)))
"""Tonic, subdominant and dominant: semitones from the tonic to the root and to all tones."""


class Harmony(NamedTuple):
    """A chord: the pitch class of its root, and all its pitch classes."""

    root: int
    classes: frozenset[int]


Agreement = Mapping[str, Figure]
"""By name: "root", "overlap"."""


def measure_accompaniment(model: str, tunes: Sequence[ChordTune], seed: int) -> dict[str, Agreement]:
    """Return how often chords agree with those written, by who plays them: each way, and both baselines.

    A half bar in which nothing is played agrees with nothing. Those are counted from where each way has begun to play.

    Args:
        model: the bundle.
        tunes: of which those whose key isn't written are passed over.
        seed: of all random choices.
    """
    counted: dict[str, list[Shares]] = {}
    for index, tune in enumerate(each for each in tunes if each.key is not None):
        play = {"model": model, "mode": "accompany", "seed": seed, "bpm": tune.bpm, "metre": tune.metre}
        sections: dict[str, dict[str, Any]] = {
            "play": {**play, "melody": "channel", "accompaniment": "chords", "accompaniment_channel": ACCOMPANIMENT},
            "hands": {"channel": TUNE},
            "metronome": {"on": True, "count_in": 0},
        }
        player = load_musician(read_settings(None, sections))
        played = {way: _chords(tune, _played(player, tune, way, (seed, index))) for way in WAYS}
        written = _written(tune)
        start = max((min(chords) for chords in played.values() if chords), default=0)
        played |= {"always the tonic": _tonics(tune), "I, IV or V by the bar": _primary(tune)}
        for who, chords in played.items():
            there = {number: chord for number, chord in written.items() if number >= start}
            counted.setdefault(who, []).append(_agreement(there, chords))
    return {who: figures_of(shares, seed) for who, shares in counted.items()}


def lines(found: Mapping[str, Agreement]) -> Iterator[str]:
    """Yield the table's lines."""
    yield f"{'accompany: as the chord written':34}{'root':>22}{'overlap':>22}"
    for who, agreement in found.items():
        cells = "".join(f"{f'{each.value:.3f} [{each.low:.3f}, {each.high:.3f}]':>22}" for each in agreement.values())
        yield f"  {who:32}{cells}"


def _played(player: Musician, tune: ChordTune, way: str, seed: tuple[int, int]) -> list[SoundingNote]:
    """Return what accompanies a tune that is performed in one of the ways."""
    improviser = player.improviser(tune.bpm, 0.0, CHANNEL)
    messages: list[Timed] = []
    for time, event in sorted(_events(tune, way, seed), key=lambda each: each[0]):
        messages += improviser.receive(time, event)
    end = max(note.off for note in tune.tune)
    messages += improviser.advance(end) + improviser.close(end)
    return sounding(each for each in messages if getattr(each.message, "channel", None) == ACCOMPANIMENT)


def _events(tune: ChordTune, way: str, seed: tuple[int, int]) -> Iterator[tuple[float, NoteOn | NoteOff]]:
    chance = np.random.default_rng(seed)
    for note in tune.tune:
        off_beat = AFTER if way == WAYS[0] else chance.normal(-EARLY, SPREAD)
        on = max(0.0, note.on + off_beat)
        yield on, NoteOn(note.pitch, 80, TUNE)
        yield max(on + AFTER, note.off - 3 * EARLY), NoteOff(note.pitch, TUNE)
    for note in tune.chords if way == WAYS[2] else ():
        yield max(0.0, note.on - LEAD), NoteOn(note.pitch, 60, LEFT_HAND)
        yield note.off - 2 * LEAD, NoteOff(note.pitch, LEFT_HAND)


def _chords(tune: ChordTune, notes: Sequence[SoundingNote]) -> dict[int, Harmony]:
    """Return the chord that begins in each half bar, by its number."""
    found: dict[int, set[int]] = {}
    for note in notes:
        found.setdefault(round(note.on / tune.half_bar), set()).add(note.pitch % 12)
    return {number: Harmony(_root(frozenset(classes)), frozenset(classes)) for number, classes in found.items()}


def _root(classes: frozenset[int]) -> int:
    return next(
        (root for root in classes for third, fifth in TRIADS if {(root + third) % 12, (root + fifth) % 12} <= classes),
        -1,
    )


def _written(tune: ChordTune) -> dict[int, Harmony]:
    """Return the chord that is written where each half bar begins, if there is one; its root is its lowest note."""
    found = {}
    for number in range(int(max(note.off for note in tune.chords) / tune.half_bar + AFTER)):
        classes = tune.chord_at(number * tune.half_bar)
        if classes:
            found[number] = Harmony(tune.root_at(number * tune.half_bar), classes)
    return found


def _tonics(tune: ChordTune) -> dict[int, Harmony]:
    tonic = _primaries(tune)[0]
    return dict.fromkeys(_written(tune), tonic)


def _primary(tune: ChordTune) -> dict[int, Harmony]:
    """Return, for each half bar, the one of three primary triads that has most of its bar's notes, by their lengths."""
    halves = tune.halves
    found = {}
    for number in _written(tune):
        start, end = (number // halves * halves * tune.half_bar + shift for shift in (0.0, halves * tune.half_bar))
        lasts = [(note.pitch % 12, min(note.off, end) - max(note.on, start)) for note in tune.tune]
        within = [(pitch, seconds) for pitch, seconds in lasts if seconds > 0]
        found[number] = max(
            _primaries(tune), key=lambda each: sum(seconds for pitch, seconds in within if pitch in each.classes)
        )
    return found


def _primaries(tune: ChordTune) -> list[Harmony]:
    assert tune.key is not None  # noqa: S101  the others are passed over
    tonic, is_minor = tune.key
    return [
        Harmony((tonic + root) % 12, frozenset((tonic + each) % 12 for each in tones))
        for root, tones in (MINOR if is_minor else MAJOR)
    ]


def _agreement(written: Mapping[int, Harmony], played: Mapping[int, Harmony]) -> Shares:
    roots = overlap = 0.0
    for number, chord in written.items():
        other = played.get(number)
        if other is not None:
            roots += other.root == chord.root
            overlap += len(other.classes & chord.classes) / len(other.classes | chord.classes)
    return {"root": (roots, len(written)), "overlap": (overlap, len(written))}
