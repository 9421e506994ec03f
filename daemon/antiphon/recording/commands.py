"""Told: what is steered by no MIDI message, say on the stage page, as the text that a recording keeps, and back.

control temperature 0.85      tempo 97.3      sync clock      key -3      key auto
"""

from __future__ import annotations

import json
import math
from typing import get_args

from antiphon.errors import UserError
from antiphon.improviser.events import KeyLock, SyncChange, TempoChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.translator import Translator
from antiphon.live.inbox import Told
from antiphon.melody.keys import SIGNATURES
from antiphon.parameters import AUTO, CONTROLS, Sync
from antiphon.recording.record import Record

Steered = Control | TempoChange | SyncChange | KeyLock
_SYNCS: tuple[Sync, ...] = get_args(Sync)


def text_of(event: Steered) -> str:
    """Return an event as the text of a recording; no digit of a number is lost."""
    match event:
        case Control(name, value):
            return f"control {name} {json.dumps(CONTROLS[name].checked(value))}"
        case TempoChange(bpm):
            return f"tempo {float(bpm)!r}"
        case SyncChange(sync):
            return f"sync {sync}"
        case KeyLock(sharps):
            return f"key {AUTO if sharps is None else sharps}"


def event_of(text: str) -> Steered | None:
    """Return the event whose text this is, to the letter; None if it is none's."""
    try:
        event = _read(text.split(" "))
    except (ValueError, RecursionError, UserError):
        return None
    # The same number can be written in many ways, of which `text_of` has one: what differs is damaged, or not ours.
    return event if event is not None and text_of(event) == text else None


def _read(words: list[str]) -> Steered | None:
    match words:
        case ["control", name, value] if name in CONTROLS:
            return Control(name, CONTROLS[name].checked(json.loads(value)))
        case ["tempo", bpm] if 0 < float(bpm) < math.inf:
            return TempoChange(float(bpm))
        case ["sync", word]:
            return next((SyncChange(sync) for sync in _SYNCS if sync == word), None)
        case ["key", word]:
            sharps = None if word == AUTO else int(word)
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
