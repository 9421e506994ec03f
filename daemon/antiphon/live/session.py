"""A live session: opens ports, page and OSC, says how to connect them, and performs until it is told to stop."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from antiphon import clock
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import parse_table
from antiphon.improviser.input.translator import Translator
from antiphon.live import priority
from antiphon.live.both_views import BothViews
from antiphon.live.client_commands import ClientCommands
from antiphon.live.inbox import Inbox
from antiphon.live.kept_memory import KeptMemory, lay_beside
from antiphon.live.key_log import KeyLog
from antiphon.live.link_sync import LinkSync
from antiphon.live.osc_server import OscServer
from antiphon.live.page_server import PageServer
from antiphon.live.performance import Hooks, NoView, Performance, View
from antiphon.live.port_events import PortEvents
from antiphon.live.programs import Programs
from antiphon.live.publisher import Facts, Parts, StatePublisher
from antiphon.live.recording_switch import RecordingSwitch, header_of
from antiphon.live.reporter import Reporter
from antiphon.live.serving_process import ServingProcess
from antiphon.live.session_commands import SessionCommands
from antiphon.live.stopping import stopped_from_outside
from antiphon.live.terminal import Terminal, is_terminal
from antiphon.melody.bundle import bundle_names
from antiphon.midi.connection import Connection
from antiphon.midi.late_connection import LateConnection, NoConnection
from antiphon.midi.ports import NoMidiSystem, NoVirtualPorts, find_system, free_name
from antiphon.musician import Musician, accompaniment_channel_of, load_musician, thru_channel_of
from antiphon.printable import printable
from antiphon.recording.entries import Marker
from antiphon.recording.journal import Say
from antiphon.recording.record import BothRecords, Record
from antiphon.recording.recorder import recover
from antiphon.recording.sessions import sessions_folder
from antiphon.settings import Ports, Settings, model_folders
from antiphon.stage.messages import Midi, Notice, ToServer


def play_live(
    settings: Settings, show: Say, opens_page: bool = False, is_quiet: bool = False, learn: Sequence[Path] = ()
) -> None:
    """Play until Ctrl-C, SIGTERM or the terminal's end.

    Args:
        settings: all of them.
        show: shows one line to the user.
        opens_page: open the stage page in the browser.
        is_quiet: show only what goes wrong.
        learn: MIDI files, and folders of them, that are learned before the first note.

    Raises:
        UserError: the model or a port can't be had, or there is neither a MIDI system nor a page nor OSC.
    """
    if settings.play.seed is None:
        # Drawn here, so that the recording can say it.
        settings = replace(settings, play=replace(settings.play, seed=secrets.randbits(32)))
    session = _Session(settings, Reporter(show, is_quiet), opens_page, learn)
    if is_quiet or not is_terminal():
        session.play()
    else:
        session.play_at_terminal(show)


class _Session:
    """What belongs to one session, and the order in which it begins and ends."""

    def __init__(self, settings: Settings, reporter: Reporter, opens_page: bool, learn: Sequence[Path]) -> None:
        self._settings = settings
        self._reporter = reporter
        self._memory = KeptMemory(settings, reporter)
        self._musician = self._memory.begin(load_musician(settings), learn)
        self._table = parse_table(settings.controls)
        self._translator = Translator(self._table, settings.play.mode, settings.play.accompaniment)
        self._inbox = Inbox(clock.now())
        self._port_events = PortEvents(self._inbox, reporter.warn)
        self._recording = RecordingSwitch(
            sessions_folder(settings.sessions.folder), header_of(self._musician), reporter
        )
        metre = self._musician.metre
        self._link = LinkSync(settings.play, metre.beats * 4 / metre.unit, self._inbox, reporter.warn)
        self._page = PageServer(settings.stage, reporter, opens_page) if settings.stage.on else None
        self._osc = OscServer(settings.osc, reporter) if settings.osc.on else None
        self._servers: list[ServingProcess] = [each for each in (self._page, self._osc) if each is not None]
        self._terminal: Terminal | None = None
        self._key_log = KeyLog(reporter.say)

    def play_at_terminal(self, show: Say) -> None:
        """Play, with a line that shows how it stands; `show` shows a line without it."""
        self._terminal = Terminal()
        self._reporter.move_to(self._terminal.say)
        try:
            self.play()
        finally:
            self._terminal.close()
            self._reporter.move_to(show)

    def play(self) -> None:
        """Play, from the opening of the ports to their end."""
        with stopped_from_outside(self._inbox.stop):
            connection, no_midi = self._connect()
            try:
                self._play_through(connection, no_midi)
            finally:
                for server in self._servers:
                    server.close()
                if not connection.close():
                    self._reporter.warn("a port doesn't close; it is left to the system")
        self._reporter.say("Antiphon has stopped; every note has ended.")

    def _connect(self) -> tuple[Connection | LateConnection | NoConnection, NoMidiSystem | None]:
        """Open the ports; where there are none, or none yet, page or OSC must do, and what is missing is returned."""
        try:
            return self._open_ports(), None
        except NoMidiSystem as missing:
            if not self._servers:
                raise
            if isinstance(missing, NoVirtualPorts):
                if self._settings.ports.input or self._settings.ports.output:
                    raise
                return NoConnection(), missing
            return LateConnection(self._open_ports, self._port_events), missing

    def _open_ports(self) -> Connection:
        ports = self._settings.ports
        system, inputs = find_system(ports.api)
        name = free_name(inputs, ports.name)
        connection = Connection(system, name, ports.input, ports.output, self._inbox.receive, self._port_events)
        if (thru := thru_channel_of(self._settings)) is not None:
            connection.send_once(thru)
        connection.open()
        if name != ports.name:
            self._reporter.warn(f"another Antiphon plays as {ports.name!r}, so this one is {name!r}")
        return connection

    def _play_through(
        self, connection: Connection | LateConnection | NoConnection, no_midi: NoMidiSystem | None
    ) -> None:
        """Play through a connection, and record."""
        midi = None
        if isinstance(connection, Connection):
            midi = Midi(printable(connection.input_name), printable(connection.output_name))
        if self._settings.sessions.record:
            recover(self._recording.folder, self._reporter.say)
            lay_beside(self._musician.models.listening.learned, self._recording.folder, self._reporter)
            self._recording.start(self._settings.play.bpm)
        facts = _facts(self._musician, midi, self._recording.is_on)
        show = self._show(facts)
        record: Record = self._recording if show is None else BothRecords(self._recording, show)
        programs = Programs(self._musician, self._inbox, self._reporter.tell)
        commands = SessionCommands(programs, self._recording, self._port_events, self._link, facts)
        improviser: Improviser | None = None
        try:
            self._begin_servers()
            self._welcome(midi, no_midi)
            improviser = self._improviser(record)
            self._link.start(improviser, self._inbox.now())
            with priority.playing(connection.carriers_priority):
                hooks = Hooks(self._view(show), commands, programs.choose, self._look, self._reporter.log)
                Performance(improviser, self._inbox, self._translator, connection, record, hooks).play()
        finally:
            connection.finish()  # before the recording is finished: the disk may be slow
            if show is not None:
                show.end_notes(self._inbox.now())
            self._link.close()
            self._recording.close()
            if improviser is not None:
                self._memory.keep(self._musician, improviser.listener)

    def _improviser(self, record: Record) -> Improviser:
        def notice(moment: float, text: str) -> None:
            record.add(moment, Marker(text))
            self._reporter.tell(text)

        play = self._settings.play
        return self._musician.improviser(play.bpm, 0.0, play.channel, on_notice=notice)

    def _look(self, improviser: Improviser, time: float) -> None:
        """Look at what has changed of the tempo, for Link, and of the key, for who reads what was said later."""
        self._link.look(improviser, time)
        if self._terminal is None:
            self._key_log.look(improviser)

    def _show(self, facts: Facts) -> StatePublisher | None:
        """Return what shows the performance on pages, over OSC and at the terminal, where there is any of these."""
        if not self._servers and self._terminal is None:
            return None
        play, metronome = self._settings.play, self._settings.metronome
        clicks = metronome.channel if metronome.on else None
        parts = Parts(play.channel, accompaniment_channel_of(self._settings, play.channel), clicks)
        return StatePublisher(self._put, self._table, parts, facts, self._terminal.show if self._terminal else None)

    def _view(self, show: StatePublisher | None) -> View:
        """Return what looks at the performance: to show it, and to keep what was learned."""
        keeper = self._memory.keeper
        if keeper is None:
            return show or NoView()
        return keeper if show is None else BothViews(show, keeper)

    def _put(self, *given: ToServer) -> None:
        """Hand messages over to all who serve."""
        for server in self._servers:
            server.put(*given)

    def _begin_servers(self) -> None:
        """Start to serve the page, and OSC clients."""
        self._reporter.notice = lambda text: self._put(Notice(text))
        start = self._inbox.start
        if self._page is not None:
            self._page.start(ClientCommands(self._inbox), start, self._recording.folder)
        if self._osc is not None:
            self._osc.start(ClientCommands(self._inbox), start)

    def _welcome(self, midi: Midi | None, no_midi: NoMidiSystem | None) -> None:
        """Say what plays, and what to connect or to open.

        Raises:
            NoMidiSystem: that which there isn't, where there is neither page nor OSC either.
        """
        lines = [f"Antiphon      {_playing(self._musician)}"]
        if midi is not None:
            lines += _ports(midi, self._settings.ports)
        elif no_midi is not None:
            there = [server.title for server in self._servers if server.wait() is None]
            if not there:
                raise no_midi
            lines.append(f"no MIDI       {no_midi}; until then you play by {' and '.join(there)} alone")
        for line in [*lines, _HOW_TO_PLAY[self._settings.play.mode]]:
            self._reporter.say(line)


def _facts(musician: Musician, midi: Midi | None, is_recording: bool) -> Facts:
    model = printable(musician.bundle.name)
    models = sorted({model, *bundle_names(model_folders())})
    return Facts(model, models, midi, musician.settings.play.key, is_recording)


def _playing(musician: Musician) -> str:
    play = musician.settings.play
    tempo = {
        "fixed": f"{play.bpm:g} BPM",
        "clock": "tempo by MIDI clock",
        "auto": "tempo by your playing",
        "link": "tempo by Ableton Link",
    }[play.sync]
    return f"model {musician.bundle.name}, mode {play.mode}, {tempo}, metre {play.metre}, key {play.key}"


_HOW_TO_PLAY = {
    "next-note": "Play. Each note is answered; Ctrl-C ends the session.",
    "call-response": "Play a phrase and wait: it is answered. Ctrl-C ends the session.",
    "continue": "Play, and stop: it goes on until you play again. Ctrl-C ends the session.",
    "accompany": "Play to its beat or yours: once it knows your key, it accompanies you. Ctrl-C ends the session.",
}


def _ports(midi: Midi, ports: Ports) -> list[str]:
    hears, plays = f"listens to   {midi.input}", f"plays to     {midi.output}"
    if not ports.input:
        hears += "   ← connect your keyboard, or a DAW track's MIDI output, to it"
    if not ports.output:
        plays += "   → connect it to a synthesiser, or choose it as a DAW track's MIDI input"
    return [hears, plays]
