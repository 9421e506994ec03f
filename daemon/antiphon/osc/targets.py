"""Targets: the programs that are sent everything without asking, as `--osc-send-to` names them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from antiphon.errors import UserError


def parse_target(text: str) -> tuple[str, int]:
    """Return the host and the UDP port of "HOST:PORT".

    Raises:
        UserError: it is none.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise UserError(
            f"--osc-send-to (in a settings file, osc.send_to): {text!r} must be HOST:PORT, such as 127.0.0.1:57120"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def sender_to(host: str, port: int) -> Callable[[bytes], None]:
    """Return what sends a packet there, at once; where nobody hears it is lost.

    Raises:
        OSError: there is no such host.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    sending = socket.socket(family, kind, protocol)
    sending.setblocking(False)
    sending.connect(address)

    def send(packet: bytes) -> None:
        with contextlib.suppress(OSError):  # nobody is there, or all of the system's memory for it is full
            sending.send(packet)

    return send
