"""Held: what is down on a keyboard, so that it can be let go when the keyboard is gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_NOTE_OFF, _NOTE_ON, _CONTROL_CHANGE = 0x80, 0x90, 0xB0
_PEDALS = (64, 66, 69)
"""MIDI 1.0: sustain, sostenuto, hold 2."""
_FIRST_ON = 64


class Held:
    """The keys and pedals of one keyboard that are down."""

    def __init__(self) -> None:
        self._down: set[tuple[int, int]] = set()

    def hear(self, message: Sequence[int]) -> None:
        """Take note of the bytes of a message."""
        if len(message) != 3:
            return
        status, number, value = message
        kind, channel = status & 0xF0, status & 0x0F
        if kind in (_NOTE_ON, _NOTE_OFF):
            self._set((_NOTE_ON | channel, number), kind == _NOTE_ON and value > 0)
        elif kind == _CONTROL_CHANGE and number in _PEDALS:
            self._set((status, number), value >= _FIRST_ON)

    def let_go(self, others: Iterable[Held] = ()) -> list[list[int]]:
        """Return the messages that end all that is down, but for what is down on other keyboards too; then none is."""
        left = self._down.difference(*(other._down for other in others))
        self._down = set()
        return [
            [_NOTE_OFF | status & 0x0F, number, 0] if status & 0xF0 == _NOTE_ON else [status, number, 0]
            for status, number in sorted(left)
        ]

    def _set(self, place: tuple[int, int], is_down: bool) -> None:
        if is_down:
            self._down.add(place)
        else:
            self._down.discard(place)
