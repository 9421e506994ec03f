"""The doctor beside PipeWire: what it says there, and that its advice helps where it is followed."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platforms import pipewire
from tests.platforms.packages import need
from tests.platforms.test_pipewire import ALONE, TRIES

PROJECT = Path(__file__).parents[2]
DOCTOR = f"{shlex.quote(sys.executable)} -m antiphon doctor --json"
Found = dict[str, dict[str, str]]


@pytest.fixture(scope="module", autouse=True)
def _is_installed() -> None:
    if sys.platform != "linux":
        pytest.skip("PipeWire runs on Linux only")
    need(pipewire="pipewire", pw_jack="pipewire-jack", pw_metadata="pipewire-bin", wireplumber="wireplumber")
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("PipeWire is started in a PID namespace of its own, which only root may make here")


def doctor(before: str = "true", wrapper: str = "", **environment: str) -> Found:
    """Start PipeWire, run a line of shell, and return what the doctor finds then."""
    line = f"{{ {before}; }} >/dev/null; {wrapper} {DOCTOR}"
    path = os.pathsep.join([*(str(PROJECT / part) for part in ("daemon", "trainer")), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*ALONE, sys.executable, pipewire.__file__, "run", "sh", "-c", line],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, **environment},
        timeout=120,
        check=False,
    )
    assert done.stdout.startswith("["), done.stderr
    return {finding["what"]: finding for finding in json.loads(done.stdout)}


def healthy(before: str = "true") -> dict[str, str]:
    """Return what the doctor says of the notes, at the first time that it finds nothing wrong with them."""
    for _ in range(TRIES):
        found = doctor(before)["MIDI loop"]
        if found["state"] == "good":
            break
    assert found["state"] == "good", found
    return found


def test_notes_come_back_through_pipewire_and_nothing_is_advised() -> None:
    found = healthy()
    assert "50 of 50 notes came back" in found["says"] and not found["fix"]


def test_a_long_period_is_said_and_the_advice_makes_it_short() -> None:
    as_in_virtual_machines = "pw-metadata -n settings 0 clock.min-quantum 1024"
    found = doctor(as_in_virtual_machines)["MIDI loop"]
    assert found["state"] == "could be better", found
    assert "21 ms" in found["fix"]
    _, _, command = found["fix"].partition("this makes it shorter: ")
    healthy(f"{as_in_virtual_machines}; {command}")


def test_a_period_that_was_asked_for_is_named() -> None:
    assert "PIPEWIRE_LATENCY=1024/48000" in doctor(PIPEWIRE_LATENCY="1024/48000")["MIDI loop"]["fix"]
    assert "PIPEWIRE_QUANTUM=1024" in doctor(wrapper="pw-jack -p 1024")["MIDI loop"]["fix"]


def test_a_pipewire_that_was_stopped_is_seen_and_the_advice_lets_it_go_on() -> None:
    stop = "kill -STOP $(pidof pipewire)"
    found = doctor(stop)["MIDI system"]
    assert found["state"] == "must be fixed" and "pipewire doesn't answer" in found["says"], found
    command = found["fix"].rpartition(": ")[2]
    assert command.startswith("kill -CONT ")
    healthy(f"{stop}; {command}")
