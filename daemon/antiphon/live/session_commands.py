"""Session commands: what a page, a port or a loaded model asks for that concerns more than the improviser."""

from __future__ import annotations

from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser
from antiphon.live.link_sync import LinkSync
from antiphon.live.port_events import PortEvents
from antiphon.live.programs import Programs
from antiphon.live.publisher import Facts
from antiphon.live.recording_switch import RecordingSwitch, header_of
from antiphon.recording.entries import Command, ModelChanged, PortBack, Set


class SessionCommands:
    """Does such commands, on the playing thread.

    Args:
        programs: chooses models.
        switch: records, or not.
        ports: connects what is back.
        link: joins Link, or leaves it.
        facts: what is shown of these.
    """

    def __init__(
        self, programs: Programs, switch: RecordingSwitch, ports: PortEvents, link: LinkSync, facts: Facts
    ) -> None:
        self._programs = programs
        self._switch = switch
        self._ports = ports
        self._link = link
        self._facts = facts

    def carry_out(self, command: Command, improviser: Improviser, time: float) -> list[Timed]:
        """Do what a command says of models, recordings, ports and Link, at a time in seconds; return what leaves."""
        match command:
            case Set(name="model", value=value):
                self._programs.choose_name(str(value))
            case ModelChanged(model):
                messages = self._programs.take_over(model, improviser, time)
                self._switch.header = header_of(self._programs.musician)
                self._facts.model = model
                return messages
            case Set(name="record", value=value):
                self._switch.switch(bool(value), time, improviser)
                self._facts.record = self._switch.is_on
            case Set(name="sync", value=value):
                self._link.follow(str(value), improviser, time)
            case Set(name="key", value=value):
                self._facts.key = str(value)
            case PortBack():
                self._ports.reconnect()
        return []
