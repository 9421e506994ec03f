"""Connections to the page's server: those that ask for nothing may wait neither long nor in great numbers.

Who opens connections and says nothing on them must not keep others out, so there is no number of them at which the
server refuses: the one that has waited longest makes room. What is counted and refused is what the guard has let in.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from antiphon.clock import now
from antiphon.stage.token_bucket import TokenBucket

REQUEST_SECONDS = 5.0
"""In which a connection must have sent a whole request, since it was opened or since the last answer."""
MOST_WAITING = 64
"""Connections that may wait for a request; of more the oldest is closed. A browser opens six."""
MOST_WAITING_OF_A_PEER = 32
"""Those of one address, likewise."""


class WaitingConnections:
    """The connections that wait for a request, the oldest first."""

    def __init__(self, most: int = MOST_WAITING, most_of_a_peer: int = MOST_WAITING_OF_A_PEER) -> None:
        self._most = most
        self._most_of_a_peer = most_of_a_peer
        self._peers: dict[asyncio.Transport, str] = {}
        self._deadlines: dict[asyncio.Transport, asyncio.TimerHandle] = {}

    def add(self, transport: asyncio.Transport, peer: str) -> None:
        """Let a connection wait; one that waited too long, or the oldest where there are too many, is closed."""
        self.discard(transport)
        of_peer = [each for each, its_peer in self._peers.items() if its_peer == peer]
        if len(of_peer) >= self._most_of_a_peer:
            self._close(of_peer[0])
        elif len(self._peers) >= self._most:
            self._close(next(iter(self._peers)))
        self._peers[transport] = peer
        self._deadlines[transport] = asyncio.get_running_loop().call_later(REQUEST_SECONDS, self._close, transport)

    def discard(self, transport: asyncio.Transport) -> None:
        """Forget a connection: it has sent a request, or is gone."""
        if self._peers.pop(transport, None) is not None:
            self._deadlines.pop(transport).cancel()

    def _close(self, transport: asyncio.Transport) -> None:
        self.discard(transport)
        transport.abort()


class HttpConnection(H11Protocol):
    """One connection of a browser; `waiting` is set by `protocol_for`."""

    waiting: WaitingConnections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.waiting.discard(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes; a whole request ends the waiting."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self.waiting.discard(self.transport)

    def handle_websocket_upgrade(self, event: Any) -> None:
        """End the waiting: the hub has a deadline of its own for what a page says first."""
        self.waiting.discard(self.transport)
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        if not self.transport.is_closing():
            self._wait()
        before = self.cycle
        super().on_response_complete()  # which may find one that was sent already
        if self.cycle is not before:
            self.waiting.discard(self.transport)

    def _wait(self) -> None:
        self.waiting.add(self.transport, self.client[0] if self.client else "")


def http_protocol() -> type[HttpConnection]:
    """Return a class of connections whose waiting ones are counted together."""

    class Connection(HttpConnection):
        waiting = WaitingConnections()

    return Connection


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket whose control frames and fragments count as messages do: the hub, which counts those, sees none."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._rate = TokenBucket(now())

    def handle_ping(self) -> None:
        """Answer a ping, if it is one of few."""
        if self._is_in_time():
            super().handle_ping()

    def handle_pong(self, event: Any) -> None:
        """Take a pong, if it is one of few."""
        if self._is_in_time():
            super().handle_pong(event)

    def handle_cont(self, event: Any) -> None:
        """Take a fragment of a message, if it is one of few."""
        if self._is_in_time():
            super().handle_cont(event)

    def _is_in_time(self) -> bool:
        if self._rate.take(now()):
            return True
        self.transport.abort()
        return False
