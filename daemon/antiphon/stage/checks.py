"""Checks: what a page may ask for, and why something is refused."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.errors import UserError
from antiphon.midi.protocol import SPEC_OF_STATUS, TRANSPORT, is_whole
from antiphon.parameters import ON_PAGE
from antiphon.recording.entries import Press, Set
from antiphon.stage.messages import Played, State


def refusal(message: Played | Set | Press, state: State | None) -> str | None:
    """Return why a page's message can't be done, or None where it can.

    Args:
        message: the page's.
        state: the daemon's, as it was shown last.
    """
    if isinstance(message, Played):
        return None if is_midi(message.message) else f"{message.message} is no MIDI message that a keyboard sends"
    known = ON_PAGE.get(message.name)
    if known is None or (known.kind == "press") != isinstance(message, Press):
        kind = "button" if isinstance(message, Press) else "setting"
        return f"there is no {kind} {message.name!r}"
    if isinstance(message, Press):
        return None
    if message.name == "model":
        models = [] if state is None else state.models
        return (
            None if message.value in models else f"there is no model {message.value!r}; there is: {', '.join(models)}"
        )
    try:
        known.checked(message.value)
    except UserError as error:
        return str(error)
    return None


def is_midi(message: Sequence[int]) -> bool:
    """Return whether bytes are one whole MIDI message that may steer or play."""
    return is_whole(message) and (SPEC_OF_STATUS[message[0]].kind == "channel" or message[0] in TRANSPORT)
