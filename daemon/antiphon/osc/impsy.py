"""IMPSY's and IMPS's addresses, so that a patch that was made for these plays with Antiphon.

IMPSY hears `/interface` with numbers from 0 to 1, as many as its model has dimensions, and sends as many to `/impsy`
(IMPS: `/prediction`). Where it maps one to a note, that is the number times 127. Here the first is the pitch, the
second, where there is one, the velocity; the others come back as they were.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from antiphon.midi.protocol import HIGHEST
from antiphon.osc.addresses import Refused, short
from antiphon.osc.packets import Argument, Message
from antiphon.parameters import Mode
from antiphon.recording.entries import Press, Set
from antiphon.stage.messages import Steering

INTERFACE = "/interface"
ANSWERS = ("/impsy", "/prediction")
NOTE_SECONDS = 0.25
"""How long a note of `/interface` lasts that no other ends: IMPSY has no note-offs."""
VELOCITY = 100
"""Of a note of `/interface` that says none."""
MOST_VALUES = 64
"""Numbers in `/interface`; IMPSY's largest models have 16 or so."""
_MODES: dict[str, Mode] = {"callresponse": "call-response", "polyphony": "next-note", "battle": "continue"}
_CONTROLS = ("/impsy/mode", "/impsy/pause", "/impsy/pitemp", "/impsy/reset", "/temperature")


def is_own(address: str) -> bool:
    """Return whether an address is one of IMPSY's."""
    return address == INTERFACE or address in _CONTROLS


def request_of(message: Message) -> Steering:
    """Return what one of IMPSY's controls asks for.

    Raises:
        Refused: its argument is none.
    """
    value = message.arguments[0] if message.arguments else None
    if message.address == "/impsy/reset":
        return Press("panic")
    if message.address == "/impsy/mode" and isinstance(value, str):
        if value == "useronly":
            return Set("mute", True)
        if value in _MODES:
            return Set("mode", _MODES[value])
    elif message.address == "/impsy/pause" and isinstance(value, int | float):
        return Set("mute", bool(value))
    elif message.address in ("/impsy/pitemp", "/temperature") and isinstance(value, int | float):
        return Set("temperature", value)
    raise Refused(f"{message.address} can't be set to {short(value)}")


def values_of(arguments: Sequence[Argument]) -> list[float]:
    """Return the numbers of `/interface`.

    Raises:
        Refused: they are none from 0 to 1, or too many.
    """
    if not 1 <= len(arguments) <= MOST_VALUES:
        raise Refused(f"{INTERFACE} takes 1 to {MOST_VALUES} numbers from 0 to 1")
    for value in arguments:
        if not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= 1:
            raise Refused(f"{INTERFACE} takes numbers from 0 to 1: pitch, velocity, and any others")
    return [float(value) for value in arguments]


def note_of(values: Sequence[float]) -> tuple[int, int]:
    """Return the pitch and the velocity, from 1, that such numbers say."""
    velocity = max(1, round(values[1] * HIGHEST)) if len(values) > 1 else VELOCITY
    return round(values[0] * HIGHEST), velocity


def answer(pitch: int, velocity: int, values: Sequence[float]) -> list[float]:
    """Return a note as as many numbers as the latest `/interface` had, which those beyond the velocity stand for."""
    return [pitch / HIGHEST, velocity / HIGHEST, *values[2:]][: max(1, len(values))]
