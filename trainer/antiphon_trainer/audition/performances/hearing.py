"""Hearing: what the daemon makes of a performance, note by note, with `sync = "auto"` and a tempo that is set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.improviser.listening.heard_grid import SOON
from antiphon.improviser.listening.state import WithdrawnNote
from antiphon.melody.metre import COMMON_TIME
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.musician import Musician, load_musician
from antiphon.settings import read_settings
from antiphon_trainer.audition.performances.performance import Floats, PlayedNote

SET_BPM = 100.0
"""BPM before the first note, as in the default settings, whatever tempo is played."""


@dataclass(frozen=True)
class HeardNote:
    """A note that the daemon took for one of the melody."""

    index: int
    """Of the note among those that were played."""
    step: int
    """In sixteenths from the first note that was heard."""
    bpm: float
    """The tempo in use then."""
    sharps: int
    """The key signature in use then, −5…6."""
    starts_phrase: bool
    next_beat: float
    """When the next beat comes that an answer could start on, in seconds."""
    next_start: float
    """When an answer would start, in seconds: on that beat, or on a later one where a bar is believed to begin."""
    next_in_common_time: float
    """When the next bar of 4/4 begins if the first note began one, in seconds."""


def load_listener(model: str) -> Musician:
    """Load a model that follows the playing.

    Raises:
        UserError: it can't be had.
    """
    return load_musician(read_settings(None, {"play": {"model": model, "key": "auto", "sync": "auto"}}))


def hear(musician: Musician, notes: Sequence[PlayedNote], bpm: float = SET_BPM) -> list[HeardNote]:
    """Return what is heard of notes. Only the melody is there.

    Args:
        musician: follows the playing.
        notes: by the time of their onsets.
        bpm: the tempo that is set before the first note.
    """
    time = musician.timekeeper(bpm, start=notes[0].on if notes else 0.0)
    listener = musician.listener(time)
    heard: list[HeardNote] = []
    struck = first = 0
    for seconds, event, index in _events(notes):
        if isinstance(event, NoteOff):
            note = listener.note_off(seconds, event.pitch)
        else:
            note, struck = listener.note_on(seconds, event.pitch), index
        if isinstance(note, WithdrawnNote) or (note is not None and note.replaces):
            heard.pop()
        if note is None or isinstance(note, WithdrawnNote):
            continue
        tempo, onset, soon = time.tempo, listener.onset or 0, seconds + SOON
        first = onset if not heard else first
        heard.append(
            HeardNote(
                index=struck,
                step=note.step,
                bpm=tempo.bpm,
                sharps=note.sharps,
                starts_phrase=onset == listener.phrase,
                next_beat=listener.grid.next_beat_time(soon),
                next_start=listener.grid.next_start_time(soon),
                next_in_common_time=tempo.time_of(time.next_step(soon, COMMON_TIME.bar, first)),
            )
        )
    return heard


def counted_steps(heard: Sequence[HeardNote], count: int) -> Floats:
    """Return the steps from each of `count` notes to the next, (interval,); NaN where one of the two wasn't heard."""
    steps = np.full(count, np.nan)
    for note in heard:
        steps[note.index] = note.step
    return np.diff(steps)


def _events(notes: Sequence[PlayedNote]) -> Iterator[tuple[float, NoteOn | NoteOff, int]]:
    """Yield what the keys say, by time; of what falls together, what ends comes first."""
    ons = [(note.on, 1, index) for index, note in enumerate(notes)]
    offs = [(note.off, 0, index) for index, note in enumerate(notes)]
    for seconds, is_on, index in sorted([*ons, *offs]):
        pitch = notes[index].pitch
        yield seconds, NoteOn(pitch, 80, 1) if is_on else NoteOff(pitch, 1), index
