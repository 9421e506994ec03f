"""Translator: finds the controls among MIDI messages."""

from __future__ import annotations

from antiphon.improviser.input.controls import Control, Controls, ControlTable
from antiphon.midi.messages import ControlChange, Message, NoteOff, NoteOn
from antiphon.parameters import MODES, Accompaniment, Mode


class Translator:
    """Turns MIDI messages into what the improviser is told, one after the other: one that steers a control becomes it.

    Args:
        table: which controller steers what.
        mode: the one in which the performance starts.
        accompaniment: the one with which it does.
        modes: those that a knob or a pad chooses from.
    """

    def __init__(
        self, table: ControlTable, mode: Mode, accompaniment: Accompaniment = "both", modes: tuple[Mode, ...] = MODES
    ) -> None:
        self._controls = Controls(table, mode, accompaniment, modes)
        # Nearly no message is a control's; that is known by a look into these sets.
        self._controllers = {source.number for _, source in table.entries if source.kind == "cc"}
        self._pads = {source.number for _, source in table.entries if source.kind == "note"}

    def watches(self, message: Message) -> bool:
        """Return whether a message may be a control's: by its number, on whatever channel."""
        match message:
            case ControlChange():
                return message.controller in self._controllers
            case NoteOn() | NoteOff():
                return message.pitch in self._pads
        return False

    def event_of(self, message: Message) -> Message | Control | None:
        """Return the control that a message steers, None if it is a control's and changes nothing, or the message."""
        if self.watches(message) and self._controls.table.moved(message) is not None:
            self._controls, control = self._controls.after(message)
            return control
        return message

    def steered(self, control: Control) -> None:
        """Take note of a control that was set in another way, on a page say: the performer's pads go on from there."""
        self._controls = self._controls.steered(control)
