"""The reporter: tells the performer what happens, in lines at the terminal and on the pages that are open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from antiphon.printable import printable
from antiphon.recording.journal import Say, safely
from antiphon.streams import say


class Reporter:
    """Says things, on any thread; none of it raises, for a terminal that is gone must not end a performance.

    Names of ports and files stand in what is said: control codes in them are shown, not obeyed.

    Args:
        show: shows one line at the terminal.
        is_quiet: only what goes wrong is shown there.
    """

    def __init__(self, show: Say, is_quiet: bool = False) -> None:
        self._show = safely(show)
        self._is_quiet = is_quiet
        self.notice: Callable[[str], None] = lambda _text: None
        """Shows a line on the pages."""

    def move_to(self, show: Say) -> None:
        """Show lines elsewhere from now on."""
        self._show = safely(show)

    def say(self, text: str) -> None:
        """Say it at the terminal."""
        if not self._is_quiet:
            self._show(printable(text))

    def tell(self, text: str) -> None:
        """Say it at the terminal and on the pages."""
        self.say(text)
        self.notice(printable(text))

    def warn(self, text: str) -> None:
        """Say what goes wrong: at the terminal even where it is to be quiet, and on the pages."""
        self._show(printable(text))
        self.notice(printable(text))

    def log(self, text: str) -> None:
        """Say what went wrong inside."""
        with contextlib.suppress(OSError):
            say(f"antiphon: {text}", err=True)
        self.notice(printable(text))
