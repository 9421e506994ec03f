"""A page of the stage, without a browser: a WebSocket to a real daemon, and what came over it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from antiphon.stage.messages import VERSION, Grid, State
from tests.daemon.live import PATIENCE, Daemon, daemon

Message = dict[str, Any]
STATE = State(
    mode="next-note",
    turn="listening",
    knobs={
        "temperature": 0.9,
        "density": 1.0,
        "harmony": 1.0,
        "memory": 1.0,
        "feel": 0.5,
        "lowest": 0,
        "highest": 127,
    },
    mute=False,
    hold=False,
    bpm=100.0,
    sync="fixed",
    clock="none",
    key="auto",
    swing="auto",
    heard_swing=50.0,
    accompaniment="both",
    sharps=0,
    posterior=[1 / 12] * 12,
    model="essen",
    models=["essen"],
    record=True,
    midi=None,
    latency_ms=None,
    grid=Grid(time=0.0, step=0.0, bpm=100.0, steps_per_beat=4.0, bar=16, shared=False),
)
"""Before anything has happened."""


class Page:
    """An open page."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.came: list[Message] = []

    def send(self, kind: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **fields}))

    def play(self, *message: int) -> None:
        self.send("midi", message=message)

    def set(self, name: str, value: Any) -> None:
        self.send("set", name=name, value=value)

    def receive(self, timeout: float = PATIENCE) -> Message:
        message: Message = json.loads(self.socket.recv(timeout=timeout))
        self.came.append(message)
        return message

    def wait_for(self, kind: str, done: Callable[[Message], bool] = lambda _: True) -> Message:
        """Wait for a message of a kind that is what is waited for."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self.receive(left)
            except TimeoutError:
                break
            except ConnectionClosed as closed:
                pytest.fail(f"closed ({closed}) before a {kind}: {self.came[-10:]}")
            if message["type"] == kind and done(message):
                return message
        pytest.fail(f"no {kind} as it should be; the latest: {self.came[-10:]}")

    def find(self, kind: str, done: Callable[[Message], bool] = lambda _: True) -> Message:
        """Return the latest such message, or wait for it if none has come."""
        return next(
            (each for each in reversed(self.came) if each["type"] == kind and done(each)), None
        ) or self.wait_for(kind, done)

    def wait_for_state(self, **wanted: Any) -> Message:
        """Wait until the state has these values; the last one may have them already."""
        states = [each for each in self.came if each["type"] == "state"]
        if states and fits(states[-1], wanted):
            return states[-1]
        return self.wait_for("state", lambda state: fits(state, wanted))

    def wait_for_answer(self, kind: str = "note_on") -> Message:
        return self.wait_for(kind, lambda note: note["part"] == "answer")

    def wait_for_end(self) -> tuple[int, Message]:
        """Wait until the daemon closes it; return the code, and what it said last."""
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                self.receive()
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, self.came[-1]


def fits(state: Message, wanted: Message) -> bool:
    return all((state["knobs"] | state)[name] == value for name, value in wanted.items())


@contextmanager
def socket_to(url: str, origin: str | None = "", path: str = "/ws", **headers: str) -> Iterator[ClientConnection]:
    """Open a WebSocket as a browser would that shows a page of `origin`; "" is the daemon's own."""
    base = url.split("/?")[0]
    with connect(
        base.replace("http", "ws", 1) + path,
        origin=base if origin == "" else origin,  # type: ignore[arg-type]
        additional_headers=headers,
        max_queue=None,
        open_timeout=PATIENCE,
    ) as socket:
        yield socket


@contextmanager
def page(url: str, version: int = VERSION, **headers: str) -> Iterator[Page]:
    """Open a page."""
    with socket_to(url, **headers) as socket:
        opened = Page(socket)
        opened.send("hello", version=version)
        yield opened


@contextmanager
def staged(*options: str, cwd: Path) -> Iterator[tuple[Daemon, str]]:
    """Start a daemon with a stage on a port of its own, and yield its address too; it must end well.

    A killed one would hold up JACK, and with it the next.
    """
    with daemon("--stage", "--stage-port", "0", *options, cwd=cwd) as running:
        yield running, url_of(running)
        if running.process.poll() is None:
            running.stop()


def url_of(running: Daemon) -> str:
    """Wait for the address that a daemon prints."""
    if not any("stage page   " in line for line in running.said):
        running.wait_for("stage page   ")
    (line,) = [line for line in running.said if "stage page   " in line]
    return line.split()[-1]
