"""One of the two ports of a connection: it is closed when what it is connected to has gone, and opened again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from antiphon.midi.backend import Client, Direction, System
from antiphon.midi.ports import open_port

C = TypeVar("C", bound=Client)


@dataclass
class Port(Generic[C]):
    """A port with a client of its own.

    Args:
        system: where it is.
        direction: whether it listens or plays.
        name: its own.
        part: of another port's name, to which it is to be connected, or "" for a virtual port.
        become_client: of the system; raises NoSystem.
    """

    system: System
    direction: Direction
    name: str
    part: str
    become_client: Callable[[], C]
    client: C | None = None
    full_name: str = ""
    """Of the port that it is connected to, or its own if that is virtual."""
    is_open: bool = False
    is_in_use: bool = False
    """Whether the last try to open it again found another program there."""

    def start(self) -> None:
        """Become a client of the MIDI system.

        Raises:
            NoSystem: it doesn't answer.
        """
        self.client = self.become_client()

    def open(self) -> None:
        """Open the port.

        Raises:
            UserError: as `open_port`.
            MidiError: the system has ended.
        """
        self.full_name = open_port(self._started(), self.system, self.direction, self.name, self.part)
        self.is_open = True

    def is_gone(self) -> bool:
        """Return whether the port that it is connected to is no longer there."""
        return bool(self.part) and self.full_name not in self._started().ports()

    def close(self) -> None:
        """Close the port; it can be opened again."""
        self.is_open = False
        self._started().close_port()

    def stop(self) -> None:
        """Close port and client."""
        self.is_open = False
        self._started().close()

    def leak(self) -> None:
        """Leave the client alone for ever: its server has ended, or may never let go of it."""
        if self.client is not None:
            self.client.leak()
        self.is_open = False

    def _started(self) -> C:
        assert self.client is not None  # noqa: S101  `start` comes first
        return self.client
