"""A daemon that only looks like one: it serves the page, says what a test tells it to say, and keeps what it hears.

python -m tests.page.fake_daemon --port 8400      plays a duet with nobody, again and again
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

import antiphon.stage.messages as messages
from antiphon.stage.messages import FromDaemon, FromPage, Hello, PageHello, Ping, Pong, State
from tests.daemon.pages import STATE

PAGE = Path(messages.__file__).parent / "page"
PATIENCE = 20.0
"""Seconds after which a message that must come never will."""
SESSIONS = [
    {"name": f"2026-11-2{day} 20.15.07", "when": f"2026-11-2{day}T20:15:07+01:00", "seconds": 184.2, "played": 312,
     "answered": 298, "model": "essen", "damaged": None}
    for day in (1, 2)
]  # fmt: skip


class _Strict:
    """Says what the real one says of what a page may load."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", b"default-src 'self'"),
                                      (b"cache-control", b"no-cache")]  # fmt: skip
            await send(message)

        await self._app(scope, receive, send_strictly)


class FakeDaemon:
    """Serves the page in a thread of its own.

    Args:
        port: 0 is any that is free.
    """

    def __init__(self, port: int = 0) -> None:
        self.state = msgspec.structs.replace(STATE, mode="call-response", models=["essen", "mine"])
        self.version = messages.VERSION
        self.heard: list[FromPage] = []
        """All that pages have sent but pings."""
        self._port = port
        self._pages: set[WebSocket] = set()
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def now(self) -> float:
        """Seconds from the session's start."""
        return time.monotonic() - self._start

    def start(self) -> None:
        """Serve, on the same port as before."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        self._start = time.monotonic()
        routes = [
            WebSocketRoute("/ws", self._meet),
            Route("/sessions", lambda _request: JSONResponse(SESSIONS)),
            Route("/sessions/{name}.mid", _recording),
            Route("/docs/{name}", lambda _request: PlainTextResponse("a guide")),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
        app = Starlette(routes=routes, middleware=[Middleware(_Strict)])
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(listening,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Be gone."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(PATIENCE)

    def say(self, *said: FromDaemon) -> None:
        """Send messages to every page."""
        for message in said:
            if isinstance(message, State):
                self.state = message
            asyncio.run_coroutine_threadsafe(self._send_all(_text(message)), self._loop).result(PATIENCE)

    def change(self, **changed: Any) -> None:
        """Send the state with something in it changed."""
        knobs = {name: changed.pop(name) for name in list(changed) if name in self.state.knobs}
        self.say(msgspec.structs.replace(self.state, knobs=self.state.knobs | knobs, **changed))

    def wait(self, holds: Callable[[list[FromPage]], bool]) -> list[FromPage]:
        """Wait until what was heard fulfils a condition, and return it."""
        with self._changed:
            assert self._changed.wait_for(lambda: holds(self.heard), PATIENCE), self.heard
            return list(self.heard)

    def wait_for_page(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self._pages), PATIENCE)

    def midi(self) -> list[list[int]]:
        """Return the MIDI messages that were heard."""
        return [message.message for message in self.heard if isinstance(message, messages.Played)]

    def wait_for_midi(self, count: int) -> list[list[int]]:
        self.wait(lambda _heard: len(self.midi()) >= count)
        return self.midi()

    def _serve(self, listening: socket.socket) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve(sockets=[listening]))

    async def _send_all(self, text: str) -> None:
        for page in list(self._pages):
            await page.send_text(text)

    async def _meet(self, page: WebSocket) -> None:
        await page.accept()
        try:
            while True:
                await self._hear(page, msgspec.json.decode(await page.receive_text(), type=FromPage))
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            with self._changed:
                self._pages.discard(page)
                self._changed.notify_all()

    async def _hear(self, page: WebSocket, message: FromPage) -> None:
        if isinstance(message, Ping):
            await page.send_text(_text(Pong(message.id, self.now)))
            return
        if isinstance(message, PageHello):
            await page.send_text(_text(Hello(self.version, "0.1.0", self.now, messages.numbers())))
            await page.send_text(_text(self.state))
        with self._changed:
            if isinstance(message, PageHello):
                self._pages.add(page)
            self.heard.append(message)
            self._changed.notify_all()


def _recording(_request: Request) -> Response:
    return Response(b"MThd", media_type="audio/midi")


def _text(message: FromDaemon) -> str:
    return msgspec.json.encode(message).decode()


def main() -> None:
    """Play a duet with nobody, until Ctrl-C."""
    from tests.page.duet import play

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=8400)
    with FakeDaemon(parser.parse_args().port) as daemon, suppress(KeyboardInterrupt):
        print(daemon.url)  # noqa: T201
        while True:
            play(daemon)


if __name__ == "__main__":
    main()
