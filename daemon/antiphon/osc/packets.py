"""Packets: OSC 1.0 between bytes and values, by python-osc, and hardened against what any program may send.

The bundles are taken apart here, because python-osc 1.10 never returns from one whose element has a size of −4.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

LONGEST_PACKET = 8192
"""Bytes; what anybody has to say is a tenth of it, and to take more apart would keep others waiting."""
DEEPEST = 8
"""Bundles within each other; nobody needs two."""
_BUNDLE = b"#bundle\0"
_IMMEDIATELY = 1
"""The time tag that means now (OSC 1.0)."""
_EPOCH = 2_208_988_800
"""Seconds from 1900, where time tags begin as NTP does, to 1970."""

logging.disable()  # python-osc logs each type that it doesn't know: a flood of them would fill a disk

Argument = Any
"""What python-osc makes of an argument: int, float, str, bytes, bool, None, a list, or four bytes of MIDI."""


class Malformed(Exception):
    """A packet that is no OSC; the message says why."""


class Message(NamedTuple):
    """One OSC message."""

    address: str
    arguments: tuple[Argument, ...]
    due: float | None = None
    """When its bundle is to be done, in seconds since 1970; None is now."""


def read(packet: bytes) -> list[Message]:
    """Return the messages in a packet, in their order.

    Raises:
        Malformed: it is no OSC packet, or a larger one than anybody needs.
    """
    if len(packet) > LONGEST_PACKET:
        raise Malformed(f"it has {len(packet)} bytes, and may have {LONGEST_PACKET}")
    try:
        return list(_read(packet, None, 0))
    except Malformed:
        raise
    except Exception as error:  # noqa: BLE001  whatever python-osc stumbles on
        why = error.args[-1] if error.args else type(error).__name__  # python-osc puts what it stumbled on last
        raise Malformed(str(why)) from None


def write(address: str, *arguments: int | float | str) -> bytes:
    """Return a message as a packet: whole numbers as `i`, others as `f`, text as `s`."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    dgram: bytes = builder.build().dgram
    return dgram


def _read(packet: bytes, due: float | None, depth: int) -> Iterator[Message]:
    if packet.startswith(_BUNDLE):
        if depth == DEEPEST:
            raise Malformed(f"it has more than {DEEPEST} bundles within each other")
        due = _due(packet)
        for element in _elements(packet):
            yield from _read(element, due, depth + 1)
        return
    if not packet.startswith(b"/"):
        raise Malformed("it begins neither with an address nor with #bundle")
    message = OscMessage(packet)
    yield Message(message.address, tuple(message.params), due)


def _due(bundle: bytes) -> float | None:
    (tag,) = struct.unpack_from(">Q", bundle, len(_BUNDLE))
    return None if tag == _IMMEDIATELY else tag / 2**32 - _EPOCH


def _elements(bundle: bytes) -> Iterator[bytes]:
    place = len(_BUNDLE) + 8  # the time tag's
    while place < len(bundle):
        (size,) = struct.unpack_from(">i", bundle, place)
        place += 4
        if size <= 0 or place + size > len(bundle):
            raise Malformed(f"an element of a bundle says that it has {size} bytes")
        yield bundle[place : place + size]
        place += size
