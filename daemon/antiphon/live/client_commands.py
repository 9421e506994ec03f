"""Client commands: what pages and OSC clients ask for, handed to the playing thread as if a port had asked for it."""

from __future__ import annotations

from antiphon.live.inbox import Inbox
from antiphon.midi.codec import encode
from antiphon.stage.held_keys import HeldKeys
from antiphon.stage.messages import Played, Steering


class ClientCommands:
    """Hands over what such clients ask for, on any thread; what they ask has been checked (`stage.checks`).

    Args:
        inbox: the performance's.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._held = HeldKeys()

    def do(self, message: Steering) -> None:
        """Do what a client asks for."""
        if isinstance(message, Played):
            self._held.hear(self._inbox.put(bytes(message.message)))
        else:
            self._inbox.ask(message)

    def let_go(self) -> None:
        """End what the clients hold down: they are gone."""
        for message in self._held.let_go():
            self._inbox.put(encode(message))
