"""Guesses: how fast one address may try tokens, so that nobody tries them all."""

from __future__ import annotations

from dataclasses import dataclass

BURST = 10.0
"""Wrong tokens that an address may send at once; a person mistypes a few."""
A_SECOND = 0.5
"""Wrong tokens a second that it may send without end: of 2⁴⁹ tokens one is found in 18 million years on the average."""
MOST_ADDRESSES = 1000
"""Addresses that are remembered; the one that guessed first is forgotten first."""


@dataclass
class _Guesser:
    left: float
    last: float
    """When it last guessed, in seconds."""
    wrong: str
    """Its last guess: a page that is left open from another session tries the same again and again."""


class Guesses:
    """Counts the wrong tokens of each address. Times are in seconds."""

    def __init__(self) -> None:
        self._guessers: dict[str, _Guesser] = {}

    def may_guess(self, address: str, now: float) -> bool:
        """Return whether a token of this address is looked at; otherwise not even the right one is."""
        guesser = self._guessers.get(address)
        return guesser is None or _left(guesser, now) >= 1

    def was_wrong(self, address: str, token: str, now: float) -> None:
        """Count a wrong token, unless it is the one that the address sent last."""
        guesser = self._guessers.setdefault(address, _Guesser(BURST, now, ""))
        if token != guesser.wrong:
            guesser.left, guesser.last, guesser.wrong = _left(guesser, now) - 1, now, token
        while len(self._guessers) > MOST_ADDRESSES:
            del self._guessers[next(iter(self._guessers))]


def _left(guesser: _Guesser, now: float) -> float:
    return min(BURST, guesser.left + (now - guesser.last) * A_SECOND)
