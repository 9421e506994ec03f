"""The command line `antiphon memory`: shows, copies and clears what was kept of a performer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from antiphon.errors import UserError
from antiphon.options import AsJson, Config, option
from antiphon.settings import MemoryFile, read_settings
from antiphon.streams import say, say_json

app = typer.Typer(
    help="Show what was kept of your playing (`antiphon run --keep-memory`), copy it, or clear it.",
    rich_markup_mode=None,
)
Performer = Annotated[str | None, option("memory.performer", text="Whose.")]


@app.callback(invoke_without_command=True)
def memory(
    context: typer.Context,
    performer: Performer = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show what was kept of your playing, or go on to the command."""
    if context.invoked_subcommand is not None:
        if performer or as_json or config:
            raise UserError(f"give options behind the command: antiphon memory {context.invoked_subcommand} …")
        return
    from antiphon.recording.memories import kept_memories, memories_folder

    settings = _settings(performer, config)
    folder = memories_folder(settings.folder)
    kept = kept_memories(folder, settings.performer)
    if as_json:
        say_json(
            [
                {
                    "path": str(each.path),
                    "bytes": each.size,
                    "notes": each.header.notes,
                    "steps": each.header.steps,
                    "bits_a_note_gained": each.header.gain.overall,
                    "bits_a_note_gained_lately": each.header.gain.lately,
                }
                for each in kept
            ]
        )
        return
    for each in kept:
        say(f"{settings.performer}: {each.header.notes:,} notes in {each.header.steps:,} steps, {each.size:,} bytes")
        overall, lately = each.header.gain.overall, each.header.gain.lately
        if overall is not None and lately is not None:
            say(f"  saves {overall:.2f} bits a note against the network alone, lately {lately:.2f}")
        say(f"  {each.path}")
    if not kept:
        say(_nothing(settings, folder))


@app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The copy to write.", show_default=False)],
    performer: Performer = None,
    config: Config = None,
) -> None:
    """Copy what was kept to a file, which `antiphon memory import` takes on another machine."""
    from antiphon.recording.memories import kept_memories, memories_folder, read_memory, write_memory

    settings = _settings(performer, config)
    folder = memories_folder(settings.folder)
    kept = kept_memories(folder, settings.performer)
    if not kept:
        raise UserError(_nothing(settings, folder))
    for number, each in enumerate(kept, 1):
        path = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
        write_memory(path, read_memory(each.path))
        say(f"{path}: {each.header.notes:,} notes, from {each.path}")


@app.command(name="import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="A copy that `antiphon memory export` wrote.", show_default=False)
    ],
    performer: Performer = None,
    config: Config = None,
) -> None:
    """Keep what a file holds. What is kept already isn't replaced: clear it first."""
    from antiphon.improviser.memory.stored import read_header
    from antiphon.recording.memories import memories_folder, memory_file, read_memory, write_memory

    settings = _settings(performer, config)
    content = read_memory(source)
    if not content:
        raise UserError(f"{source}: is not there")
    header = read_header(content, str(source))
    path = memory_file(memories_folder(settings.folder), settings.performer, header.vocabulary)
    if path.exists():
        raise UserError(f"{path}: is kept already; antiphon memory clear --performer {settings.performer!r} forgets it")
    write_memory(path, content)
    say(f"{path}: {header.notes:,} notes, from {source}")


@app.command()
def clear(
    performer: Performer = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: Config = None,
) -> None:
    """Forget what was kept, damaged or not. Recorded sessions stay, and what they began with."""
    from antiphon.recording.memories import kept_files, memories_folder

    settings = _settings(performer, config)
    folder = memories_folder(settings.folder)
    paths = kept_files(folder, settings.performer)
    for path in paths:
        if yes or typer.confirm(f"Forget what was kept of {settings.performer} ({path})?"):
            path.unlink(missing_ok=True)
            say(f"{path}: cleared")
    if not paths:
        say(_nothing(settings, folder))


def _nothing(settings: MemoryFile, folder: Path) -> str:
    """Return where nothing is kept, and what would keep something there."""
    return f"nothing is kept of {settings.performer} in {folder}; antiphon run --keep-memory keeps what it learns"


def _settings(performer: str | None, config: Path | None) -> MemoryFile:
    return read_settings(config, {"memory": {"performer": performer}}).memory
