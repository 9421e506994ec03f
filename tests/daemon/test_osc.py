"""OSC with a real daemon: what programs play, set and see over UDP, and what can't stop the playing."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.parameters import ON_PAGE
from tests.daemon.live import Keyboard, check_renders_again
from tests.daemon.osc_client import Program, speaking


def test_notes_come_in_and_answers_go_out(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        speaking("--name", "Osc", "--seed", "3", cwd=tmp_path) as (running, port),
        Program(port) as program,
        Keyboard("Osc") as pianist,
    ):
        program.subscribe()
        program.send("/antiphon/note", 60, 80)
        assert program.wait_for("/antiphon/performer/note") == (60, 80, 1)
        pitch, velocity, channel = program.wait_for("/antiphon/note")
        (heard,) = pianist.hear(1)
        assert (heard.pitch, heard.velocity, heard.channel) == (pitch, velocity, channel)  # type: ignore[union-attr]
        assert program.wait_for("/antiphon/expectation")
        program.send("/antiphon/note", 60.0, 0.0)  # Pure Data knows no other numbers
        assert program.wait_for("/antiphon/performer/note") == (60, 0, 1)
        assert program.wait_for("/antiphon/note") == (pitch, 0, channel)
        running.stop()
    check_renders_again(tmp_path)
