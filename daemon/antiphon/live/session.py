"""A live session: opens the ports, says how to connect them, and performs until it is told to stop."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from antiphon.improviser.controls import parse_table
from antiphon.live import priority
from antiphon.live.assembly import Musician, load_musician
from antiphon.live.messages import Translator
from antiphon.live.performance import Inbox, NoRecord, perform, stopped_by_signals
from antiphon.live.ports import OpenPorts, choose_api, open_ports
from antiphon.live.programs import Programs
from antiphon.live.recording import Recorder, recover
from antiphon.live.sessions import sessions_folder
from antiphon.settings import Ports, Settings

Say = Callable[[str], None]
"""Shows one line to the user."""


def play_live(settings: Settings, say: Say) -> None:
    """Play until Ctrl-C, SIGTERM or the terminal's end.

    Args:
        settings: all of them.
        say: shows one line to the user.

    Raises:
        UserError: the model or a port can't be had.
    """
    if settings.play.seed is None:
        # Drawn here, so that the recording can say it.
        settings = replace(settings, play=replace(settings.play, seed=secrets.randbits(32)))
    play, ports = settings.play, settings.ports
    musician = load_musician(settings)
    translator = Translator(parse_table(asdict(settings.controls)), play.mode)
    api = choose_api(ports.api)
    inbox = Inbox(time.monotonic())
    with (
        stopped_by_signals(inbox.stop),
        open_ports(api, ports.name, ports.input, ports.output, inbox.receive) as opened,
    ):
        for line in [*_welcome(opened, ports, _playing(musician)), _HOW_TO_PLAY[play.mode]]:
            say(line)
        if settings.sessions.record:
            _perform_recorded(musician, inbox, translator, opened, say)
        else:
            programs = Programs(musician, inbox, say, lambda _time, _what: None)
            improviser = musician.improviser(play.bpm, 0.0, play.channel, on_notice=lambda _, text: say(text))
            with priority.playing():
                perform(improviser, inbox, translator, opened.send, NoRecord(), programs.choose)
    say("Antiphon has stopped; every note has ended.")


def _perform_recorded(musician: Musician, inbox: Inbox, translator: Translator, opened: OpenPorts, say: Say) -> None:
    play = musician.settings.play
    folder = sessions_folder(musician.settings.sessions.folder)
    recover(folder, say)
    recorder = Recorder(folder, header_of(musician), play.bpm, say)

    def notice(moment: float, text: str) -> None:
        recorder.marker(moment, text)
        say(text)

    programs = Programs(musician, inbox, say, recorder.happened)
    improviser = musician.improviser(play.bpm, 0.0, play.channel, on_notice=notice)
    try:
        with priority.playing():
            perform(improviser, inbox, translator, opened.send, recorder, programs.choose)
    finally:
        written = recorder.close()
        if written is not None:
            say(f"recorded     {written}")


def header_of(musician: Musician) -> dict[str, Any]:
    """Return what a recording says of how it was played: all that is needed to render it again."""
    settings = musician.settings
    return {
        "model": musician.bundle.name,
        "seed": settings.play.seed,
        "sha256": hashlib.sha256(musician.bundle.model).hexdigest(),
        "settings": msgspec.to_builtins(
            {section: getattr(settings, section) for section in ("play", "hands", "metronome", "controls")}
        ),
    }


def _playing(musician: Musician) -> str:
    play = musician.settings.play
    tempo = {"fixed": f"{play.bpm:g} BPM", "clock": "tempo by MIDI clock", "auto": "tempo by your playing"}[play.sync]
    return f"model {musician.bundle.name}, mode {play.mode}, {tempo}, {musician.metre}, key {play.key}"


_HOW_TO_PLAY = {
    "next-note": "Play. Each note is answered; Ctrl-C ends the session.",
    "call-response": "Play a phrase and wait: it is answered. Ctrl-C ends the session.",
    "continue": "Play, and stop: it goes on until you play again. Ctrl-C ends the session.",
}


def _welcome(opened: OpenPorts, ports: Ports, playing: str) -> list[str]:
    hears = f"listens to   {opened.input_name}"
    plays = f"plays to     {opened.output_name}"
    if not ports.input:
        hears += "   ← connect your keyboard, or a DAW track's MIDI output, to it"
    if not ports.output:
        plays += "   → connect it to a synthesiser, or choose it as a DAW track's MIDI input"
    return [f"Antiphon      {playing}", hears, plays]
