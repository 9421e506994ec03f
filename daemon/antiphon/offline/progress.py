"""Progress: how far a long piece of work is, shown on stderr where somebody waits for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from antiphon import clock
from antiphon.printable import printable
from antiphon.streams import say

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY_SECONDS = 2.0
"""Seconds before anything is shown: who gets the result sooner needs no progress."""
LINE_SECONDS = 10.0
"""Seconds from one line to the next where stderr is a file, not a terminal."""
_EVERY = 64
"""Items from one look at the clock to the next."""

Item = TypeVar("Item")


def with_progress(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield the items, and show how many of them have been worked on: a bar on a terminal, otherwise a line at times.

    Args:
        items: to be worked on.
        what: stands before the bar, say a file's name.
    """
    next_look = clock.now() + DELAY_SECONDS
    bar: Progress | None = None
    try:
        for number, item in enumerate(items):
            if number % _EVERY == 0 and clock.now() >= next_look:
                if sys.stderr.isatty():
                    bar = bar or _bar()
                    task = bar.task_ids[0] if bar.task_ids else bar.add_task(_plain(what), total=len(items))
                    bar.update(task, completed=number)
                else:
                    next_look += LINE_SECONDS
                    say(f"{what}: {100 * number // len(items)} % done", err=True)
            yield item
    finally:
        if bar is not None:
            bar.stop()


def _plain(text: str) -> str:
    """Return a text that a bar shows as it is: what stands in brackets would be a style."""
    from rich.markup import escape

    return escape(printable(text))


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    bar.start()
    return bar
