"""The key log: says the key where no line at a terminal shows it, whenever another one is heard."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.improviser.improviser import Improviser
from antiphon.melody.keys import signature_name

LEAST_LIKELY = 0.2
"""A key that is less likely than that isn't worth saying."""


class KeyLog:
    """Says which key is heard, once for each that is.

    Args:
        say: says a line, at once.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: int | None = None

    def look(self, improviser: Improviser) -> None:
        """Say the key in use if it is another one than was said last."""
        sharps = improviser.sharps
        if sharps is None or sharps == self._said or max(improviser.listener.posterior) <= LEAST_LIKELY:
            return
        self._said = sharps
        self._say(f"key           {signature_name(sharps)}")
