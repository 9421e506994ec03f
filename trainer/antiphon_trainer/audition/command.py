"""The command `antiphon-trainer audition`: runs the parts on a bundle and prints what they found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer

from antiphon.melody.bundle import find_bundle, read_bundle
from antiphon.settings import Settings, model_folders
from antiphon_trainer import screen
from antiphon_trainer.audition import chosen
from antiphon_trainer.audition.songs import songs_to_hear


def audition(name: str, folder: Path | None, only: Sequence[str], as_json: bool, seed: int, settings: Settings) -> None:
    """Show how well a bundle's musician hears and plays.

    Args:
        name: of the bundle, or its folder.
        folder: of encoded songs; None is what prepare held out.
        only: the parts to run; none named is all.
        as_json: print JSON in place of tables.
        seed: of everything that is drawn.
        settings: say where prepare's songs are.

    Raises:
        UserError: the bundle or the songs can't be read, or there is no such part.
    """
    parts = chosen(only)
    bundle = read_bundle(find_bundle(name, model_folders()))
    songs = songs_to_hear(folder, settings.prepare)
    with screen.stoppable("nothing was written"):
        found = {each: part(bundle, songs, seed) for each, part in parts.items()}
    if as_json:
        figures = {"bundle": name, "seed": seed, **{each: result.as_json() for each, result in found.items()}}
        typer.echo(msgspec.json.format(msgspec.json.encode(figures), indent=1).decode())
        return
    typer.echo(f"{name} on {len(songs):,} songs, seed {seed}")
    for result in found.values():
        typer.echo("")
        for line in result.lines():
            typer.echo(line)
