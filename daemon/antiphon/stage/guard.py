"""The guard: lets only Antiphon's own page in, and from the network only those who know the token.

A web page from elsewhere, open in the same browser, can send requests here. They name that page's origin, which is
checked on `/ws`. If its author points a name of theirs at our address (DNS rebinding), the `Host` header has that
name, which is checked on every request.
"""

from __future__ import annotations

import secrets
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from antiphon.clock import now
from antiphon.stage.guesses import Guesses

_FORBIDDEN, _MISDIRECTED, _TOO_MANY, _UNAVAILABLE = 403, 421, 429, 503
MOST_REQUESTS = 100
"""Requests and WebSockets that are served at once, of those that were let in."""
_USUAL_PORT = 80
"""The port that browsers leave out of `Host`."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches what is served on a host."""
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware around the whole application.

    Args:
        app: what is guarded.
        host: on which it is served.
        port: likewise.
        token: what must be known to come in; None where only this machine can.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, token: str | None) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._token = token
        self._cookie = f"antiphon-{port}"  # cookies are shared by all ports of a host
        self._guesses = Guesses()
        self._let_in = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        connection = HTTPConnection(scope)
        answer = self._answer(scope, connection)
        if answer is None and self._let_in >= MOST_REQUESTS:
            answer = PlainTextResponse("Too much is open at once; close a page, and try again.\n", _UNAVAILABLE)
        if answer is not None:
            answer.headers["Connection"] = "close"  # who is refused keeps no connection open
            await answer(scope, receive, send)
            return
        self._let_in += 1
        try:
            await self._pass_on(scope, receive, send, connection)
        finally:
            self._let_in -= 1

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, connection: HTTPConnection) -> None:
        host = connection.headers["host"]

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_headers(host))
            await send(message)

        await self._app(scope, receive, send_guarded)

    def _answer(self, scope: Scope, connection: HTTPConnection) -> Response | None:
        """Return what is answered in the application's place, if anything is."""
        if not self._is_host(connection.headers.get("host", "")):
            return PlainTextResponse("This is Antiphon; open it by the address that it printed.\n", _MISDIRECTED)
        if self._token is not None:
            refused = self._answer_without_token(scope, connection, self._token)
            if refused is not None:
                return refused
        if scope["type"] == "websocket" and not _is_same_origin(connection.headers):
            return PlainTextResponse("Only Antiphon's own page may do that.\n", _FORBIDDEN)
        return None

    def _answer_without_token(self, scope: Scope, connection: HTTPConnection, token: str) -> Response | None:
        """Return what is answered to who hasn't shown the token yet, or shows it now; None where the cookie is it."""
        is_entrance = scope["type"] == "http" and scope["path"] == "/"
        given = connection.query_params.get("token", "") if is_entrance else ""
        shown = given or connection.cookies.get(self._cookie, "")
        address = connection.client.host if connection.client else ""
        if shown and not self._guesses.may_guess(address, now()):
            return PlainTextResponse("Too many wrong tokens came from your address; wait a moment.\n", _TOO_MANY)
        if not secrets.compare_digest(shown.encode(), token.encode()):
            if shown:
                self._guesses.was_wrong(address, shown, now())
            return PlainTextResponse("Open the whole address that Antiphon printed, with its token.\n", _FORBIDDEN)
        if given:
            entered = RedirectResponse("/", 303)
            entered.set_cookie(self._cookie, token, httponly=True, samesite="strict")
            return entered
        return None

    def _is_host(self, header: str) -> bool:
        if ":" not in header.rpartition("]")[2]:
            header += f":{_USUAL_PORT}"
        name, _, port = header.rpartition(":")
        if port != str(self._port):
            return False
        name = name.removeprefix("[").removesuffix("]").lower()
        if name == self._host.lower() or is_loopback(name):
            return True
        # A web page from elsewhere reaches us by a name, never by a number: numbers are let in, with the token.
        return self._token is not None and _is_address(name)


def _is_same_origin(headers: Headers) -> bool:
    """Return whether our own page opens a WebSocket. All browsers say who does; who says nothing is refused too."""
    return headers.get("origin") == f"http://{headers['host']}"


def _headers(host: str) -> dict[str, str]:
    return {
        # Safari before 15.4 doesn't count a WebSocket as 'self'.
        "Content-Security-Policy": f"default-src 'self'; connect-src 'self' ws://{host}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",  # after an update the page of before must not be shown
    }
