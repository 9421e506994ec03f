"""Checks: what a page may ask for, and in which words it is refused."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.errors import UserError
from antiphon.parameters import PARAMETERS
from antiphon.stage.messages import Played, Press, Set, State

_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
"""Bytes of MIDI's channel messages, by the upper half of their status."""
_SYSTEM_LENGTHS = {0xF2: 3, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1}
"""Of song position, clock, start, continue and stop."""


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
    try:
        PARAMETERS[message.name].checked(message.value)
    except UserError as error:
        return str(error)
    return None


def is_midi(message: Sequence[int]) -> bool:
    """Return whether bytes are one whole MIDI message that may steer or play."""
    status, data = message[0], message[1:]
    length = _LENGTHS.get(status & 0xF0) if status < 0xF0 else _SYSTEM_LENGTHS.get(status)
    return length == len(message) and all(byte < 0x80 for byte in data)
