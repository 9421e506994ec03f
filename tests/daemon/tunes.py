"""Public-domain tunes, typed by us: (MIDI pitch, beats), and what plays them."""

from collections.abc import Iterator, Sequence

from antiphon.midi.messages import NoteOff, NoteOn

Tune = Sequence[tuple[int, float]]

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
