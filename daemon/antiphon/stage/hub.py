"""The hub: every page that is open, what is sent to all of them, and what they send."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from itertools import chain

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.codec import decode, encode
from antiphon.stage import messages
from antiphon.stage.checks import refusal
from antiphon.stage.held_keys import HeldKeys
from antiphon.stage.messages import VERSION, NoteOff, NoteOn, PageHello, Ping, Played
from antiphon.stage.token_bucket import TokenBucket

MOST_PAGES = 20
MOST_WAITING = 2000
"""Messages that wait for a page; one that is so far behind is closed, and gets the whole state when it is back."""
MOST_NONSENSE = 20
"""Messages that are none, after which a page is closed."""
HELLO_SECONDS = 10.0
"""In which a page must say which version it is of."""
_POLICY, _TRY_AGAIN = 1008, 1013
"""WebSocket's close codes (RFC 6455, and its registry)."""

_from_page = msgspec.json.Decoder(messages.FromPage)
_from_daemon = msgspec.json.Decoder(messages.ToServer)


class _Closed(Exception):
    """The page was told to go, or has gone."""


class Page:
    """One page that is open: what waits to be sent to it, and what it holds down."""

    def __init__(self, socket: WebSocket, now: float) -> None:
        self.socket = socket
        self.held = HeldKeys()
        self.rate = TokenBucket(now)
        self.nonsense = 0
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._task = asyncio.current_task()

    def send(self, text: str) -> None:
        """Send it a message, when it is its turn."""
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.leave()

    def leave(self) -> None:
        """End serving it."""
        if self._task is not None:
            self._task.cancel()

    def tell(self, message: messages.FromDaemon) -> None:
        """Send it a message."""
        self.send(msgspec.json.encode(message).decode())

    async def write(self) -> None:
        """Write what waits, until the page is gone."""
        with contextlib.suppress(Exception):  # who reads from it hears that it is gone
            while True:
                await self.socket.send_text(await self._waiting.get())

    async def close(self, code: int, message: messages.FromDaemon) -> None:
        """Tell it why, and close it."""
        with contextlib.suppress(Exception):  # it may be gone already
            await self.socket.send_text(msgspec.json.encode(message).decode())
            await self.socket.close(code)
        raise _Closed


class Hub:
    """All pages. Everything here happens on the event loop's thread.

    Args:
        antiphon: the daemon's version.
        clock: tells the time, in seconds from the session's start.
        say: hands what a page asks for to the playing process.
    """

    def __init__(self, antiphon: str, clock: Callable[[], float], say: Callable[[messages.Steering], None]) -> None:
        self._antiphon = antiphon
        self._clock = clock
        self._say = say
        self._pages: set[Page] = set()
        self._arriving: dict[Page, None] = {}
        """Those that haven't said hello yet, the oldest first."""
        self._state: messages.State | None = None
        self._last: dict[type, str] = {}
        self._sounding: defaultdict[messages.Part, ActiveNotes[NoteOn]] = defaultdict(ActiveNotes)

    def hear(self, line: bytes) -> None:
        """Pass on a line from the playing process, and keep what pages that open later must know."""
        message, text = _from_daemon.decode(line), line.decode()
        if isinstance(message, NoteOn):
            self._sounding[message.part].turn_on(message)
        elif isinstance(message, NoteOff):
            self._sounding[message.part].turn_off(message)
        elif isinstance(message, messages.State | messages.PlanMade | messages.Expectation):
            self._last[type(message)] = text
            if isinstance(message, messages.State):
                self._state = message
        for page in self._pages:
            page.send(text)

    async def meet(self, socket: WebSocket) -> None:
        """Serve a page until it goes."""
        await socket.accept()
        page = Page(socket, self._clock())
        writing = asyncio.create_task(page.write())
        try:
            await self._admit(page)
            while True:
                await self._hear(page, await socket.receive())
        except (_Closed, WebSocketDisconnect, asyncio.CancelledError):
            pass
        finally:
            writing.cancel()
            self._pages.discard(page)
            for message in page.held.let_go(other.held for other in self._pages):
                self._say(Played(list(encode(message))))

    async def _admit(self, page: Page) -> None:
        """Hear a page's first message, and tell it how things stand."""
        if len(self._arriving) >= MOST_PAGES:
            next(iter(self._arriving)).leave()
        self._arriving[page] = None
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = _from_page.decode(await page.socket.receive_text())
        except (msgspec.MsgspecError, KeyError, TimeoutError):
            hello = None
        finally:
            del self._arriving[page]
        if not isinstance(hello, PageHello):
            await page.close(_POLICY, messages.Refused("a page says hello first, and its version"))
        elif hello.version != VERSION:
            await page.close(_POLICY, messages.Reload())
        elif len(self._pages) >= MOST_PAGES:
            await page.close(_TRY_AGAIN, messages.Refused(f"{MOST_PAGES} pages are open; close one, and try again"))
        page.tell(messages.Hello(VERSION, self._antiphon, self._clock(), messages.numbers()))
        for text in self._last.values():
            page.send(text)
        for note in chain.from_iterable(self._sounding.values()):
            page.tell(note)
        self._pages.add(page)

    async def _hear(self, page: Page, received: object) -> None:
        assert isinstance(received, dict)  # noqa: S101  by ASGI
        if received["type"] == "websocket.disconnect":
            raise _Closed
        wait = page.rate.wait(self._clock())
        if wait:
            await asyncio.sleep(wait)  # nothing more is read from it meanwhile
        if page.rate.is_flood(self._clock()):
            await page.close(_POLICY, messages.Refused("that is more than anybody can play; the page was closed"))
        try:
            message = _from_page.decode(received.get("text") or b"")
        except msgspec.MsgspecError as error:
            await self._refuse(page, f"that is no message ({error})")
            return
        if isinstance(message, Ping):
            page.tell(messages.Pong(message.id, self._clock()))
        elif not isinstance(message, PageHello):
            why = refusal(message, self._state)
            if why is not None:
                await self._refuse(page, why)
                return
            if isinstance(message, Played):
                page.held.hear(decode(message.message))
            self._say(message)

    async def _refuse(self, page: Page, why: str) -> None:
        page.nonsense += 1
        if page.nonsense > MOST_NONSENSE:
            await page.close(_POLICY, messages.Refused("the page sent too much that makes no sense; reload it"))
        page.tell(messages.Refused(why))
