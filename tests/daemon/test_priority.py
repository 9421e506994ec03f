"""The playing thread's priority: before other programs, and never before what carries its notes."""

import os
import sys
from pathlib import Path

import pytest

from antiphon.live import priority
from antiphon.midi.messages import NoteOn
from tests.conftest import running_jack
from tests.daemon.live import Keyboard, daemon

if sys.platform != "linux":
    pytest.skip("only Linux tells which priority a thread has", allow_module_level=True)


def granted() -> bool:
    """Return whether this user may have real-time priority."""
    with priority.playing() as is_granted:
        return is_granted


GRANTED = pytest.mark.skipif(not granted(), reason="this user is granted no real-time priority")


def scheduled(process: int = 0) -> tuple[int, int]:
    """Return policy and priority of a process's first thread, which is the one that plays; 0 is this one's own."""
    return os.sched_getscheduler(process) & ~os.SCHED_RESET_ON_FORK, os.sched_getparam(process).sched_priority


@GRANTED
@pytest.mark.parametrize(
    ("carriers", "expected"),
    [
        (None, (os.SCHED_FIFO, 4)),
        (20, (os.SCHED_FIFO, 4)),
        (5, (os.SCHED_FIFO, 4)),
        (3, (os.SCHED_FIFO, 2)),
        (1, (os.SCHED_OTHER, 0)),
        (0, (os.SCHED_OTHER, 0)),
    ],
)
def test_what_carries_the_notes_comes_before_who_plays_them(carriers: int | None, expected: tuple[int, int]) -> None:
    with priority.playing(carriers) as is_granted:
        assert scheduled() == expected
        assert is_granted is (expected[1] > 0)
    assert scheduled() == (os.SCHED_OTHER, 0)


@GRANTED
@pytest.mark.parametrize("realtime", [True, False])
def test_on_a_jack_server_without_priority_playing_has_none_either(realtime: bool, tmp_path: Path) -> None:
    with (
        running_jack(realtime=realtime),
        daemon("--name", "Polite", cwd=tmp_path) as running,
        Keyboard("Polite") as pianist,
    ):
        pianist.press(NoteOn(64, 80, 1))
        pianist.hear(1)  # so it plays by now
        assert scheduled(running.process.pid) == ((os.SCHED_FIFO, 4) if realtime else (os.SCHED_OTHER, 0))
