"""PipeWire: a duet on its JACK with the wheel as it comes, its latency, and its end in mid-session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.platforms import pipewire
from tests.platforms.packages import need

PROJECT = Path(__file__).parents[2]
ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Runs a program in a PID namespace of its own: what it starts ends with it, and it sees nobody else to end."""
FELT_MS = 10.0
"""A delay that a quick hand may feel. PipeWire's own cycle of 1024 frames takes 43 ms to the answer, ours 3."""


@pytest.fixture(scope="module", autouse=True)
def _is_installed() -> None:
    if sys.platform != "linux":
        pytest.skip("PipeWire runs on Linux only")
    need(pipewire="pipewire", pw_jack="pipewire-jack", wireplumber="wireplumber")
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("PipeWire is started in a PID namespace of its own, which only root may make here")


TRIES = 3
"""Duets that may be played until all notes of one were answered: PipeWire waits for nobody, and where other tests keep
all cores busy, about one note in a thousand is lost on it."""


def play(*scenario: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Run a scenario of `pipewire.py` and return what came of it."""
    for _ in range(TRIES):
        found = outcome([*ALONE, sys.executable, pipewire.__file__, *scenario], environment or {})
        if not found["lost"]:
            break
    return found


def outcome(command: Sequence[str], environment: dict[str, str]) -> dict[str, Any]:
    path = os.pathsep.join([*(str(PROJECT / part) for part in ("daemon", "trainer")), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def check(found: dict[str, Any]) -> None:
    assert found["answered"] == found["played"] > 0, found
    assert "PipeWire" in found["server"]
    assert found["exit"] == 0, found
    assert found["median_ms"] < FELT_MS, found


@pytest.mark.parametrize("how", [(), ("--pw-jack",)])
def test_all_notes_are_answered_soon_with_and_without_pw_jack(how: tuple[str, ...]) -> None:
    found = play("duet", *how)
    check(found)
    assert found["played"] == 40


def test_auto_is_pipewire_where_it_runs() -> None:
    check(play("duet", "--api", "auto"))


def test_the_performers_own_latency_wins() -> None:
    found = play("duet", environment={"PIPEWIRE_LATENCY": "1024/48000"})
    assert found["answered"] == found["played"]
    assert found["median_ms"] > FELT_MS


@pytest.mark.parametrize("how", [(), ("--named",)])
def test_pipewire_is_killed_and_started_again_and_all_notes_are_answered(how: tuple[str, ...]) -> None:
    found = play("restart", *how)
    check(found)
    assert sum("the JACK server has ended" in line for line in found["said"]) == 2
    assert sum("is back" in line for line in found["said"]) == (6 if how else 2)
