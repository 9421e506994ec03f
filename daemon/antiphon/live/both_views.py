"""Two views of a performance, which look in turn."""

from __future__ import annotations

from antiphon.improviser.improviser import Improviser
from antiphon.live.performance import View


class BothViews:
    """Two views as one.

    Args:
        first: looks first where both would.
        second: looks when the first needn't.
    """

    def __init__(self, first: View, second: View) -> None:
        self._first, self._second = first, second

    def changed(self, time: float) -> None:
        """Tell both that something has happened at a time, in seconds."""
        self._first.changed(time)
        self._second.changed(time)

    def answered(self, seconds: float) -> None:
        """Tell both how long an answer took, in seconds."""
        self._first.answered(seconds)
        self._second.answered(seconds)

    def next_look(self) -> float | None:
        """Return when one of them looks next, in seconds; None where neither does."""
        looks = (self._first.next_look(), self._second.next_look())
        return min((look for look in looks if look is not None), default=None)

    def look(self, improviser: Improviser, time: float) -> None:
        """Let the one look whose turn it is, at a time in seconds."""
        first, second = self._first.next_look(), self._second.next_look()
        is_first = first is not None and (second is None or first <= second)
        (self._first if is_first else self._second).look(improviser, time)

    def end_notes(self, time: float) -> None:
        """Tell both that all that had left has ended."""
        self._first.end_notes(time)
        self._second.end_notes(time)
