"""The OSC server's process: a UDP socket, what hears it, and the pipe to who plays."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Callable

import msgspec

from antiphon import clock
from antiphon.osc.clients import Address
from antiphon.osc.endpoint import Endpoint, World
from antiphon.osc.targets import parse_target, sender_to
from antiphon.stage import messages
from antiphon.stage.address import keep_to_us, new_token, url_of
from antiphon.stage.pipes import ignore_signals, read_lines, say

BUFFER_BYTES = 1 << 20
"""For packets that wait, so that a burst of one program doesn't cost another's note; systems may allow less."""

_from_daemon = msgspec.json.Decoder(messages.ToServer)


def main() -> None:
    """Serve until standard input ends: this process never outlives the one that plays."""
    ignore_signals()
    setup = msgspec.json.decode(sys.stdin.buffer.readline(), type=messages.OscSetup)
    try:
        listening = _bind(setup.host, setup.port)
    except OSError as error:
        why = error.strerror or error
        say(messages.Failed(f"can't listen on {setup.host}, UDP port {setup.port} ({why}); say another --osc-port"))
        return
    # Windows' own loop hears no packet any more once one was sent to a program that is gone (python/cpython#91227).
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(setup, listening))


def _bind(host: str, port: int) -> socket.socket:
    """Return a UDP socket on a port of a host; 0 is any that is free.

    Raises:
        OSError: the host isn't this machine's, or the port isn't free.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    bound = socket.socket(family, kind, protocol)
    bound.setblocking(False)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    keep_to_us(bound)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


class _Packets(asyncio.DatagramProtocol):
    """Hands packets over; what the network says of those that nobody took doesn't matter."""

    def __init__(self, receive: Callable[[bytes, Address], None]) -> None:
        self.datagram_received = receive  # type: ignore[method-assign,assignment]


async def _serve(setup: messages.OscSetup, listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    transport: asyncio.DatagramTransport | None = None

    def send(packet: bytes, address: Address) -> None:
        if transport is not None:
            transport.sendto(packet, address)

    token = new_token(setup.host)
    own = listening.getsockname()
    world = World(lambda: clock.now() - setup.start, time.time, say, send, loop.call_later)
    endpoint = Endpoint(world, own, token, _targets(setup.send_to, own))
    transport, _ = await loop.create_datagram_endpoint(lambda: _Packets(endpoint.receive), sock=listening)
    read_lines(lambda line: endpoint.hear(_from_daemon.decode(line)), loop)
    say(messages.Serving(url_of(setup.host, own[1], None, "udp"), own[1], token))
    await loop.create_future()  # until the process ends with its standard input


def _targets(names: list[str], own: Address) -> list[Callable[[bytes], None]]:
    found = []
    for name in names:
        host, port = parse_target(name)
        try:
            found.append(sender_to(host, port))
        except OSError as error:
            say(messages.Notice(f"OSC can't be sent to {name} ({error.strerror or error}); check --osc-send-to"))
    return found
