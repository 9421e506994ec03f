"""Page commands: what a page asks for is done, and recorded, as if a knob or a key at a port had asked for it."""

from __future__ import annotations

from typing import cast

from antiphon.improviser.events import KeyLock, SyncChange, TempoChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.translator import Translator
from antiphon.live.inbox import Inbox
from antiphon.live.programs import Programs
from antiphon.live.publisher import Facts
from antiphon.melody.keys import parse_key
from antiphon.midi.codec import encode
from antiphon.parameters import AUTO, PARAMETERS, Sync
from antiphon.recording.commands import Steered, telling
from antiphon.recording.record import Record
from antiphon.recording.switch import RecordingSwitch
from antiphon.stage.held_keys import HeldKeys
from antiphon.stage.messages import Played, Press, Set, Steering


class PageCommands:
    """Does what pages ask for, on any thread; the serving process has checked it (`stage.checks`).

    Args:
        inbox: the performance's.
        translator: the performance's; it takes note of controls that are set on a page.
        record: is told of it, as of all that the improviser is told.
        programs: chooses models.
        recording: begins and ends recordings.
        facts: what pages are shown of that.
    """

    def __init__(
        self,
        inbox: Inbox,
        translator: Translator,
        record: Record,
        programs: Programs,
        recording: RecordingSwitch,
        facts: Facts,
    ) -> None:
        self._inbox = inbox
        self._translator = translator
        self._record = record
        self._programs = programs
        self._recording = recording
        self._facts = facts
        self._held = HeldKeys()

    def do(self, message: Steering) -> None:
        """Do what a page asks for."""
        if isinstance(message, Played):
            self._held.hear(self._inbox.put(bytes(message.message)))
        elif isinstance(message, Press):
            self._steer(Control(message.name))
        else:
            self._set(message)

    def let_go(self) -> None:
        """End what is held down on pages: they are gone."""
        for message in self._held.let_go():
            self._inbox.put(encode(message))

    def _steer(self, event: Steered) -> None:
        self._inbox.tell(telling(event, self._record, self._translator))

    def _set(self, wanted: Set) -> None:
        if wanted.name == "model":
            self._programs.choose_name(str(wanted.value))
        elif wanted.name == "record":
            self._switch(wanted)
        else:
            if wanted.name == "key":
                self._facts.key = str(wanted.value)
            self._steer(event_of(wanted))

    def _switch(self, wanted: Set) -> None:
        def switch(improviser: Improviser, time: float) -> list[Timed]:
            self._recording.switch(bool(wanted.value), time, improviser)
            self._facts.record = self._recording.is_on
            return []

        self._inbox.tell(switch)


def event_of(wanted: Set) -> Steered:
    """Return the event by which a setting of the improviser's own is set."""
    name, value = wanted.name, PARAMETERS[wanted.name].checked(wanted.value)
    if name == "bpm":
        return TempoChange(float(value))
    if name == "sync":
        return SyncChange(cast(Sync, value))
    if name == "key":
        return KeyLock(None if value == AUTO else parse_key(str(value)))
    return Control(name, value)
