"""Told: what is steered by no MIDI message, say on the stage page, as the text that a recording keeps, and back.

control temperature 0.25      tempo 97.3      sync clock      key -3      key auto
"""

from __future__ import annotations

import math
from typing import get_args

from antiphon.improviser.events import KeyLock, Sync, SyncChange, TempoChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import CONTROL_NAMES, Control
from antiphon.live.inbox import Told
from antiphon.live.performance import Record
from antiphon.melody.keys import SIGNATURES
from antiphon.midi.codec import Translator

Steered = Control | TempoChange | SyncChange | KeyLock
_SYNCS: tuple[Sync, ...] = get_args(Sync)
_FOUND = "auto"
"""In a key's place: it is found by listening."""


def text_of(event: Steered) -> str:
    """Return an event as the text of a recording; no digit of a number is lost."""
    match event:
        case Control(name, value):
            return f"control {name} {float(value)!r}"
        case TempoChange(bpm):
            return f"tempo {float(bpm)!r}"
        case SyncChange(sync):
            return f"sync {sync}"
        case KeyLock(sharps):
            return f"key {_FOUND if sharps is None else sharps}"


def event_of(text: str) -> Steered | None:
    """Return the event whose text this is, to the letter; None if it is none's."""
    try:
        event = _read(text.split(" "))
    except ValueError:
        return None
    # The same number can be written in many ways, of which `text_of` has one: what differs is damaged, or not ours.
    return event if event is not None and text_of(event) == text else None


def _read(words: list[str]) -> Steered | None:
    match words:
        case ["control", word, value] if 0 <= float(value) <= 1:
            return next((Control(name, float(value)) for name in CONTROL_NAMES if name == word), None)
        case ["tempo", bpm] if 0 < float(bpm) < math.inf:
            return TempoChange(float(bpm))
        case ["sync", word]:
            return next((SyncChange(sync) for sync in _SYNCS if sync == word), None)
        case ["key", word]:
            sharps = None if word == _FOUND else int(word)
            return KeyLock(sharps) if sharps is None or sharps in SIGNATURES else None
    return None


def telling(event: Steered, record: Record, translator: Translator) -> Told:
    """Return what tells an improviser of an event that came by no port, and writes it down for a replay.

    Args:
        event: a control, or another change.
        record: keeps the text.
        translator: of the messages that the performer steers with as well; it goes on from there.
    """

    def tell(improviser: Improviser, time: float) -> list[Timed]:
        record.happened(time, text_of(event))
        if isinstance(event, Control):
            translator.steered(event)
        return improviser.receive(time, event)

    return tell
