"""The command `antiphon-trainer audition --music`: measures what leaves the port, and prints the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from antiphon.musician import Musician
from antiphon.streams import say, say_json
from antiphon_trainer import screen
from antiphon_trainer.audition import answers
from antiphon_trainer.audition.music.measuring import (
    LENGTHS,
    Figure,
    Figures,
    Limits,
    goes_on,
    measure_duets,
    measure_melodies,
    measure_songs,
    musician,
    spread,
)
from antiphon_trainer.audition.songs import songs_to_hear
from antiphon_trainer.corpus.songs import Song
from antiphon_trainer.settings import Settings

TUNES = 100
"""Songs that are played, where nothing else is asked for."""


def audition_music(
    model: str, folder: Path | None, most: int | None, as_json: bool, seed: int, settings: Settings
) -> None:
    """Let a bundle's musician play to songs, in all modes, and print the figures.

    Args:
        model: the bundle: a name or a folder.
        folder: of encoded songs; None is what prepare held out.
        most: songs that are played to, spread over all; None is `TUNES`.
        as_json: print JSON in place of tables.
        seed: of all random choices.
        settings: section `[prepare]` says where prepared songs lie.

    Raises:
        UserError: the bundle or the songs can't be read.
    """
    songs = songs_to_hear(folder, settings.prepare)
    count = min(most or TUNES, len(songs))
    tables: dict[str, dict[str, Figures]] = {}
    if not as_json:
        say(f"{model} to {count} of {len(songs):,} songs, seed {seed}; in brackets 95 % of resampled tunes")
    with screen.stoppable("nothing was written"):
        for title, columns in _measured(model, songs, count, seed):
            tables[title] = columns
            if not as_json:
                say("")
                for line in _table(title, columns):
                    say(line)
    if as_json:
        say_json({"bundle": model, "seed": seed, "tunes": count, **_as_json(tables)})


def _measured(model: str, songs: Sequence[Song], count: int, seed: int) -> Iterator[tuple[str, dict[str, Figures]]]:
    """Yield the tables one by one, each by its title: column → figures."""
    for when in ("now", "onset"):
        yield f"next-note, when = {when}", _duets(model, when, spread(songs, count), seed)
    in_songs, limits = measure_songs(songs, seed)
    going_on = spread([song for song in songs if goes_on(song)], count)
    (low, high), (fewest, most) = limits
    within = f"{low:.0f} to {high:.0f} semitones, {fewest:.1f} to {most:.1f} notes a bar"
    title = f"continue, from {len(going_on)} songs in 4/4 (the songs, 5 to 95 %: {within})"
    yield title, {"the songs": in_songs, **_melodies(model, going_on, seed, limits)}
    yield "call-response", {"by default": {"answers that close": _closing(musician(model, seed), songs, count, seed)}}


def _duets(model: str, when: str, songs: Sequence[Song], seed: int) -> dict[str, Figures]:
    by_default, thirds = measure_duets(musician(model, seed, mode="next-note", when=when), songs, seed)
    plain, _ = measure_duets(musician(model, seed, mode="next-note", when=when, harmony=0.0), songs, seed)
    return {"by default": by_default, "plain sampling": plain, "a third below": thirds}


def _melodies(model: str, songs: Sequence[Song], seed: int, limits: Limits) -> dict[str, Figures]:
    formed = measure_melodies(musician(model, seed, mode="continue"), songs, seed, limits)
    plain = measure_melodies(musician(model, seed, mode="continue", form=False), songs, seed, limits)
    return {
        f"{title}{bars} bars": figures[bars]
        for bars in LENGTHS
        for title, figures in (("", formed), ("plain, ", plain))
    }


def _closing(player: Musician, songs: Sequence[Song], count: int, seed: int) -> Figure:
    found = answers.measure(player.bundle, spread(songs, count), seed)
    error = 1.96 * (found.closes * (1 - found.closes) / max(1, found.calls)) ** 0.5
    return Figure(found.closes, found.closes - error, min(1.0, found.closes + error))


def _table(title: str, columns: Mapping[str, Figures]) -> Iterator[str]:
    """Yield a line for each figure, a column for each way to play."""
    yield title
    names = dict.fromkeys(name for figures in columns.values() for name in figures)
    yield " " * 38 + "".join(f"{column:>26}" for column in columns)
    for name in names:
        cells = (_written(figures[name]) if name in figures else "–" for figures in columns.values())
        yield f"  {name:36}" + "".join(f"{cell:>26}" for cell in cells)


def _written(figure: Figure) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _as_json(tables: Mapping[str, Mapping[str, Figures]]) -> dict[str, Any]:
    return {
        title.partition(", from")[0]: {
            column: {name: figure._asdict() for name, figure in figures.items()} for column, figures in columns.items()
        }
        for title, columns in tables.items()
    }
