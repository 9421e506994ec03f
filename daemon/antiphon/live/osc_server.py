"""The OSC server, as the playing process sees it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from antiphon.errors import UserError
from antiphon.live.client_commands import ClientCommands
from antiphon.live.reporter import Reporter
from antiphon.live.serving_process import ServingProcess
from antiphon.osc.targets import parse_target
from antiphon.settings import Osc as OscSettings
from antiphon.stage import messages


class OscServer(ServingProcess):
    """The OSC server.

    Args:
        settings: where it is to listen, and to whom it sends.
        reporter: talks to the performer.

    Raises:
        UserError: python-osc isn't installed, or a program to send to is none.
    """

    module = "antiphon.osc"
    title = "OSC"
    name = "the OSC server"

    def __init__(self, settings: OscSettings, reporter: Reporter) -> None:
        super().__init__(reporter)
        if find_spec("pythonosc") is None:
            raise UserError(
                f"OSC needs python-osc; run: {sys.executable} -m pip install python-osc, or install antiphon[osc]"
            )
        for target in settings.send_to:
            parse_target(target)
        self._settings = settings

    def start(self, commands: ClientCommands, start: float) -> None:
        """Start it; it is there a moment later.

        Args:
            commands: does what clients ask for.
            start: when the session started, by `clock.now()`.
        """
        settings = self._settings
        self.begin(commands, messages.OscSetup(settings.host, settings.port, start, settings.send_to))

    def _announce(self, serving: messages.Serving) -> None:
        self._reporter.say(f"OSC          {serving.url}")
        if serving.token is not None:
            self._reporter.say(f"             for your network: who sends /antiphon/token {serving.token} plays along")
        if self._settings.send_to:
            self._reporter.say(f"             sends to {', '.join(self._settings.send_to)}")
