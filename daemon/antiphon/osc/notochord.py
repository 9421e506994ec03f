"""Notochord's addresses, so that a program that was made for its server plays with Antiphon.

`/notochord/feed` says what is played: instrument, pitch, seconds since the note before, velocity (0 ends a note).
`/notochord/query` asks for the next note, and `/return/notochord/query` answers whoever asked, with names and values.
Antiphon hears when a note comes by its own clock, and has one instrument; it answers with the next note of its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from antiphon.midi.protocol import HIGHEST
from antiphon.osc.addresses import Refused, played, whole
from antiphon.osc.packets import Argument, Message
from antiphon.recording.entries import Press
from antiphon.stage.messages import Steering

RETURN = "/return/notochord/query"
RESET = "/notochord/reset"
INSTRUMENT = 1
"""Of Antiphon's answer: General MIDI's grand piano, as Notochord counts."""
_FEEDS = {"/notochord/feed": False, "/notochord/feed_query": True, "/notochord/feed_query_feed": True}
"""Address → whether it asks as well, of those that say what is played."""
_QUERIES = ("/notochord/query", "/notochord/query_feed")


def is_own(address: str) -> bool:
    """Return whether an address is one of Notochord's."""
    return address == RESET or address in _FEEDS or address in _QUERIES


def request_of(message: Message) -> Steering | None:
    """Return what a message plays or presses; None where it only asks.

    Raises:
        Refused: the arguments of what is played are wrong.
    """
    if message.address == RESET:
        return Press("panic")
    if message.address not in _FEEDS:
        return None
    arguments = message.arguments
    if len(arguments) < 4:
        raise Refused(f"{message.address} takes instrument, pitch, time and velocity")
    velocity = arguments[3]
    if isinstance(velocity, float) and 0 <= velocity <= HIGHEST:
        velocity = round(velocity)  # Notochord's are "possibly dequantized"
    return played(whole(arguments[1], "the pitch", 0, HIGHEST), whole(velocity, "the velocity", 0, HIGHEST))


def asks(message: Message) -> bool:
    """Return whether a message asks for the next note."""
    return message.address in _QUERIES or _FEEDS.get(message.address, False)


def handle_of(arguments: Sequence[Argument]) -> int | None:
    """Return the number by which a program knows its question again, which comes back with the answer."""
    for name, value in pairwise(arguments):
        if name == "handle" and isinstance(value, int) and abs(value) < 2**31:
            return value
    return None


def answer(pitch: int, velocity: int, seconds: float, handle: int | None) -> list[str | int | float]:
    """Return the answer to a question: a note, in so many seconds."""
    told: list[str | int | float] = ["inst", INSTRUMENT, "pitch", pitch, "time", seconds, "vel", float(velocity)]
    return told if handle is None else [*told, "handle", handle]
