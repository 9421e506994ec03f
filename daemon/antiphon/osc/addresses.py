"""Addresses: what each OSC message asks for. The controls' come from `parameters`, as their ranges and units do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from antiphon.midi.codec import encode
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.midi.protocol import FIRST_CHANNEL, HIGHEST, LAST_CHANNEL, data_size
from antiphon.osc.packets import Argument, Message
from antiphon.parameter import Parameter
from antiphon.parameters import ON_PAGE
from antiphon.recording.entries import Press, Set
from antiphon.stage.messages import Played, Steering

ROOT = "/antiphon/"
NOTE, MIDI = f"{ROOT}note", f"{ROOT}midi"
SUBSCRIBE, UNSUBSCRIBE, TOKEN = f"{ROOT}subscribe", f"{ROOT}unsubscribe", f"{ROOT}token"
HEARD = (NOTE, MIDI, SUBSCRIBE, UNSUBSCRIBE, TOKEN)
"""The addresses that are no control's."""
_TYPES = {"number": "f or i", "choice": "s", "switch": "i, T or F", "press": "none", "text": "s"}
"""Kind of a parameter → the OSC types of its value."""


class Refused(Exception):
    """A message can't be done; why, and what there is."""


@dataclass(frozen=True)
class Ask:
    """How is this setting?"""

    name: str


@dataclass(frozen=True)
class Subscribe:
    """Send everything from now on, to the sender or to another port of its machine."""

    port: int | None


@dataclass(frozen=True)
class Unsubscribe:
    """Send nothing more."""


@dataclass(frozen=True)
class Token:
    """The token that lets in."""

    text: str


Request = Steering | Ask | Subscribe | Unsubscribe | Token


def request_of(message: Message) -> Request | None:
    """Return what a message of Antiphon's own addresses asks for; None is nothing, as where a button is released.

    Whether a setting may have its value isn't checked.

    Raises:
        Refused: there is no such address, or the arguments are of wrong types.
    """
    address, arguments = message.address, message.arguments
    match address:
        case _ if address == NOTE:
            return note(arguments)
        case _ if address == MIDI:
            return _midi(arguments)
        case _ if address == SUBSCRIBE:
            return Subscribe(whole(arguments[0], "the port", 1, 65535) if arguments else None)
        case _ if address == UNSUBSCRIBE:
            return Unsubscribe()
        case _ if address == TOKEN:
            return Token(arguments[0] if arguments and isinstance(arguments[0], str) else "")
    parameter = ON_PAGE.get(address.removeprefix(ROOT)) if address.startswith(ROOT) else None
    if parameter is None:
        there = ", ".join([*HEARD, *(ROOT + name for name in ON_PAGE)])
        raise Refused(f"there is no {short(address)}; there is: {there}")
    return _control(parameter, arguments)


def note(arguments: Sequence[Argument]) -> Played:
    """Return a note's start, or with a velocity of 0 its end: pitch, velocity and, if not 1, channel.

    Raises:
        Refused: they aren't that.
    """
    if not 2 <= len(arguments) <= 3:
        raise Refused(f"{NOTE} takes pitch, velocity and, if not 1, channel")
    pitch = whole(arguments[0], "the pitch", 0, HIGHEST)
    velocity = whole(arguments[1], "the velocity", 0, HIGHEST)
    channel = whole(arguments[2], "the channel", FIRST_CHANNEL, LAST_CHANNEL) if len(arguments) > 2 else FIRST_CHANNEL
    return played(pitch, velocity, channel)


def played(pitch: int, velocity: int, channel: int = FIRST_CHANNEL) -> Played:
    """Return a note's start, or with a velocity of 0 its end."""
    event = NoteOn(pitch, velocity, channel) if velocity else NoteOff(pitch, channel)
    return Played(list(encode(event)))


def whole(value: Argument, what: str, least: int, most: int) -> int:
    """Return a whole number; Pure Data sends each as a float.

    Raises:
        Refused: it is none, or out of its range.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most or value != int(value):
        raise Refused(f"{what} must be a whole number from {least} to {most}, not {short(value)}")
    return int(value)


def short(value: object) -> str:
    """Return a value as it is shown, of which no more than anybody reads."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def table() -> str:
    """Return the table of the controls as Markdown, for docs/osc.md."""
    rows = ["| address | types | value | |", "|---|---|---|---|"]
    for name, each in ON_PAGE.items():
        value = "" if each.kind == "press" else each.allowed
        rows.append(f"| `{ROOT}{name}` | {_TYPES[each.kind]} | {value} | {each.about.does} |")
    return "\n".join(rows)


def _midi(arguments: Sequence[Argument]) -> Played:
    """Return a MIDI message, given as one argument of type m, or as its bytes."""
    if len(arguments) == 1 and isinstance(arguments[0], tuple):
        _port, status, *data = arguments[0]
        return Played([status, *data[: data_size(status)]])
    if not 1 <= len(arguments) <= 3:
        raise Refused(f"{MIDI} takes one MIDI message: an argument of type m, or one to three bytes")
    return Played([whole(each, "a byte", 0, 255) for each in arguments])


def _control(parameter: Parameter, arguments: Sequence[Argument]) -> Set | Press | Ask | None:
    """Return what a control's address asks for: a value sets it, and without one it is asked for, or pressed."""
    value = arguments[0] if arguments else None
    if parameter.kind == "press":
        is_release = value is not None and value in (0, False)
        return None if is_release else Press(parameter.name)
    if value is None:
        return Ask(parameter.name)
    if not isinstance(value, bool | int | float | str):
        raise Refused(f"{parameter.name} must be {parameter.allowed}, not {type(value).__name__}")
    if parameter.kind == "switch" and value in (0, 1):
        value = bool(value)  # not all programs have OSC's T and F
    return Set(parameter.name, value)
