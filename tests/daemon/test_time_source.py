"""The clock of the live side, as it must be on a system whose `time.monotonic` moves in steps of 15.6 ms."""

from __future__ import annotations

import ast
import time
import tokenize

import pytest

from antiphon import clock
from antiphon.live.inbox import Inbox
from antiphon.midi.messages import Packet
from tests.daemon.test_imports import PACKAGE

GRAIN = 1 / 64
"""Seconds: what Windows counts in before Python 3.13."""


def test_what_arrives_keeps_its_time_where_monotonic_is_coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    fine = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: fine() // GRAIN * GRAIN)
    inbox = Inbox(time.perf_counter())
    for _ in range(20):
        before = time.perf_counter() - inbox.start
        inbox.put(b"\x90\x3c\x50")
        after = time.perf_counter() - inbox.start
        arrived = inbox.wait(None)
        assert isinstance(arrived, Packet)
        assert before <= arrived.time <= after
        assert before <= inbox.now()


def test_the_clock_is_one_that_moves_in_small_steps() -> None:
    assert clock.now is time.perf_counter
    assert time.get_clock_info("perf_counter").resolution < 1e-5


BY_THE_DAY = {"osc/server.py": "time"}
"""Who may ask for the time of day: OSC's time tags are of it."""


def test_nothing_of_the_daemon_asks_a_clock_that_is_coarse_or_is_set() -> None:
    asked = []
    wall = PACKAGE / "osc" / "server.py"  # OSC's bundles say the time of day at which they are to be done
    for file in sorted({*PACKAGE.rglob("*.py")} - {wall}):
        with tokenize.open(file) as source:
            tree = ast.parse(source.read())
        for node in ast.walk(tree):
            name = node.attr if isinstance(node, ast.Attribute) else None
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                name = node.names[0].name
            is_of_day = name == "time" and isinstance(node, ast.Attribute) and ast.unparse(node.value) == "time"
            is_allowed = BY_THE_DAY.get(file.relative_to(PACKAGE).as_posix()) == name
            if (is_of_day or name in ("monotonic", "monotonic_ns", "time_ns")) and not is_allowed:
                asked.append(f"{file.relative_to(PACKAGE)}:{node.lineno}")
    assert asked == []
