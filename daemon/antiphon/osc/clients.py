"""Clients: the programs that send OSC here, what each holds down, and how much it may send."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from antiphon.midi.messages import ControlChange, NoteOff
from antiphon.stage.held_keys import HeldKeys
from antiphon.stage.messages import NoteOn, Played
from antiphon.stage.token_bucket import TokenBucket

MOST_CLIENTS = 64
"""At a time; over UDP nobody says goodbye, so the one that has been silent for longest makes room."""
SILENT_SECONDS = 1.0
"""For how long a client must have been silent to make room."""
MOST_QUERIES = 16
"""Questions of a client for the next note that wait for one."""

Address = tuple[Any, ...]
"""Where a packet comes from and goes to: host and port, and with IPv6 two numbers more."""


class Client:
    """A program that sends from one address.

    Args:
        address: that address.
        now: the time, in seconds.
    """

    def __init__(self, address: Address, now: float) -> None:
        self.address = address
        self.heard_at = now
        self.held = HeldKeys()
        self.rate = TokenBucket(now)
        self.subscribed: Address | None = None
        """Where it is sent what happens, if it asked for that."""
        self.queries: deque[int | None] = deque(maxlen=MOST_QUERIES)
        """Its questions for the next note, Notochord's, that wait for one: their handles, where they have any."""
        self.untold: NoteOn | None = None
        """The latest note of the answer that none of its questions has been answered with."""
        self.ending: Played | None = None
        """What ends the note that it plays by IMPSY's `/interface`."""
        self.is_gone = False


class Clients:
    """All clients, by their addresses."""

    def __init__(self) -> None:
        self._clients: dict[Address, Client] = {}

    def __iter__(self) -> Iterator[Client]:
        """Yield each client."""
        return iter(self._clients.values())

    def subscribed(self) -> set[Address]:
        """Return where subscribers are sent what happens: each place once, however many clients named it."""
        return {client.subscribed for client in self if client.subscribed is not None}

    def get(self, address: Address, now: float) -> Client | None:
        """Return a client that is known, and is heard at a time; None where it isn't known."""
        client = self._clients.get(address)
        if client is not None:
            client.heard_at = now
        return client

    def add(self, address: Address, now: float) -> tuple[Client | None, list[NoteOff | ControlChange]]:
        """Add a client; return it, and the messages that release what the one held that made room.

        There is none where all others are too busy to make room.
        """
        released: list[NoteOff | ControlChange] = []
        if len(self._clients) >= MOST_CLIENTS:
            oldest = min(self._clients.values(), key=lambda client: client.heard_at)
            if now - oldest.heard_at < SILENT_SECONDS:
                return None, []
            released = self.remove(oldest)
        client = self._clients[address] = Client(address, now)
        return client, released

    def remove(self, client: Client) -> list[NoteOff | ControlChange]:
        """Remove a client; return the messages that release what it held, but no others hold too."""
        client.is_gone = True
        del self._clients[client.address]
        return client.held.let_go(other.held for other in self._clients.values())
