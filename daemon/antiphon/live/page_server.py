"""The page's server, as the playing process sees it: a process beside it, whose failure ends no performance."""

from __future__ import annotations

import threading
import webbrowser
from importlib.metadata import version
from pathlib import Path

from antiphon.live.page_commands import PageCommands
from antiphon.live.page_link import Link
from antiphon.live.reporter import Reporter
from antiphon.settings import Stage as StageSettings
from antiphon.stage import messages

START_SECONDS = 20.0
"""Seconds in which the page must be there where there is no MIDI system, and so nothing else to play on."""


class PageServer:
    """The page's server.

    Args:
        settings: where it is to serve.
        reporter: talks to the performer.
        opens_page: whether to open the page in the browser.
    """

    def __init__(self, settings: StageSettings, reporter: Reporter, opens_page: bool) -> None:
        self._settings = settings
        self._reporter = reporter
        self._opens_page = opens_page
        self._page_commands: PageCommands | None = None
        self._started = threading.Event()
        self._why: str | None = None
        self._link = Link(self._hear, self._ended)
        self.put = self._link.put

    def start(self, page_commands: PageCommands, start: float, sessions: Path) -> None:
        """Start it; it is there a second later or so.

        Args:
            page_commands: does what pages ask for.
            start: when the session started, by `clock.now()`.
            sessions: the folder of the recordings.
        """
        self._page_commands = page_commands
        host, port = self._settings.host, self._settings.port
        try:
            self._link.start(messages.Setup(host, port, start, str(sessions), version("antiphon")))
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

    def _hear(self, message: messages.FromServer) -> None:
        if isinstance(message, messages.Serving):
            self._serve(message)
        elif isinstance(message, messages.Failed):
            self._fail(message.text)
        elif self._page_commands is not None:
            self._page_commands.do(message)

    def _serve(self, serving: messages.Serving) -> None:
        wanted = self._settings.port
        if wanted not in (0, serving.port):
            self._reporter.warn(f"port {wanted} is taken, so the stage page has {serving.port}")
        self._reporter.say(f"stage page   {serving.url}")
        if "?token=" in serving.url:
            self._reporter.say("             for your network: who knows the address plays along; nothing is encrypted")
        self._started.set()
        if self._opens_page:  # which may take as long as the browser
            threading.Thread(target=self._open, args=(serving.url,), name="opens the page", daemon=True).start()

    def _open(self, url: str) -> None:
        if not webbrowser.open(url):
            self._reporter.warn("no browser could be opened; open the page's address by hand")

    def _fail(self, why: str) -> None:
        if self._why is None:
            self._why = why
            self._reporter.warn(f"no stage page: {why}")
            self._started.set()

    def _ended(self) -> None:
        if self._page_commands is not None:
            self._page_commands.let_go()
        if not self._started.is_set():
            self._fail("its server doesn't start (ANTIPHON_DEBUG=1 shows why)")
        elif self._why is None:
            self._why = "ended"
            self._reporter.warn("the stage page's server has ended; playing goes on without it")
