"""A serving process, as the playing one sees it: it runs beside it, and its failure ends no performance."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import ClassVar

import msgspec

from antiphon.live.client_commands import ClientCommands
from antiphon.live.reporter import Reporter
from antiphon.live.serving_link import Link
from antiphon.stage import messages

START_SECONDS = 20.0
"""Seconds in which it must be there where there is no MIDI system, and so nothing else to play on."""


class ServingProcess(ABC):
    """A process that serves clients: pages, or programs that speak OSC.

    Args:
        reporter: talks to the performer.
    """

    module: ClassVar[str]
    """What it runs, as `python -m` names it."""
    title: ClassVar[str]
    """What it serves, as a performer is told."""
    name: ClassVar[str]
    """What it is called itself."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._commands: ClientCommands | None = None
        self._started = threading.Event()
        self._why: str | None = None
        self._link = Link(self.module, self._hear, self._ended)
        self.put = self._link.put

    def begin(self, commands: ClientCommands, setup: msgspec.Struct) -> None:
        """Start it; it is there a second later or so.

        Args:
            commands: does what its clients ask for.
            setup: the first line that it is given.
        """
        self._commands = commands
        try:
            self._link.start(setup)
        except OSError as error:
            self._fail(f"it can't be started ({error.strerror})")

    def wait(self) -> str | None:
        """Wait until it is there; return why it never will be, or None where it is."""
        if not self._started.wait(START_SECONDS):
            return "it doesn't start"
        return self._why

    def close(self) -> None:
        """End it."""
        self._link.close()

    @abstractmethod
    def _announce(self, serving: messages.Serving) -> None:
        """Tell the performer where it is."""

    def _hear(self, message: messages.FromServer) -> None:
        if isinstance(message, messages.Serving):
            self._announce(message)
            self._started.set()
        elif isinstance(message, messages.Failed):
            self._fail(message.text)
        elif isinstance(message, messages.Notice):
            self._reporter.warn(message.text)
        elif self._commands is not None:
            self._commands.do(message)

    def _fail(self, why: str) -> None:
        if self._why is None:
            self._why = why
            self._reporter.warn(f"no {self.title}: {why}")
            self._started.set()

    def _ended(self) -> None:
        if self._commands is not None:
            self._commands.let_go()
        if not self._started.is_set():
            self._fail("its server doesn't start (ANTIPHON_DEBUG=1 shows why)")
        elif self._why is None:
            self._why = "ended"
            self._reporter.warn(f"{self.name} has ended; playing goes on without it")
