"""The command `antiphon-trainer audition --performances`: measures the daemon's hearing and prints the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from antiphon.errors import UserError
from antiphon.streams import say, say_json
from antiphon_trainer import screen
from antiphon_trainer.audition.performances import table
from antiphon_trainer.audition.performances.hearing import SET_BPM, load_listener
from antiphon_trainer.audition.performances.measuring import measure
from antiphon_trainer.audition.performances.performance import Performance
from antiphon_trainer.audition.performances.sources import Found, find_performances
from antiphon_trainer.settings import Half


def audition_performances(model: str, folders: Sequence[Path], half: Half, most: int | None, as_json: bool) -> None:
    """Measure how the daemon hears performances, and print the figures, a column for each folder.

    Args:
        model: the bundle that listens: a name or a folder.
        folders: each is a source, and is called like the folder.
        half: of each source, by the SHA-256 of the performances' names.
        most: performances of a source, the first by that; None is all.
        as_json: print JSON in place of the table.

    Raises:
        UserError: partitura isn't installed, or a folder or the model can't be read.
    """
    if find_spec("partitura") is None:
        raise UserError('--performances needs partitura: pip install "antiphon[trainer,performances]"')
    sources = {folder: find_performances(folder, half, most) for folder in folders}
    musician = load_listener(model)
    with screen.stoppable("nothing was written"):
        results = [measure(folder.absolute().name, musician, _read(found)) for folder, found in sources.items()]
    if as_json:
        figures = {"model": model, "half": half, "bpm": SET_BPM, "sources": [each.as_json() for each in results]}
        say_json(figures)
        return
    say(f"{model}, sync auto, bpm set to {SET_BPM:g}; performances whose name's SHA-256 is {half}")
    say("")
    for line in table.lines(results):
        say(line)


def _read(found: Sequence[Found]) -> Iterator[Performance]:
    """Yield performances as they are read; say of one that can't be, and go on."""
    for each in found:
        try:
            performance = each.read()
        except UserError as error:
            say(str(error), err=True)
            continue
        if performance.line:
            yield performance
        else:
            say(f"{each.name}: holds no note", err=True)
