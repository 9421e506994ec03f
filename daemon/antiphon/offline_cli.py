"""The command line `antiphon render` and `antiphon listen`: what plays to a MIDI file, or hears one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from antiphon import options
from antiphon.errors import UserError
from antiphon.files import status_before
from antiphon.options import Config, Learn, option
from antiphon.parameters import FileSync
from antiphon.streams import say

Input = Annotated[Path, typer.Argument(metavar="IN.mid", help="The MIDI file to hear.", show_default=False)]
FileSyncOption = Annotated[
    FileSync | None,
    option(
        "play.sync",
        text="Whose tempo: the file's own tempo map, or --bpm (fixed); the MIDI clock that a recorded set holds "
        "(clock); the playing alone, from --bpm or the configured tempo on (auto)",
        default="a recorded set's own, fixed where --bpm is given, otherwise the configured one: fixed as it comes, "
        "for a file's tempo map says where its beats are",
    ),
]


@options.of_play(
    without=("sync", "leads"),
    bpm="the file's own",
    channel="the first that the file doesn't use",
    accompaniment_channel="another that it doesn't use",
)
def render(
    source: Input,
    target: Annotated[
        Path, typer.Argument(metavar="OUT.mid", help="The MIDI file to write: you and the answer.", show_default=False)
    ],
    play: dict[str, Any],
    sync: FileSyncOption = None,
    learn: Learn = None,
    picture: Annotated[
        Path | None, typer.Option(help="Also draw the duet as a piano roll into this .png.", metavar="OUT.png")
    ] = None,
    config: Config = None,
) -> None:
    """Play to a MIDI file, faster than real time, and write performer and answer on tracks of their own.

    A session that `run` has recorded is played as it was, with its settings and its seed, but for what you say.
    """
    from antiphon.midi.messages import NoteOn
    from antiphon.offline import rendering
    from antiphon.offline.learning import musician_for_file
    from antiphon.offline.picture import check_can_draw, draw_duet
    from antiphon.offline.source import read_source, settings_for
    from antiphon.recording.performance_file import write_duet
    from antiphon.recording.session_file import BEGAN, session_of

    _check_can_write(target, source)
    if picture is not None:
        _check_can_write(picture, source)
        if picture.resolve() == target.resolve():
            raise UserError(f"{picture}: is to be the picture and the performance; give one of them another name")
    if picture is not None:
        check_can_draw()
    read = read_source(source, _say)
    performance, header = read
    settings = settings_for(read, play | {"sync": sync}, config, _say, replays=True)
    if header is None:
        settings = rendering.on_free_channels(performance, settings, play)
    musician = musician_for_file(read, settings, learn or (), _say)
    if header is not None:
        began = header.get(BEGAN)
        if began is not None:
            _say(f"{source}: began {began} s into its set, so the answers won't be the same")
        duet = rendering.render_session(musician, session_of(source, performance.file), _say)
    else:
        duet = rendering.render(musician, performance, play["bpm"], settings.play.channel)
    write_duet(target, performance, duet.answer)
    answers = sum(isinstance(each.message, NoteOn) and each.message.channel == duet.channel for each in duet.answer)
    say(f"{target}: {answers} answers to {len(duet.heard)} notes, on channel {duet.channel}")
    if picture is not None:
        draw_duet(picture, performance, duet)
        say(f"{picture}: the duet as a piano roll")


@options.of_play("model", "bpm", "metre", "key", "melody", "memory", bpm="the file's own")
def listen(
    source: Input,
    play: dict[str, Any],
    sync: FileSyncOption = None,
    learn: Learn = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per note, each on its line.")] = False,
    config: Config = None,
) -> None:
    """Show what is heard in a MIDI file, note by note: step, tempo, beat, key, and how much it surprised the model.

    The beat counts from the barline where a clock or a metronome tells it; otherwise in bars from the phrase's start.
    Of a session that `run` has recorded the performer is heard, with the session's settings, but for what you say.
    """
    from antiphon.offline import listening
    from antiphon.offline.learning import musician_for_file
    from antiphon.offline.source import read_source, settings_for

    read = read_source(source, _say)
    settings = settings_for(read, play | {"sync": sync}, config, _say)
    musician = musician_for_file(read, settings, learn or (), _say)
    heard = listening.listen(musician, read.performance, play["bpm"])
    if as_json:
        for note in heard:
            say(json.dumps(note.as_json()))
        return
    say(listening.HEADING)
    for note in heard:
        say(note.as_line())
    say(f"{len(heard)} notes, {sum(each.note.bits for each in heard) / len(heard):.2f} bits a note")


def _say(text: str) -> None:
    """Say something beside what was asked for, on stderr."""
    say(text, err=True)


def _check_can_write(file: Path, source: Path) -> None:
    """Refuse a file to write that is no regular file, or the one that is read.

    Raises:
        UserError: the file can't be written.
    """
    if not file.parent.is_dir():
        raise UserError(f"{file}: there is no folder {file.parent}")
    if file.exists() and source.exists() and file.samefile(source):
        raise UserError(f"{file}: is the performance itself; give another name to write to")
    status_before(file)
