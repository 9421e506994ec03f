"""What a terminal shows of a command that takes a while: a progress bar on stderr, and one line when it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from antiphon.streams import say


@contextmanager
def stoppable(consequence: str) -> Iterator[None]:
    """Let Ctrl-C end the command with one line, which says what has become of the work, and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"antiphon-trainer: stopped; {consequence}", err=True)
        raise typer.Exit(130) from None


def bar() -> Progress:
    """Return a progress bar on stderr; it shows on a terminal only, and disappears at the end."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, *times, console=console, disable=not console.is_terminal, transient=True)


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar for `total` items; yield the function that moves it on by a number of items."""
    with bar() as shown:
        task = shown.add_task(description, total=total)
        yield lambda count: shown.advance(task, count)
