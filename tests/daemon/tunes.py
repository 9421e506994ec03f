"""Public-domain tunes, typed by us: (MIDI pitch, beats), and what plays them, or notes with their seconds."""

from collections.abc import Iterable, Iterator, Sequence

from antiphon.midi.messages import NoteOff, NoteOn

Tune = Sequence[tuple[int, float]]
Played = list[tuple[float, float, int]]
"""Notes as (onset, end, pitch), in seconds."""

ODE_TO_JOY: Tune = [
    *((64, 1), (64, 1), (65, 1), (67, 1), (67, 1), (65, 1), (64, 1), (62, 1)),
    *((60, 1), (60, 1), (62, 1), (64, 1), (64, 1.5), (62, 0.5), (62, 2)),
    *((64, 1), (64, 1), (65, 1), (67, 1), (67, 1), (65, 1), (64, 1), (62, 1)),
    *((60, 1), (60, 1), (62, 1), (64, 1), (62, 1.5), (60, 0.5), (60, 2)),
]
"""In C major."""


def transposed(tune: Tune, semitones: int) -> Tune:
    return [(pitch + semitones, beats) for pitch, beats in tune]


ODE_IN_E_FLAT = transposed(ODE_TO_JOY, 3)


def events(tune: Tune, bpm: float = 120, legato: float = 0.9) -> Iterator[tuple[float, NoteOn | NoteOff]]:
    """Yield a tune's events and their times in seconds; fingers lift after the share `legato` of a note."""
    beat = 60 / bpm
    time = 0.0
    for pitch, beats in tune:
        yield time, NoteOn(pitch, 80, 1)
        yield time + beats * beat * legato, NoteOff(pitch, 1)
        time += beats * beat


def as_events(notes: Iterable[tuple[float, float, int]]) -> list[tuple[float, NoteOn | NoteOff]]:
    """Return the events of notes, (onset, end, pitch), by time in seconds; of what falls together, what ends first."""
    moves = [(on, 1, pitch) for on, _, pitch in notes] + [(off, 0, pitch) for _, off, pitch in notes]
    return [(time, NoteOn(pitch, 80, 1) if down else NoteOff(pitch, 1)) for time, down, pitch in sorted(moves)]
