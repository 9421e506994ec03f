"""Picture: a duet as a piano roll, performer and answer in two colours."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from antiphon.errors import UserError
from antiphon.improviser.events import Event
from antiphon.melody.keys import signature_name
from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.offline.piano_roll import ANSWER_COLOUR, PERFORMER_COLOUR, Bar, Part, TimeAxis, draw_piano_roll
from antiphon.offline.rendering import Duet
from antiphon.recording.performance_file import Performance

_INCHES_A_SECOND, _LEAST_INCHES = 0.55, 9.0


class _Started(NamedTuple):
    channel: int
    pitch: int
    time: float


def check_can_draw() -> None:
    """Check that pictures can be drawn, before any work is done for one.

    Raises:
        UserError: matplotlib isn't installed.
    """
    if find_spec("matplotlib") is None:
        raise UserError(f"a picture needs matplotlib: {sys.executable} -m pip install matplotlib")


def draw_duet(path: Path, performance: Performance, duet: Duet) -> None:
    """Write a piano roll as a PNG (or whatever the name ends in: .svg, .pdf).

    Raises:
        UserError: the format is unknown.
    """
    performer = note_bars(performance.events(keep_tempo=False))
    answer = note_bars((timed.time, timed.message) for timed in duet.answer)
    end = max(stop for _, stop, _ in performer + answer)
    sharps = duet.heard[-1].sharps
    try:
        draw_piano_roll(
            path,
            [
                Part(performer, PERFORMER_COLOUR, 0.86, "you play"),
                Part(answer, ANSWER_COLOUR, 0.5, "Antiphon answers"),
            ],
            TimeAxis("time (seconds)", end, max(_LEAST_INCHES, end * _INCHES_A_SECOND)),
            sharps,
            f"{performance.path.stem}: a duet, heard in {signature_name(sharps)}",
        )
    except ValueError:
        raise UserError(
            f"{path}: pictures aren't written as {path.suffix or 'that'}; .png, .svg and .pdf are"
        ) from None


def note_bars(events: Iterable[tuple[float, Event]]) -> list[Bar]:
    """Return the notes of a stream of events, in the order of their ends. A note without an end is left out."""
    active: ActiveNotes[_Started] = ActiveNotes()
    bars: list[Bar] = []
    for time, event in events:
        if isinstance(event, NoteOn):
            before = active.turn_on(_Started(event.channel, event.pitch, time))
        elif isinstance(event, NoteOff):
            before = active.turn_off(event)
        else:
            continue
        if before is not None:
            bars.append((before.time, time, event.pitch))
    return bars
