"""A live session: opens the ports, says how to connect them, and performs until it is told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from antiphon.live.assembly import load_musician
from antiphon.live.performance import Inbox, perform, stopped_by_signals
from antiphon.live.ports import OpenPorts, choose_api, open_ports
from antiphon.settings import Ports, Settings


def play_live(settings: Settings, say: Callable[[str], None]) -> None:
    """Play until Ctrl-C, SIGTERM or the terminal's end.

    Args:
        settings: all of them.
        say: shows one line to the user.

    Raises:
        UserError: the model or a port can't be had.
    """
    play, ports = settings.play, settings.ports
    musician = load_musician(play)
    api = choose_api(ports.api)
    inbox = Inbox()
    improviser = musician.improviser(play.bpm, time.monotonic(), play.channel)
    with (
        stopped_by_signals(inbox.stop),
        open_ports(api, ports.name, ports.input, ports.output, inbox.receive) as opened,
    ):
        for line in _welcome(opened, ports, f"model {musician.bundle.name}, {play.bpm:g} BPM, key {play.key}"):
            say(line)
        perform(improviser, inbox, opened.send)
    say("Antiphon has stopped; every note has ended.")


def _welcome(opened: OpenPorts, ports: Ports, playing: str) -> list[str]:
    hears = f"listens to   {opened.input_name}"
    plays = f"plays to     {opened.output_name}"
    if not ports.input:
        hears += "   ← connect your keyboard, or a DAW track's MIDI output, to it"
    if not ports.output:
        plays += "   → connect it to a synthesiser, or choose it as a DAW track's MIDI input"
    return [f"Antiphon      {playing}", hears, plays, "Play. Each note is answered; Ctrl-C ends the session."]
