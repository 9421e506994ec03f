"""What the user sees of work that takes a while: a bar on a terminal, a line an epoch anywhere. All on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from antiphon_trainer.corpus.parsing import Advance
from antiphon_trainer.network.progress import Epoch


@contextmanager
def stoppable(what_now: str) -> Iterator[None]:
    """Let Ctrl-C end the command in good order: one line, exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"antiphon-trainer: stopped; {what_now}", err=True)
        raise typer.Exit(130) from None


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, *times, console=console, disable=not console.is_terminal, transient=True)


@contextmanager
def parsing(songs: int) -> Iterator[Advance]:
    """Show the songs that are parsed, of `songs`."""
    with _bar() as bar:
        task = bar.add_task("parsing songs", total=songs)
        yield lambda count: bar.advance(task, count)


@contextmanager
def measuring(readings: int) -> Iterator[Advance]:
    """Show the songs that are measured, of `readings`: each song counts once for every model and way to read it."""
    with _bar() as bar:
        task = bar.add_task("measuring", total=readings)
        yield lambda count: bar.advance(task, count)


class TrainingScreen:
    """Shows the batches of an epoch as a bar and every finished epoch as a line. Use it as a context manager.

    Args:
        epochs: how many there will be at most.
    """

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._bar = _bar()
        self._task = self._bar.add_task("")

    def __enter__(self) -> TrainingScreen:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def epoch_begins(self, number: int, batches: int) -> None:
        """Start the bar of an epoch (from 1)."""
        self._bar.reset(self._task, total=batches, description=f"epoch {number}/{self._epochs}")

    def batch_ends(self) -> None:
        """Move the bar on."""
        self._bar.advance(self._task)

    def epoch_ends(self, epoch: Epoch, is_best: bool) -> None:
        """Print an epoch's line."""
        line = (
            f"epoch {epoch.number:>3}/{self._epochs}: training {epoch.training_bits:.4f}, "
            f"validation {epoch.validation_bits:.4f} bits a step, {epoch.seconds:.0f} s{', best so far' * is_best}"
        )
        self._bar.console.print(line, highlight=False)
