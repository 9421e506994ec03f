"""A program that speaks OSC with a daemon over UDP, and what came to it."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.daemon.live import PATIENCE, Daemon, daemon

Came = tuple[Any, ...]
"""An address and the arguments."""


def packet(address: str, *arguments: Any) -> bytes:
    builder = OscMessageBuilder(address)
    for each in arguments:
        builder.add_arg(each)
    built: bytes = builder.build().dgram
    return built


def bundle(when: float | None, *packets: bytes) -> bytes:
    """Return a bundle that is to be done at a time, in seconds since 1970; None is now."""
    tag = 1 if when is None else int((when + 2_208_988_800) * 2**32)
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">i", len(each)) + each for each in packets)


class Program:
    """A UDP socket that sends to a daemon and hears what comes back."""

    def __init__(self, port: int, host: str = "127.0.0.1", own_port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, own_port))
        self.port: int = self.socket.getsockname()[1]
        self._daemon = (host, port)
        self.came: list[Came] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, address: str, *arguments: Any) -> None:
        self.send_bytes(packet(address, *arguments))

    def send_bytes(self, data: bytes) -> None:
        self.socket.sendto(data, self._daemon)

    def receive(self, timeout: float = PATIENCE) -> Came:
        self.socket.settimeout(max(timeout, 0.001))
        message = OscMessage(self.socket.recv(65536))
        self.came.append((message.address, *message.params))
        return self.came[-1]

    def wait_for(self, address: str, done: Callable[[Came], bool] = lambda _: True) -> Came:
        """Wait for a message to an address that is what is waited for; return its arguments."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            try:
                came = self.receive(left)
            except TimeoutError:
                break
            if came[0] == address and done(came[1:]):
                return came[1:]
        pytest.fail(f"no {address} as it should be; the latest: {self.came[-10:]}")

    def find(self, address: str, done: Callable[[Came], bool] = lambda _: True) -> Came:
        """Return the arguments of a message that has come, or wait for it."""
        found = (came[1:] for came in self.came if came[0] == address and done(came[1:]))
        return next(found, None) or self.wait_for(address, done)

    def subscribe(self) -> None:
        """Ask for everything, and wait until the daemon has told how things stand."""
        deadline = time.monotonic() + PATIENCE
        self.send("/antiphon/subscribe")
        while not any(came[0] == "/antiphon/bpm" for came in self.came):
            assert time.monotonic() < deadline, f"never told how things stand: {self.came}"
            self.receive()

    def hear_some(self, seconds: float) -> list[Came]:
        """Return what comes within so many seconds."""
        before, end = len(self.came), time.monotonic() + seconds
        with suppress(TimeoutError):
            while (left := end - time.monotonic()) > 0:
                self.receive(left)
        return self.came[before:]

    def hear_out(self, seconds: float) -> list[Came]:
        """Return what comes until silence has lasted for so many seconds."""
        before = len(self.came)
        try:
            while True:
                self.receive(seconds)
        except TimeoutError:
            return self.came[before:]


@contextmanager
def speaking(*options: str, cwd: Path) -> Iterator[tuple[Daemon, int]]:
    """Start a daemon that hears OSC on a port of its own, and yield that too; it must end well."""
    with daemon("--osc", "--osc-port", "0", *options, cwd=cwd) as running:
        yield running, port_of(running)
        if running.process.poll() is None:
            running.stop()


def port_of(running: Daemon) -> int:
    """Wait for the UDP port that a daemon prints."""
    return int(line_with("OSC   ", running).split()[-1].rpartition(":")[2])


def line_with(part: str, running: Daemon) -> str:
    """Wait for a line that a daemon prints, or has printed; a server says when it likes how it does."""
    if not any(part in line for line in running.said):
        running.wait_for(part)
    return next(line for line in running.said if part in line)
