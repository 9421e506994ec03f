"""A live session: opens the ports, says how to connect them, and performs until it is told to stop."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from antiphon.improviser.controls import parse_table
from antiphon.live import priority
from antiphon.live.assembly import Musician, load_musician
from antiphon.live.connection import Connection
from antiphon.live.inbox import Inbox
from antiphon.live.incidents import Incidents
from antiphon.live.journal import safely
from antiphon.live.messages import Translator
from antiphon.live.performance import NoRecord, perform, stopped_by_signals
from antiphon.live.ports import find_system, free_name
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
    say = safely(say)
    api, inputs = find_system(ports.api)
    name = free_name(inputs, ports.name)
    inbox = Inbox(time.monotonic())
    incidents = Incidents(inbox, say)
    connection = Connection(api, name, ports.input, ports.output, inbox.receive, incidents)
    with stopped_by_signals(inbox.stop):
        connection.open()
        try:
            if name != ports.name:
                say(f"another Antiphon plays as {ports.name!r}, so this one is {name!r}")
            for line in [*_welcome(connection, ports, _playing(musician)), _HOW_TO_PLAY[play.mode]]:
                say(line)
            if settings.sessions.record:
                _perform_recorded(musician, inbox, translator, connection, incidents, say)
            else:
                programs = Programs(musician, inbox, say, lambda _time, _what: None)
                improviser = musician.improviser(play.bpm, 0.0, play.channel, on_notice=lambda _, text: say(text))
                with priority.playing():
                    send, end_notes = connection.send, connection.end_notes
                    perform(improviser, inbox, translator, send, NoRecord(), programs.choose, end_notes, _log)
        finally:
            if not connection.close():
                say("a port doesn't close; it is left to the system")
    say("Antiphon has stopped; every note has ended.")


def _log(text: str) -> None:
    with contextlib.suppress(OSError):  # a terminal that is gone must not end a performance
        print(f"antiphon: {text}", file=sys.stderr, flush=True)  # noqa: T201


def _perform_recorded(
    musician: Musician, inbox: Inbox, translator: Translator, connection: Connection, incidents: Incidents, say: Say
) -> None:
    play = musician.settings.play
    folder = sessions_folder(musician.settings.sessions.folder)
    recover(folder, say)
    recorder = Recorder(folder, header_of(musician), play.bpm, say)
    incidents.record = recorder

    def notice(moment: float, text: str) -> None:
        recorder.marker(moment, text)
        say(text)

    programs = Programs(musician, inbox, say, recorder.happened)
    improviser = musician.improviser(play.bpm, 0.0, play.channel, on_notice=notice)
    try:
        with priority.playing():
            send, end_notes = connection.send, connection.end_notes
            perform(improviser, inbox, translator, send, recorder, programs.choose, end_notes, _log)
    finally:
        connection.end_notes()  # the disk may be slow
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


def _welcome(connection: Connection, ports: Ports, playing: str) -> list[str]:
    hears = f"listens to   {connection.input_name}"
    plays = f"plays to     {connection.output_name}"
    if not ports.input:
        hears += "   ← connect your keyboard, or a DAW track's MIDI output, to it"
    if not ports.output:
        plays += "   → connect it to a synthesiser, or choose it as a DAW track's MIDI input"
    return [f"Antiphon      {playing}", hears, plays]
