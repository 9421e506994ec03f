"""The address: where the page is served, what must be known to open it, and how that is written for people."""

from __future__ import annotations

import errno
import secrets
import socket

from antiphon.stage.guard import is_loopback

PORTS_TRIED = 50
"""From the one that was asked for on."""
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104
_LETTERS, _LENGTH = "abcdefghjkmnpqrstuvwxyz23456789", 10
"""Of a token: what can't be mistaken for another letter, and as many as a phone's owner may type: 49 bits."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on a port of a host, or on the next one that is free; 0 is any.

    Raises:
        OSError: the host isn't this machine's, or no port is free.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        try:
            return _listening(family, host, candidate)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):  # Windows says EACCES of one that is taken
                raise
            taken = error
    raise taken


def _listening(family: int, host: str, port: int) -> socket.socket:
    # Only where a socket says that it is TCP's does asyncio send small messages at once: 40 ms sooner.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if not keep_to_us(made):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left may be taken at once
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen()
    except BaseException:
        made.close()
        raise
    return made


def keep_to_us(made: socket.socket) -> bool:
    """Keep a port, before it is bound, from other programs that could have it too; return whether they could.

    On Windows any program that sets SO_REUSEADDR gets another one's port, unless that one forbids it.
    """
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
    if exclusive is not None:
        made.setsockopt(socket.SOL_SOCKET, exclusive, 1)
    return exclusive is not None


def new_token(host: str) -> str | None:
    """Return what must be known to open the page; None where only this machine reaches it."""
    return None if is_loopback(host) else "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def url_of(host: str, port: int, token: str | None, scheme: str = "http") -> str:
    """Return the address to open, or for OSC ("udp") to send to."""
    host = _own_address(host) if host in _EVERYWHERE else host
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{port}" + (f"/?token={token}" if token else "")


def _own_address(host: str) -> str:
    """Return the address by which others reach this machine; nothing is sent to find it."""
    family, elsewhere = (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((elsewhere, 9))
        except OSError:  # no network
            return "localhost"
        return str(probe.getsockname()[0])
