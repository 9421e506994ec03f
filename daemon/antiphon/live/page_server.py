"""The page's server, as the playing process sees it."""

from __future__ import annotations

import threading
import webbrowser
from importlib.metadata import version
from pathlib import Path

from antiphon.live.client_commands import ClientCommands
from antiphon.live.reporter import Reporter
from antiphon.live.serving_process import ServingProcess
from antiphon.settings import Stage as StageSettings
from antiphon.stage import messages


class PageServer(ServingProcess):
    """The page's server.

    Args:
        settings: where it is to serve.
        reporter: talks to the performer.
        opens_page: whether to open the page in the browser.
    """

    module = "antiphon.stage"
    title = "stage page"
    name = "the stage page's server"

    def __init__(self, settings: StageSettings, reporter: Reporter, opens_page: bool) -> None:
        super().__init__(reporter)
        self._settings = settings
        self._opens_page = opens_page

    def start(self, commands: ClientCommands, start: float, sessions: Path) -> None:
        """Start it; it is there a second later or so.

        Args:
            commands: does what pages ask for.
            start: when the session started, by `clock.now()`.
            sessions: the folder of the recordings.
        """
        settings = self._settings
        self.begin(commands, messages.Setup(settings.host, settings.port, start, str(sessions), version("antiphon")))

    def _announce(self, serving: messages.Serving) -> None:
        wanted = self._settings.port
        if wanted not in (0, serving.port):
            self._reporter.warn(f"port {wanted} is taken, so the stage page has {serving.port}")
        self._reporter.say(f"stage page   {serving.url}")
        if "?token=" in serving.url:
            self._reporter.say("             for your network: who knows the address plays along; nothing is encrypted")
        if self._opens_page:  # which may take as long as the browser
            threading.Thread(target=self._open, args=(serving.url,), name="opens the page", daemon=True).start()

    def _open(self, url: str) -> None:
        if not webbrowser.open(url):
            self._reporter.warn("no browser could be opened; open the page's address by hand")
