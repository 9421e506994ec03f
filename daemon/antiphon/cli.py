"""The command line `antiphon`: run, render, listen, learn, ports, sessions, memory, doctor, bench.

What a command needs is imported when it runs, so that `antiphon --help` answers at once.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from antiphon import memory_cli, options
from antiphon.errors import UserError
from antiphon.offline_cli import listen, render
from antiphon.options import AsJson, Config, Learn, option
from antiphon.settings import Api as PortApi
from antiphon.settings import Settings, read_settings
from antiphon.streams import say, say_json

app = typer.Typer(
    name="antiphon",
    help="A live-improvisation partner: you play a phrase, it hears your key and plays what comes next.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # it would swallow "[default: …]"
)

Api = Annotated[PortApi | None, option("ports.api", text="The MIDI system.")]
Name = Annotated[str | None, option("ports.name", text="The name of Antiphon's ports, as other programs see it.")]
InputPort = Annotated[
    list[str] | None,
    option(
        "ports.input",
        text="Listen to this port: a unique part of its name.",
        default="a virtual port",
        metavar="PORT",
    ),
]
OutputPort = Annotated[
    list[str] | None,
    option(
        "ports.output", text="Play to this port: a unique part of its name.", default="a virtual port", metavar="PORT"
    ),
]


def _one_port(option_name: str, names: list[str] | None) -> str | None:
    """Return the port that an option names.

    Raises:
        UserError: it is given more than once.
    """
    if names and len(names) > 1:
        raise UserError(
            f"{option_name}: is given {len(names)} times, and one port counts; leave it out, and connect several "
            "keyboards to Antiphon's own port"
        )
    return names[0] if names else None


app.add_typer(memory_cli.app, name="memory")


@app.callback(invoke_without_command=True)
def antiphon(show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Print the version, or go on to the command."""
    if show_version:
        say(f"antiphon {version('antiphon')}")
        raise typer.Exit


@app.command()
@options.of_play()
def run(
    play: dict[str, Any],
    metronome: Annotated[bool | None, option("metronome.on", text="Make the beat heard.")] = None,
    name: Name = None,
    input_: InputPort = None,
    output: OutputPort = None,
    api: Api = None,
    record: Annotated[bool | None, option("sessions.record", text="Keep the set as a MIDI file.")] = None,
    stage: Annotated[bool | None, option("stage.on", text="Serve the page that shows and steers it.")] = None,
    stage_port: Annotated[int | None, option("stage.port", text="The page's TCP port; 0 is any that is free.")] = None,
    stage_host: Annotated[
        str | None,
        option(
            "stage.host",
            text="The address to serve the page on; 0.0.0.0 lets the whole network reach it.",
            default="127.0.0.1, this machine alone",
        ),
    ] = None,
    osc: Annotated[
        bool | None, option("osc.on", text="Speak Open Sound Control with other programs, over UDP.")
    ] = None,
    osc_port: Annotated[int | None, option("osc.port", text="The UDP port for OSC; 0 is any that is free.")] = None,
    osc_host: Annotated[
        str | None,
        option(
            "osc.host",
            text="The address to hear OSC on; 0.0.0.0 lets the whole network reach it.",
            default="127.0.0.1, this machine alone",
        ),
    ] = None,
    osc_send_to: Annotated[
        list[str] | None,
        option(
            "osc.send_to",
            text="Send all that can be heard over OSC to this program too; may be given again.",
            default="those that ask",
            metavar="HOST:PORT",
        ),
    ] = None,
    keep_memory: Annotated[
        bool | None,
        option(
            "memory.keep",
            text="Begin with what it learned of you before, and keep it.",
        ),
    ] = None,
    performer: Annotated[
        str | None, option("memory.performer", text="Whose playing is learned: each name has a memory.")
    ] = None,
    learn: Learn = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only warnings and errors.")] = False,
    config: Config = None,
) -> None:
    """Play live: hear your keyboard, or the page in your browser, and answer it. Ctrl-C ends it."""
    from antiphon.live.session import play_live

    settings = _settings(
        config,
        # Whoever gives a tempo wants to play in it.
        play=play | {"sync": play["sync"] or (None if play["bpm"] is None else "fixed")},
        metronome={"on": metronome},
        stage={"on": stage, "host": stage_host, "port": stage_port},
        osc={"on": osc, "host": osc_host, "port": osc_port, "send_to": osc_send_to or None},
        sessions={"record": record},
        memory={"keep": keep_memory, "performer": performer},
        ports={
            "name": name,
            "input": _one_port("--input", input_),
            "output": _one_port("--output", output),
            "api": api,
        },
    )
    play_live(settings, say, opens_page=open_, is_quiet=quiet, learn=learn or ())


