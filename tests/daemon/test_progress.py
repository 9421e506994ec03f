"""Progress is shown to who waits, and to nobody else."""

from __future__ import annotations

import io
import sys

import pytest

from antiphon.offline import progress
from antiphon.offline.progress import DELAY_SECONDS, LINE_SECONDS, with_progress


class Clock:
    """Goes on by so many seconds at each look."""

    def __init__(self, step: float) -> None:
        self._time, self._step = 0.0, step

    def now(self) -> float:
        self._time += self._step
        return self._time


def shown(monkeypatch: pytest.MonkeyPatch, seconds: float, stream: io.StringIO) -> str:
    looks = 1000 // progress._EVERY + 1
    monkeypatch.setattr(progress, "clock", Clock(seconds / looks))
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(with_progress(range(1000), "a.mid")) == list(range(1000))
    return stream.getvalue()


def test_what_is_soon_done_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, DELAY_SECONDS / 2, io.StringIO()) == ""


def test_a_file_gets_a_line_at_times(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, DELAY_SECONDS + 2 * LINE_SECONDS, io.StringIO()).splitlines()
    assert len(lines) in (2, 3)
    assert all(line.startswith("a.mid: ") and line.endswith(" % done") for line in lines)


def test_a_terminal_gets_a_bar_that_goes_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    assert "a.mid" in shown(monkeypatch, 2 * DELAY_SECONDS, Terminal())
