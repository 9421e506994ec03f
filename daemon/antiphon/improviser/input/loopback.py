"""The loopback filter: own notes that come back, through a DAW that sends its input to its output, aren't heard."""

from __future__ import annotations

from collections import deque

from antiphon.improviser.events import ROUNDING_SECONDS
from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.midi.sent_notes import REPEAT_SECONDS

LOOPBACK_SECONDS = 0.050
"""An own note comes back within this time or not at all."""


class LoopbackFilter:
    """Tells an own note that comes back from the performer's, which often *is* the one that was answered.

    So each note sent cancels at most one note heard, and only one that is the same in pitch, channel and velocity; and
    its note-off two, since it is sent twice.
    """

    def __init__(self) -> None:
        self._sent: deque[tuple[float, NoteOn]] = deque()
        self._came_back: ActiveNotes[NoteOn] = ActiveNotes()
        """Own notes that have come back, and whose ends are still to come back."""
        self._ended: dict[tuple[int, int], float] = {}
        """Channel and pitch of those whose end has come back, and when; that may come once more."""

    def sent(self, time: float, note: NoteOn) -> None:
        """Remember a note that leaves at `time`, in seconds."""
        self._forget(time)
        self._sent.append((time, note))

    def is_echo(self, time: float, event: NoteOn | NoteOff) -> bool:
        """Return whether an event that arrives at `time` is an own note, or the end of one, coming back."""
        if isinstance(event, NoteOff):
            return self._is_end(time, event)
        self._forget(time)
        for index, (_, note) in enumerate(self._sent):
            if note == event:
                del self._sent[index]
                self._came_back.turn_on(event)
                self._ended.pop((event.channel, event.pitch), None)
                return True
        self._came_back.turn_off(event)
        return False

    def _is_end(self, time: float, event: NoteOff) -> bool:
        place = event.channel, event.pitch
        if self._came_back.turn_off(event) is not None:
            self._ended[place] = time
            return True
        ended = self._ended.pop(place, None)
        return ended is not None and time - ended <= REPEAT_SECONDS + LOOPBACK_SECONDS

    def _forget(self, time: float) -> None:
        while self._sent and time - self._sent[0][0] > LOOPBACK_SECONDS + ROUNDING_SECONDS:
            self._sent.popleft()
