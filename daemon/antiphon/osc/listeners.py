"""Listeners: who is sent what happens, and how things stand for those who come later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set

from antiphon.osc import outgoing
from antiphon.osc.clients import Address
from antiphon.osc.outgoing import Sent
from antiphon.osc.packets import write
from antiphon.stage import messages
from antiphon.stage.messages import Expectation, NoteOff, NoteOn, Notice, PlanMade, PlannedNote, State

LONGEST_TEXT = 1000
"""Characters of a text that is sent: what fits into a packet."""


class Listeners:
    """Subscribers, and the programs that are sent everything without asking.

    Args:
        send: sends a packet to an address, at once.
        targets: each sends a packet to a program that didn't ask.
        subscribed: returns the addresses that did.
    """

    def __init__(
        self,
        send: Callable[[bytes, Address], None],
        targets: Sequence[Callable[[bytes], None]],
        subscribed: Callable[[], Set[Address]],
    ) -> None:
        self._send = send
        self._targets = targets
        self._subscribed = subscribed
        self._told: dict[str, Sequence[outgoing.Argument]] = {}
        self._plan = PlanMade([])
        self._expectation: Expectation | None = None
        self.state: State | None = None
        """As it was shown last."""

    def coming(self, now: float) -> list[PlannedNote]:
        """Return the planned notes that haven't begun at a time, in seconds from the session's start."""
        return outgoing.upcoming(self._plan, now)

    def hear(self, message: messages.ToServer, now: float) -> None:
        """Tell all what the playing process says."""
        match message:
            case State():
                self.tell(self._changes(message, now))
            case NoteOn() | NoteOff():
                self.tell([outgoing.note_message(message)])
            case PlanMade():
                self._plan = message
                self.tell([outgoing.plan_message(message, now)])
            case Expectation():
                self._expectation = message
                self.tell([outgoing.expectation_message(message)])
            case Notice():
                self.tell([(outgoing.NOTICE, [message.text[:LONGEST_TEXT]])])

    def greet(self, listener: Address, now: float) -> None:
        """Tell one who is new how things stand."""
        told: list[Sent] = []
        if self.state is not None:
            told += outgoing.state_messages(self.state, now).items()
        told.append(outgoing.plan_message(self._plan, now))
        if self._expectation is not None:
            told.append(outgoing.expectation_message(self._expectation))
        for address, arguments in told:
            self._send(write(address, *arguments), listener)

    def tell(self, told: Iterable[Sent]) -> None:
        """Tell all."""
        subscribed = self._subscribed()
        if not subscribed and not self._targets:
            return
        for address, arguments in told:
            packet = write(address, *arguments)
            for target in self._targets:
                target(packet)
            for each in subscribed:
                self._send(packet, each)

    def _changes(self, state: State, now: float) -> list[Sent]:
        """Return what is to be told of a state that takes the place of the one before it."""
        told = outgoing.state_messages(state, now)
        is_same_grid = self.state is not None and self.state.grid == state.grid
        changed = [
            (address, arguments)
            for address, arguments in told.items()
            if self._told.get(address) != arguments and not (address == outgoing.GRID and is_same_grid)
        ]
        self._told, self.state = told, state
        return changed
