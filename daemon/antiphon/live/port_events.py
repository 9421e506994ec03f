"""Port events: what becomes of the MIDI ports, told to the performer and, as commands, to the performance."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue

from antiphon.live.inbox import Inbox
from antiphon.printable import printable
from antiphon.recording.entries import PortBack, PortLost


class PortEvents:
    """Tells the performer and the performance what becomes of the ports; the connection's `Watcher`.

    Args:
        inbox: the performance's.
        say: shows one line to the performer, on any thread.
    """

    def __init__(self, inbox: Inbox, say: Callable[[str], None]) -> None:
        self._inbox = inbox
        self._say = say
        self._reconnects: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def lost(self, what: str) -> None:
        """Tell that a port is gone; `what` says so in words."""
        self._say(f"{what}; waiting for it")
        self._inbox.ask(PortLost(printable(what)))

    def back(self, what: str, reconnect: Callable[[], None]) -> None:
        """Tell that a port is back, and let the playing thread `reconnect` it."""
        self._say(what)
        self._reconnects.put(reconnect)
        self._inbox.ask(PortBack(printable(what)))

    def reconnect(self) -> None:
        """Connect what is back; on the playing thread."""
        try:
            while True:
                self._reconnects.get_nowait()()
        except Empty:
            pass
