"""The serving process: the page, its WebSocket, the recordings and the two guides, and the pipe to who plays."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from antiphon import clock
from antiphon.printable import printable
from antiphon.recording.sessions import Listed, list_sessions
from antiphon.stage import messages
from antiphon.stage.address import bind, new_token, url_of
from antiphon.stage.connections import WebSocketConnection, http_protocol
from antiphon.stage.guard import Guard
from antiphon.stage.guides import guide
from antiphon.stage.hub import Hub
from antiphon.stage.pipes import ignore_signals, read_lines, say

PAGE = Path(__file__).parent / "page"
LONGEST_MESSAGE = 1024
"""Bytes that a page may send at once; nothing that it has to say is a tenth of it."""
PING_SECONDS, PONG_SECONDS = 5.0, 10.0
"""From one look whether a page is still there to the next, and for how long that may take.

What a page that is gone held down ends then. One that is slowed answers late, and is closed for that sooner.
"""


def main() -> None:
    """Serve until standard input ends: this process never outlives the one that plays."""
    ignore_signals()
    setup = msgspec.json.decode(sys.stdin.buffer.readline(), type=messages.Setup)
    try:
        listening = bind(setup.host, setup.port)
    except OSError as error:
        say(messages.Failed(f"can't serve on {setup.host} ({error.strerror or error}); say another --stage-host"))
        return
    port = listening.getsockname()[1]
    token = new_token(setup.host)
    hub = Hub(setup.antiphon, lambda: clock.now() - setup.start, say)
    app = Guard(application(hub, Path(setup.sessions)), setup.host, port, token)
    asyncio.run(_serve(app, hub, listening, messages.Serving(url_of(setup.host, port, token), port)))


def application(hub: Hub, sessions: Path) -> Starlette:
    """Return the application, unguarded.

    Args:
        hub: the pages.
        sessions: the folder of the recordings.
    """

    def listing(_request: Request) -> Response:
        return JSONResponse([_listed(each) for each in list_sessions(sessions)])

    def download(request: Request) -> Response:
        name = request.path_params["name"]
        # By the list, not by a path: what isn't listed isn't there.
        found = [each.path for each in list_sessions(sessions) if printable(each.path.stem) == name]
        if not found:
            raise HTTPException(404, "There is no such recording.")
        return FileResponse(found[0], media_type="audio/midi", filename=f"{name}.mid")

    mimetypes.add_type("text/javascript", ".js")  # Windows may have been told otherwise
    return Starlette(
        routes=[
            WebSocketRoute("/ws", hub.meet),
            Route("/sessions", listing),
            Route("/sessions/{name}.mid", download),
            Route("/docs/{name}", lambda request: guide(request.path_params["name"], PAGE)),
            Mount("/", StaticFiles(directory=PAGE, html=True, check_dir=False)),
        ]
    )


def _listed(session: Listed) -> dict[str, Any]:
    """Return what a page is told of a recording: all but where it lies."""
    shown = ("seconds", "played", "answered", "model")
    return {
        "name": printable(session.path.stem),
        "when": session.when.isoformat(),
        "damaged": session.damaged and printable(session.damaged),
    } | {name: getattr(session, name) for name in shown}


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def _serve(app: Guard, hub: Hub, listening: socket.socket, ready: messages.Serving) -> None:
    server = _Server(
        uvicorn.Config(
            app,
            http=http_protocol(),
            loop="asyncio",
            ws=WebSocketConnection,
            ws_max_size=LONGEST_MESSAGE,
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PONG_SECONDS,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nothing stands between: an address is the peer's own
            timeout_graceful_shutdown=1,
        )
    )
    read_lines(hub.hear, asyncio.get_running_loop())
    say(ready)
    await server.serve(sockets=[listening])
