"""The key part of an audition: how soon and how steadily the right key signature is in use.

Each song is heard in a random key four times: as it is; with each note moved by a random octave, so that the register
says nothing; and with its second half a fifth higher, and a fifth lower, a modulation in the middle. The baseline is
Krumhansl-Schmuckler, after each note on all notes so far. What a key that isn't sure yet does to answers is counted in
`first_answers`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.state import HeardNote
from antiphon.melody.bundle import Bundle
from antiphon.melody.grid import Note, read
from antiphon.melody.keys import SIGNATURES, normalised, transposition
from antiphon.midi.messages import NoteOn
from antiphon.musician import Musician, load_musician
from antiphon.settings import read_settings
from antiphon_trainer.audition import first_answers
from antiphon_trainer.audition.first_answers import FirstAnswers
from antiphon_trainer.audition.key_profiles import krumhansl_schmuckler
from antiphon_trainer.audition.songs import BPM, performed
from antiphon_trainer.corpus.songs import Song, onsets

AFTER = (4, 8, 16)
"""Numbers of notes after which the key in use is compared with the right one."""
STEADY_AFTER = 8
"""Number of notes after which a change of key counts as one."""
WITHIN = (12, 24)
"""Numbers of notes within which a modulation should be followed."""
MODULATIONS = {"a fifth up": (1, (7, -5)), "a fifth down": (-1, (-7, 5))}
"""By name: the sharps that are added, and the shifts in semitones, one of which is drawn."""

Sharps = Sequence[int]
Hearer = Callable[[Sequence[Note]], Sharps]
"""From notes and rests to the key signature in use after each note."""


@dataclass(frozen=True)
class Steadiness:
    """How songs without a modulation were heard. Shares are of the songs that have so many notes."""

    right_after: Mapping[int, float]
    """By notes: the share of songs for which the right key signature was in use."""
    right_at_end: float
    changes: float
    """Mean changes of key per song after note `STEADY_AFTER`."""


@dataclass(frozen=True)
class Following:
    """How modulations were heard. Shares are of the songs that have so many notes after it."""

    within: Mapping[int, float]
    """By notes: the share of songs for which the new key signature was in use at one of them."""
    right_at_end: float


@dataclass(frozen=True)
class Hearing:
    """The figures of one way to find keys."""

    plain: Steadiness
    octaves_moved: Steadiness
    modulations: Mapping[str, Following]


@dataclass(frozen=True)
class KeyResult:
    """The figures of the bundle's listener and of Krumhansl-Schmuckler, by name."""

    songs: int
    hearings: Mapping[str, Hearing]
    first_answers: FirstAnswers

    def lines(self) -> Iterator[str]:
        """Yield the tables: without a modulation, then with one."""
        width = max(map(len, self.hearings)) + len(", octaves moved")
        yield (
            f"{'key: right signature':<{width}}"
            + "".join(f"{f'{n} notes':>10}" for n in AFTER)
            + "    at end   changes"
        )
        for name, hearing in self.hearings.items():
            for row, found in ((name, hearing.plain), (f"{name}, octaves moved", hearing.octaves_moved)):
                shares = [*(found.right_after[n] for n in AFTER), found.right_at_end]
                yield f"{row:<{width}}" + "".join(f"{share:>10.1%}" for share in shares) + f"{found.changes:>10.2f}"
        yield ""
        yield f"{'key: modulation followed':<{width}}" + "".join(f"{f'in {n}':>10}" for n in WITHIN) + "    at end"
        for name, hearing in self.hearings.items():
            for modulation, followed in hearing.modulations.items():
                shares = [*(followed.within[n] for n in WITHIN), followed.right_at_end]
                yield f"{f'{name}, {modulation}':<{width}}" + "".join(f"{share:>10.1%}" for share in shares)
        yield ""
        yield self.first_answers.line()

    def as_json(self) -> dict[str, Any]:
        """Return the figures for JSON; shares are 0…1."""
        return {
            "songs": self.songs,
            "first_answers": self.first_answers._asdict(),
            **{
                name: {
                    "plain": _steadiness_json(hearing.plain),
                    "octaves_moved": _steadiness_json(hearing.octaves_moved),
                    "modulations": {
                        modulation: {**_by_notes("within", found.within), "right_at_end": found.right_at_end}
                        for modulation, found in hearing.modulations.items()
                    },
                }
                for name, hearing in self.hearings.items()
            },
        }


def _steadiness_json(found: Steadiness) -> dict[str, float]:
    after = _by_notes("right_after", found.right_after)
    return {**after, "right_at_end": found.right_at_end, "changes": found.changes}


def _by_notes(name: str, shares: Mapping[int, float]) -> dict[str, float]:
    return {f"{name}_{notes}": share for notes, share in shares.items()}


