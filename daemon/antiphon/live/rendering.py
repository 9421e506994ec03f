"""Rendering: the improviser on a MIDI file, faster than real time, and what it heard in one."""

from __future__ import annotations

from dataclasses import dataclass

from antiphon.improviser.events import NoteOff, NoteOn, Timed
from antiphon.improviser.listener import Heard
from antiphon.live.assembly import Musician
from antiphon.live.midifile import PERCUSSION, Performance


@dataclass(frozen=True)
class Duet:
    """A rendered performance: the answer's messages, what was heard, and the channel of the answer."""

    answer: list[Timed]
    heard: list[Heard]
    channel: int


def render(musician: Musician, performance: Performance, bpm: float | None, channel: int) -> Duet:
    """Play to a performance from a file; the same file, settings and seed give the same answer.

    Args:
        musician: a loaded model.
        performance: the file.
        bpm: a tempo to count with in place of the file's, or None.
        channel: the answer's, 1…16.
    """
    heard: list[Heard] = []
    improviser = musician.improviser(
        bpm=_first_bpm(bpm), start=0.0, channel=channel, on_heard=lambda note: _hear(heard, note)
    )
    answer: list[Timed] = []
    now = 0.0
    for now, event in performance.events(keep_tempo=bpm is None):
        answer += improviser.receive(now, event)
    # The last answer sounds on to its own end.
    while (due := improviser.next_time()) is not None:
        now = due
        answer += improviser.advance(now)
    answer += improviser.close(now)
    return Duet(answer, heard, channel)


def listen(musician: Musician, performance: Performance, bpm: float | None) -> list[Heard]:
    """Hear a performance from a file without answering; see `render`. A chord is there once, by its highest note."""
    listener = musician.listener(_first_bpm(bpm), start=0.0)
    heard: list[Heard] = []
    for time, event in performance.events(keep_tempo=bpm is None):
        if isinstance(event, NoteOn):
            note = listener.note_on(time, event.pitch)
            if note is not None:
                _hear(heard, note)
        elif isinstance(event, NoteOff):
            listener.note_off(time, event.pitch)
        else:
            listener.change_tempo(time, event.bpm)
    return heard


def free_channel(performance: Performance, wanted: int) -> int:
    """Return the channel for an answer, 1…16: `wanted`, or the next one that neither performer nor drums use."""
    taken = performance.channels | {PERCUSSION}
    order = [(wanted - 1 + offset) % 16 + 1 for offset in range(16)]
    return next((channel for channel in order if channel not in taken), wanted)


def _first_bpm(bpm: float | None) -> float:
    return 120.0 if bpm is None else bpm  # a MIDI file's tempo until it says one


def _hear(heard: list[Heard], note: Heard) -> None:
    if note.replaces:
        heard.pop()
    heard.append(note)
