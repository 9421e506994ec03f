"""Commands: what reaches the improviser beside MIDI messages, carried out in the same way live and in a replay."""

from __future__ import annotations

from typing import cast

from antiphon.errors import UserError
from antiphon.improviser.events import KeyLock, SwingChange, SyncChange, TempoChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.translator import Translator
from antiphon.improviser.tempo.link_session import LinkTimeline
from antiphon.melody.keys import parse_key
from antiphon.melody.swing import parse_swing
from antiphon.parameters import AUTO, CONTROLS, PARAMETERS, Sync
from antiphon.recording.entries import Command, LinkHeard, PortLost, Press, Resumed, Set

Steered = Control | TempoChange | SyncChange | KeyLock | SwingChange


def event_of(command: Set | Press) -> Steered:
    """Return the event by which a setting of the improviser's own is set, or a button pressed.

    Raises:
        UserError: there is no such setting or button, or the value is none that it may have.
    """
    name, known = command.name, PARAMETERS.get(command.name)
    if known is None or (known.kind == "press") != isinstance(command, Press):
        raise UserError(f"there is no {'button' if isinstance(command, Press) else 'setting'} {name!r}")
    if isinstance(command, Press):
        return Control(name)
    value = known.checked(command.value)
    if name == "bpm":
        return TempoChange(float(value))
    if name == "sync":
        return SyncChange(cast(Sync, value))
    if name == "key":
        return KeyLock(None if value == AUTO else parse_key(str(value)))
    if name == "swing":
        return SwingChange(parse_swing(str(value)))
    if name not in CONTROLS:
        raise UserError(f"{name} can't be set while Antiphon plays")
    return Control(name, value)


def check(command: Command) -> None:
    """Check the value of a setting.

    Raises:
        UserError: it is none that it may have.
    """
    if isinstance(command, Set | Press):
        event_of(command)


def carry_out(command: Command, improviser: Improviser, translator: Translator, time: float) -> list[Timed]:
    """Do what a command says, as far as it concerns the improviser, at a time in seconds.

    Args:
        command: whose values are checked.
        improviser: it is done to this one.
        translator: of the messages that the performer steers with as well; it goes on from there.
        time: as which the improviser hears of it.

    Raises:
        UserError: the value of a setting is none that it may have.
    """
    match command:
        case Set(name="model" | "record"):  # concerns the session
            return []
        case Set() | Press():
            event = event_of(command)
            if isinstance(event, Control):
                translator.steered(event)
            return improviser.receive(time, event)
        case PortLost():
            return improviser.interrupt(time)
        case LinkHeard(bpm, moment, beat, is_playing, peers):
            return improviser.receive(time, LinkTimeline(bpm, moment, beat, is_playing, peers))
        case Resumed(since):
            # A damaged number in a recording must not lead into a future that never ends.
            return improviser.resume(min(since, time), time)
        case _:
            return improviser.advance(time)