@dataclass(frozen=True)
class Case:
    """A song as it is played, and the right key signature at each of its notes, in sharps."""

    notes: Sequence[Note]
    sharps: Sharps


def measure(bundle: Bundle, songs: Sequence[Song], seed: int) -> KeyResult:
    """Measure how a bundle's listener hears keys, and Krumhansl-Schmuckler beside it.

    Args:
        bundle: one that can't tell keys apart has the shipped bundle listen for it, as live.
        songs: encoded in the model's key; those without a note are skipped.
        seed: of the keys, octaves and shifts.
    """
    melodies = [list(read(song.symbols)) for song in songs if onsets(song.symbols)]
    play = {"model": str(bundle.path.resolve()), "key": "auto", "mode": "next-note", "seed": seed}
    musician = load_musician(read_settings(None, {"play": play}))
    hearers: dict[str, Hearer] = {
        bundle.name: lambda notes: _heard(musician, notes),
        "Krumhansl-Schmuckler": krumhansl_schmuckler,
    }
    hearings = {name: measure_hearer(hear, melodies, seed) for name, hear in hearers.items()}
    return KeyResult(len(melodies), hearings, first_answers.measure(musician, melodies, seed))


def _heard(musician: Musician, notes: Sequence[Note]) -> list[int]:
    listener = musician.listener(musician.timekeeper(BPM, start=0.0))
    sharps = []
    for time, event in performed(notes):
        if isinstance(event, NoteOn):
            heard = listener.note_on(time, event.pitch)
        else:
            heard = listener.note_off(time, event.pitch)
        if isinstance(heard, HeardNote):
            sharps.append(heard.sharps)
    return sharps


def measure_hearer(hear: Hearer, melodies: Sequence[Sequence[Note]], seed: int) -> Hearing:
    """Measure one way to find keys; the seed draws keys, octaves and shifts."""
    plain, moved = [], []
    modulated: dict[str, list[Case]] = {name: [] for name in MODULATIONS}
    draw = np.random.default_rng(seed)
    for melody in melodies:
        sharps = int(draw.choice(SIGNATURES))
        notes = _shifted(melody, np.full(len(melody), -transposition(sharps)))
        count = sum(note.pitch is not None for note in notes)
        plain.append(Case(notes, [sharps] * count))
        moved.append(Case(_shifted(notes, 12 * draw.integers(-1, 2, len(notes))), [sharps] * count))
        for name, (more, shifts) in MODULATIONS.items():
            modulated[name].append(_modulated(plain[-1], normalised(sharps + more), int(draw.choice(shifts))))
    return Hearing(
        plain=_steadiness(hear, plain),
        octaves_moved=_steadiness(hear, moved),
        modulations={name: _following(hear, cases) for name, cases in modulated.items()},
    )


def _shifted(notes: Sequence[Note], semitones: npt.NDArray[Any]) -> list[Note]:
    return [
        note if note.pitch is None else Note(note.pitch + int(shift), note.steps)
        for note, shift in zip(notes, semitones, strict=True)
    ]


def _modulated(case: Case, sharps: int, semitones: int) -> Case:
    """Return a case whose second half, by number of notes, is in another key."""
    count = len(case.sharps)
    sounding = np.array([note.pitch is not None for note in case.notes])
    is_second = np.cumsum(sounding) > count // 2
    notes = _shifted(case.notes, is_second * semitones)
    return Case(notes, [*case.sharps[: count // 2], *[sharps] * (count - count // 2)])


def _steadiness(hear: Hearer, cases: Sequence[Case]) -> Steadiness:
    right: dict[int, list[bool]] = {notes: [] for notes in AFTER}
    at_end, changes = [], []
    for case in cases:
        used = hear(case.notes)
        for notes in AFTER:
            if len(used) >= notes:
                right[notes].append(used[notes - 1] == case.sharps[notes - 1])
        at_end.append(used[-1] == case.sharps[-1])
        later = used[STEADY_AFTER - 1 :]
        changes.append(sum(before != after for before, after in itertools.pairwise(later)))
    return Steadiness({notes: _mean(found) for notes, found in right.items()}, _mean(at_end), _mean(changes))


def _following(hear: Hearer, cases: Sequence[Case]) -> Following:
    followed: dict[int, list[bool]] = {notes: [] for notes in WITHIN}
    at_end = []
    for case in cases:
        behind = hear(case.notes)[len(case.sharps) // 2 :]
        for notes in WITHIN:
            if len(behind) >= notes:
                followed[notes].append(case.sharps[-1] in behind[:notes])
        at_end.append(behind[-1] == case.sharps[-1])
    return Following({notes: _mean(found) for notes, found in followed.items()}, _mean(at_end))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
