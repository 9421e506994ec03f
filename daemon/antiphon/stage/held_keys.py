"""Held keys: the keys and pedals that are down on a keyboard, so that they are released when the keyboard is gone."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import ControlChange, Message, NoteOff, NoteOn
from antiphon.midi.protocol import PEDALS, is_on


class HeldKeys:
    """The keys and pedals of one keyboard that are down."""

    def __init__(self) -> None:
        self._keys: ActiveNotes[NoteOn] = ActiveNotes()
        self._pedals: set[tuple[int, int]] = set()
        """Channels, 1…16, and controllers."""

    def hear(self, message: Message | None) -> None:
        """Take note of a message."""
        if isinstance(message, NoteOn):
            self._keys.turn_on(message)
        elif isinstance(message, NoteOff):
            self._keys.turn_off(message)
        elif isinstance(message, ControlChange) and message.controller in PEDALS:
            pedal = message.channel, message.controller
            if is_on(message.value):
                self._pedals.add(pedal)
            else:
                self._pedals.discard(pedal)

    def let_go(self, others: Iterable[HeldKeys] = ()) -> list[NoteOff | ControlChange]:
        """Release all; return the messages for that, but none for what is down on other keyboards too."""
        others = list(others)
        keys = [key for key in self._keys.turn_all_off() if not any(key in other._keys for other in others)]
        pedals = sorted(self._pedals.difference(*(other._pedals for other in others)))
        self._pedals = set()
        return [*keys, *(ControlChange(controller, 0, channel) for channel, controller in pedals)]
