"""LoopbackFilter: the improviser's own notes coming back, through a DAW that sends its input to its output."""

from __future__ import annotations

from collections import deque

from antiphon.improviser.events import NoteOff, NoteOn

LOOPBACK_SECONDS = 0.050
"""An own note comes back within this time or not at all."""


class LoopbackFilter:
    """Tells an own note that comes back from the performer's, which often *is* the one that was answered.

    So each note sent cancels at most one note heard, and only one that is the same in pitch, channel and velocity.
    """

    def __init__(self) -> None:
        self._sent: deque[tuple[float, NoteOn]] = deque()
        self._held: set[tuple[int, int]] = set()

    def sent(self, time: float, note: NoteOn) -> None:
        """Remember a note that leaves at `time`, in seconds."""
        self._forget(time)
        self._sent.append((time, note))

    def is_echo(self, time: float, event: NoteOn | NoteOff) -> bool:
        """Return whether an event that arrives at `time` is an own note, or the end of one, coming back."""
        place = (event.channel, event.pitch)
        if isinstance(event, NoteOff):
            came_back = place in self._held
            self._held.discard(place)
            return came_back
        self._forget(time)
        for index, (_, note) in enumerate(self._sent):
            if note == event:
                del self._sent[index]
                self._held.add(place)
                return True
        self._held.discard(place)
        return False

    def _forget(self, time: float) -> None:
        while self._sent and time - self._sent[0][0] > LOOPBACK_SECONDS:
            self._sent.popleft()
