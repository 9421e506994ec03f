"""The command line `antiphon memory`: shows, copies and clears what was kept of a performer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from antiphon.errors import UserError
from antiphon.options import option
from antiphon.settings import MemoryFile, read_settings
from antiphon.streams import say, say_json

app = typer.Typer(
    help="Show what was kept of your playing (`antiphon run --keep-memory`), copy it, or clear it.",
    rich_markup_mode=None,
)
Performer = Annotated[str | None, option("memory.performer", "--performer", text="Whose.")]
Config = Annotated[Path | None, typer.Option(help="A settings file, read after the others.", metavar="FILE")]


@app.callback(invoke_without_command=True)
def memory(
    context: typer.Context,
    performer: Performer = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    config: Config = None,
) -> None:
    """Show what was kept of your playing, or go on to the command."""
    if context.invoked_subcommand is not None:
        return
    from antiphon.recording.memories import kept_memories, memories_folder

    settings = _settings(performer, config)
    kept = kept_memories(memories_folder(settings.folder), settings.performer)
    if as_json:
        say_json(
            [
                {"path": str(each.path), "bytes": each.size, "notes": each.header.notes, "steps": each.header.steps}
                for each in kept
            ]
        )
        return
    for each in kept:
        say(f"{settings.performer}: {each.header.notes:,} notes in {each.header.steps:,} steps, {each.size:,} bytes")
        say(f"  {each.path}")
    if not kept:
        say(f"nothing is kept of {settings.performer}; antiphon run --keep-memory keeps what it learns")


@app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The copy to write.", show_default=False)],
    performer: Performer = None,
    config: Config = None,
) -> None:
    """Copy what was kept, say onto another machine: put the copy into the folder that `antiphon memory` shows there."""
    from antiphon.recording.memories import kept_memories, memories_folder, read_memory, write_memory

    settings = _settings(performer, config)
    kept = kept_memories(memories_folder(settings.folder), settings.performer)
    if not kept:
        raise UserError(f"nothing is kept of {settings.performer}; antiphon run --keep-memory keeps what it learns")
    for number, each in enumerate(kept, 1):
        path = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
        write_memory(path, read_memory(each.path))
        say(f"{path}: {each.header.notes:,} notes, from {each.path}")


@app.command()
def clear(
    performer: Performer = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: Config = None,
) -> None:
    """Forget what was kept. Recorded sessions stay, and what they began with."""
    from antiphon.recording.memories import kept_memories, memories_folder

    settings = _settings(performer, config)
    kept = kept_memories(memories_folder(settings.folder), settings.performer)
    for each in kept:
        if not (yes or typer.confirm(f"Forget {each.header.notes:,} notes of {settings.performer} ({each.path})?")):
            continue
        each.path.unlink(missing_ok=True)
        say(f"{each.path}: cleared")
    if not kept:
        say(f"nothing is kept of {settings.performer}")


def _settings(performer: str | None, config: Path | None) -> MemoryFile:
    return read_settings(config, {"memory": {"performer": performer}}).memory