app.command()(render)
app.command()(listen)


@app.command()
def learn(
    controls: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONTROL", help="What to learn, say: temperature tap. [default: every control]"),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1, help="Skip a control when nothing moves for so long. [default: at a terminal never, otherwise 20]"
        ),
    ] = None,
    name: Name = None,
    input_: InputPort = None,
    api: Api = None,
    config: Annotated[
        Path | None, typer.Option(help="The settings file to write. [default: your own]", metavar="FILE")
    ] = None,
) -> None:
    """Learn which knob, pad or pedal steers what: move each when asked, and the settings file gets the table."""
    from antiphon.setup.learn import check_controls, learn_controls
    from antiphon.setup.own_config import own_config_file

    names = check_controls(controls or [])
    read_too = config if config is not None and config.exists() else None
    settings = _settings(read_too, ports={"name": name, "input": _one_port("--input", input_), "api": api})
    learn_controls(names, settings, config or own_config_file(), seconds, say)


@app.command()
def ports(api: Api = None, config: Config = None) -> None:
    """List the MIDI ports that are there to listen to and to play to."""
    from antiphon.midi.ports import choose_system, is_an_antiphons, list_ports

    there = list_ports(choose_system(_settings(config, ports={"api": api}).ports.api))
    for title, given_by, names in (
        ("To listen to", "--input", there.inputs),
        ("To play to", "--output", there.outputs),
    ):
        say(f"{title} ({given_by}):")
        for name in names:
            say(f"  {name}{'   (an Antiphon that is running)' if is_an_antiphons(name) else ''}")
        if not names:
            say("  (none)")


@app.command()
def sessions(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per session, each on its line.")
    ] = False,
    config: Config = None,
) -> None:
    """List the recorded sessions, the oldest first."""
    from antiphon.recording.recorder import recover
    from antiphon.recording.sessions import list_sessions, sessions_folder

    folder = sessions_folder(_settings(config).sessions.folder)
    recover(folder, _say)
    listed = list_sessions(folder)
    for session in listed:
        say(session.as_json() if as_json else session.as_line())
    if not listed and not as_json:
        say(f"No session has been recorded in {folder} yet.")


@app.command()
@options.of_play("model")
def doctor(
    play: dict[str, Any],
    as_json: AsJson = False,
    api: Api = None,
    config: Config = None,
) -> None:
    """Say what would stop a set on this machine, and how to fix it. Exit code 1 if something must be fixed."""
    import sys

    from antiphon.setup.doctor.checks import findings
    from antiphon.setup.doctor.findings import lines, must_be_fixed

    found = list(findings(_settings(config, play=play, ports={"api": api})))
    if as_json:
        say_json(found)
    else:
        for line in lines(found, sys.stdout.encoding):
            say(line)
    if must_be_fixed(found):
        raise typer.Exit(1)


@app.command()
@options.of_play("model")
def bench(
    play: dict[str, Any],
    as_json: AsJson = False,
    notes: Annotated[int, typer.Option(min=20, help="Notes that are played through the MIDI ports.")] = 120,
    api: Api = None,
    config: Config = None,
) -> None:
    """Measure how fast this machine plays, beside a bare echo on the same MIDI ports."""
    from antiphon.bench import report

    settings = _settings(config, play=play, ports={"api": api})
    found = report.bench(settings, notes, _say)
    if as_json:
        say_json(found.as_json())
        return
    for line in report.lines(found):
        say(line)


def _say(text: str) -> None:
    """Say something beside what was asked for, on stderr."""
    say(text, err=True)


def _settings(config: Path | None, **options: dict[str, Any]) -> Settings:
    return read_settings(config, options)
