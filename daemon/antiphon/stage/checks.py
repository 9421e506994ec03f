"""Checks: what a page may ask for, and in which words it is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from antiphon.errors import UserError
from antiphon.melody.keys import parse_key
from antiphon.stage.messages import Played, Press, Set, State

_MODES = ("next-note", "call-response", "continue")
_SYNCS = ("fixed", "clock", "auto")
_BPM = 20, 400
_TEMPERATURE = 0.1, 2.0
"""What the knob of `[controls]` reaches."""
_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
"""Bytes of MIDI's channel messages, by the upper half of their status."""
_SYSTEM_LENGTHS = {0xF2: 3, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1}
"""Of song position, clock, start, continue and stop."""

Value = bool | int | float | str


def refusal(message: Played | Set | Press, state: State | None) -> str | None:
    """Return why a page's message can't be done, or None where it can.

    Args:
        message: the page's.
        state: the daemon's, as it was shown last.
    """
    if isinstance(message, Played):
        return None if is_midi(message.message) else f"{message.message} is no MIDI message that a keyboard sends"
    if isinstance(message, Press):
        return None
    if message.name == "model":
        models = [] if state is None else state.models
        return (
            None if message.value in models else f"there is no model {message.value!r}; there is: {', '.join(models)}"
        )
    wanted = _WANTED[message.name]
    return None if _FITS[message.name](message.value) else f"{message.name} is {wanted}, not {message.value!r}"


def is_midi(message: Sequence[int]) -> bool:
    """Return whether bytes are one whole MIDI message that may steer or play."""
    status, data = message[0], message[1:]
    length = _LENGTHS.get(status & 0xF0) if status < 0xF0 else _SYSTEM_LENGTHS.get(status)
    return length == len(message) and all(byte < 0x80 for byte in data)


def _one_of(words: Sequence[str]) -> Callable[[Value], bool]:
    return lambda value: value in words


def _between(least: float, most: float) -> Callable[[Value], bool]:
    return lambda value: _is_number(value) and least <= value <= most  # type: ignore[operator]


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pitch(value: Value) -> bool:
    return _is_number(value) and value in range(128)


def _is_switch(value: Value) -> bool:
    return isinstance(value, bool)


def _is_key(value: Value) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return value == "auto" or bool(parse_key(value) or True)
    except UserError:
        return False


_FITS: dict[str, Callable[[Value], bool]] = {
    "mode": _one_of(_MODES),
    "sync": _one_of(_SYNCS),
    "temperature": _between(*_TEMPERATURE),
    "density": _between(0, 1),
    "bpm": _between(*_BPM),
    "lowest": _is_pitch,
    "highest": _is_pitch,
    "mute": _is_switch,
    "hold": _is_switch,
    "record": _is_switch,
    "key": _is_key,
}
_WANTED = {
    "mode": f"one of {', '.join(_MODES)}",
    "sync": f"one of {', '.join(_SYNCS)}",
    "temperature": "a number from 0.1 to 2",
    "density": "a number from 0 to 1",
    "bpm": "a number of beats a minute from 20 to 400",
    **dict.fromkeys(("lowest", "highest"), "a MIDI pitch from 0 to 127"),
    **dict.fromkeys(("mute", "hold", "record"), "true or false"),
    "key": 'a key, say "Eb" or "c#m", or "auto"',
}
