"""The command `antiphon-trainer audition`: measures a bundle part by part and prints the figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from antiphon.melody.bundle import find_bundle, read_bundle
from antiphon.settings import model_folders
from antiphon.streams import say, say_json
from antiphon_trainer import screen
from antiphon_trainer.audition.parts import selected_parts
from antiphon_trainer.audition.songs import songs_to_hear
from antiphon_trainer.settings import Settings


def audition_bundle(
    name: str, folder: Path | None, only: Sequence[str], as_json: bool, seed: int, settings: Settings
) -> None:
    """Measure how well a bundle's musician hears and plays, and print the figures.

    Args:
        name: of the bundle, or its folder.
        folder: of encoded songs; None is what prepare held out.
        only: the parts to measure; none named is all.
        as_json: print JSON in place of tables.
        seed: of all random choices.
        settings: section `[prepare]` says where prepared songs lie.

    Raises:
        UserError: the bundle or the songs can't be read, or there is no such part.
    """
    parts = selected_parts(only)
    bundle = read_bundle(find_bundle(name, model_folders()))
    songs = songs_to_hear(folder, settings.prepare)
    with screen.stoppable("nothing was written"):
        results = {part: measure(bundle, songs, seed) for part, measure in parts.items()}
    if as_json:
        figures = {"bundle": name, "seed": seed, **{part: result.as_json() for part, result in results.items()}}
        say_json(figures)
        return
    say(f"{name} on {len(songs):,} songs, seed {seed}")
    for result in results.values():
        say("")
        for line in result.lines():
            say(line)
