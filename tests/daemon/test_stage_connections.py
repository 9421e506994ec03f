"""The page's server under people who open connections and say nothing, or nothing but control frames and guesses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope
from websockets.exceptions import ConnectionClosed

from antiphon.stage import connections, guard
from antiphon.stage.connections import MOST_WAITING, WaitingConnections
from antiphon.stage.guard import MOST_REQUESTS, Guard
from antiphon.stage.guesses import MOST_ADDRESSES, Guesses
from tests.daemon.live import PATIENCE
from tests.daemon.pages import page, socket_to, staged
from tests.daemon.test_stage_guard import ask

TOKEN = "abcdefghij"  # noqa: S105


def address_of(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host, int(port)


def test_idle_connections_keep_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with staged(cwd=tmp_path) as (_, url), ExitStack() as stack:
        there = address_of(url)
        idle = [stack.enter_context(socket.create_connection(there, PATIENCE)) for _ in range(3 * MOST_WAITING)]
        for each in idle[::2]:
            each.sendall(b"GET / HTTP/1.1\r\nHost:")  # half a request is none
        for _ in range(3):
            assert ask(there, "/sessions", Host=f"{there[0]}:{there[1]}")[0] == 200
        with page(url) as one:
            one.wait_for_state()
        with contextlib.suppress(ConnectionResetError):
            assert idle[0].recv(1) == b""  # the oldest has made room


def test_pages_that_say_nothing_keep_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with staged(cwd=tmp_path) as (_, url), ExitStack() as stack:
        for _ in range(2 * MOST_REQUESTS):
            stack.enter_context(socket_to(url))
        with page(url) as one:
            one.wait_for_state()


def test_control_frames_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with staged(cwd=tmp_path) as (_, url), page(url) as good, page(url) as bad:
        good.wait_for_state()
        bad.wait_for_state()
        with pytest.raises((ConnectionClosed, OSError)):
            for _ in range(1_000_000):
                bad.socket.pong()
        good.send("ping", id=1)
        good.wait_for("pong")


class Transport(asyncio.Transport):
    """One that is only ever closed."""

    def __init__(self) -> None:
        super().__init__()
        self.is_closed = False

    def abort(self) -> None:
        self.is_closed = True


def test_a_connection_has_a_deadline_and_the_oldest_of_a_peer_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.0)

    async def work() -> None:
        waiting = WaitingConnections(most=4, most_of_a_peer=2)
        first, second, third, other = (Transport() for _ in range(4))
        waiting.add(first, "a")
        waiting.add(other, "b")
        waiting.add(second, "a")
        waiting.add(third, "a")
        assert [each.is_closed for each in (first, second, third, other)] == [True, False, False, False]
        waiting.discard(second)
        await asyncio.sleep(0.01)  # the event loop's own time: the deadlines have come
        assert [each.is_closed for each in (second, third, other)] == [False, True, True]

    asyncio.run(work())


def test_the_oldest_of_all_makes_room() -> None:
    async def work() -> None:
        waiting = WaitingConnections(most=2, most_of_a_peer=2)
        there = [Transport() for _ in range(3)]
        for number, each in enumerate(there):
            waiting.add(each, str(number))
        assert [each.is_closed for each in there] == [True, False, False]
        for each in there:
            waiting.discard(each)

    asyncio.run(work())


def statuses(tokens: list[str], times: list[float], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how the guard answers to these tokens at these times."""

    async def answers() -> list[int]:
        guarding = Guard(PlainTextResponse("the page"), "192.0.2.1", 80, TOKEN)
        found = []
        for token, time in zip(tokens, times, strict=True):
            monkeypatch.setattr(guard, "now", lambda time=time: time)
            sent: list[Message] = []

            async def receive() -> Message:
                return {"type": "http.request"}

            async def send(message: Message, sent: list[Message] = sent) -> None:
                sent.append(message)

            scope: Scope = {"type": "http", "method": "GET", "path": "/", "query_string": f"token={token}".encode()}
            scope |= {"headers": [(b"host", b"192.0.2.1")], "client": ("192.0.2.7", 1)}
            await guarding(scope, receive, send)
            found.append(int(sent[0]["status"]))
        return found

    return asyncio.run(answers())


def test_guesses_of_the_token_are_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [f"guess{number}" for number in range(12)]
    assert statuses([*wrong, TOKEN], [0.0] * 13, monkeypatch) == [403] * 10 + [429] * 3
    assert statuses([*wrong, TOKEN], [0.0] * 12 + [2.0], monkeypatch) == [403] * 10 + [429] * 2 + [303]
    assert statuses(["old"] * 50 + [TOKEN], [0.0] * 51, monkeypatch) == [403] * 50 + [303]


def test_only_so_many_addresses_are_remembered() -> None:
    guesses = Guesses()
    for number in range(2 * MOST_ADDRESSES):
        guesses.was_wrong(str(number), "a", 0.0)
    assert len(vars(guesses)["_guessers"]) == MOST_ADDRESSES


def test_who_is_refused_keeps_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with staged(cwd=tmp_path) as (_, url):
        there = address_of(url)
        with socket.create_connection(there, PATIENCE) as one:
            one.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            answer = b""
            while part := one.recv(4096):
                answer += part
            assert answer.startswith(b"HTTP/1.1 421")
