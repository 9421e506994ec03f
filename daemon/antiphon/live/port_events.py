"""Port events: ports that are lost and come back, told to the performer, to the improviser and to the recording."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser
from antiphon.live.inbox import Inbox, Told
from antiphon.live.performance import PAUSED
from antiphon.recording.record import NoRecord, Record

INTERRUPTED = "port lost"
"""What a recording says of an interruption."""


def told_of(text: str) -> Told | None:
    """Return what the improviser was told where a recording says `text`; None if it is about something else."""
    if text == INTERRUPTED:
        return Improviser.interrupt
    if text.startswith(PAUSED):
        try:
            since = float(text.removeprefix(PAUSED))
        except ValueError:
            return None
        # A damaged number must not lead into a future that never ends; and NaN is no time at all.
        return lambda improviser, time: improviser.resume(since if since < time else time, time)
    return None


class PortEvents:
    """Tells the performer and the performance what becomes of the ports; the connection's `Watcher`.

    Args:
        inbox: the performance's.
        say: shows one line to the performer, on any thread.
    """

    def __init__(self, inbox: Inbox, say: Callable[[str], None]) -> None:
        self._inbox = inbox
        self._say = say
        self.record: Record = NoRecord()
        """What is told too, once there is one."""

    def lost(self, what: str) -> None:
        """Interrupt the performance: a port is gone, given in words."""
        self._say(f"{what}; waiting for it")

        def interrupt(improviser: Improviser, time: float) -> list[Timed]:
            self.record.happened(time, INTERRUPTED)
            self.record.marker(time, what)
            return improviser.interrupt(time)

        self._inbox.tell(interrupt)

    def back(self, what: str, reconnect: Callable[[], None]) -> None:
        """Let the playing thread send again: a port is back, given in words."""
        self._say(what)

        def go_on(improviser: Improviser, time: float) -> list[Timed]:
            self.record.marker(time, what)
            reconnect()
            return improviser.advance(time)

        self._inbox.tell(go_on)
