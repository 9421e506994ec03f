"""PipeWire: a duet on its JACK with the wheel as it comes, its latency, and its end in mid-session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.platforms import pipewire
from tests.platforms.conftest import NewMachine
from tests.platforms.machine import Machine
from tests.platforms.packages import need

PROJECT = Path(__file__).parents[2]
ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Runs a program in a PID namespace of its own: what it starts ends with it, and it sees nobody else to end."""
CHECKOUT = "/home/player/antiphon"
"""Where a machine has its copy of the checkout."""
FELT_MS = 25.0
"""PipeWire's own cycle of 1024 frames takes 43 ms to the answer; ours 3, and up to 14 beside other tests."""


TRIES = 4
"""Duets that may be played until all notes of one were answered: PipeWire waits for nobody, and where other tests keep
all cores busy, about one note in a thousand is lost on it. And after PipeWire was killed, the player itself hangs now
and then as it opens its ports anew, in one process with clients of the server that is gone."""
TIMEOUT = 45.0
"""Seconds of a duet; on a quiet machine it takes six."""


Play = Callable[..., dict[str, Any]]
"""Runs a scenario of `pipewire.py`, given its options, and returns what came of it."""


Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs `pipewire.py`, given its arguments, and as keywords variables of its environment."""


@pytest.fixture(scope="module")
def run_here() -> Run:
    """Run something on this machine's PipeWire."""
    if sys.platform != "linux":
        pytest.skip("PipeWire runs on Linux only")
    need(pipewire="pipewire", pw_jack="pipewire-jack", wireplumber="wireplumber")
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("PipeWire is started in a PID namespace of its own, which only root may make here")
    path = os.pathsep.join([*(str(PROJECT / part) for part in ("daemon", "trainer")), os.environ.get("PYTHONPATH", "")])

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [*ALONE, sys.executable, pipewire.__file__, *arguments]
        env = {**os.environ, "PYTHONPATH": path, **environment}
        try:
            return subprocess.run(command, capture_output=True, text=True, env=env, timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(command, 124, "", f"{late}")

    return run


@pytest.fixture(scope="module")
def here(run_here: Run) -> Play:
    """Play on this machine's PipeWire."""
    return whole(run_here)


@pytest.fixture(scope="module")
def trixie(new_machine: NewMachine) -> Iterator[Machine]:
    """Run Debian 13 with PipeWire, and Antiphon in the checkout."""
    packages = ("python3", "python3-venv", "ca-certificates", "pipewire", "pipewire-jack", "wireplumber")
    with new_machine("trixie", *packages) as machine:
        done = machine.run("python3", "bootstrap.py", "run", "--help", cwd=machine.copy_checkout())
        assert done.returncode == 0, done.stderr
        yield machine


def whole(run: Run) -> Play:
    """Return what plays until no note was lost, or often enough."""

    def play(*scenario: str, **environment: str) -> dict[str, Any]:
        for _ in range(TRIES):
            done = run(*scenario, **environment)
            if done.returncode == 0:
                found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
                if not found["lost"]:
                    return found
        assert done.returncode == 0, done.stdout + done.stderr
        return found

    return play


def check(found: dict[str, Any]) -> None:
    assert found["answered"] == found["played"] > 0, found
    assert "PipeWire" in found["server"]
    assert found["exit"] == 0, found
    assert found["median_ms"] < FELT_MS, found


def check_restarted(found: dict[str, Any]) -> None:
    check(found)
    assert sum("the JACK server has ended" in line for line in found["said"]) == 2
    assert sum("the JACK server is back" in line for line in found["said"]) == 2


@pytest.mark.parametrize("how", [(), ("--pw-jack",)])
def test_all_notes_are_answered_soon_with_and_without_pw_jack(here: Play, how: tuple[str, ...]) -> None:
    found = here("duet", *how)
    check(found)
    assert found["played"] == 40


def test_auto_is_pipewire_where_it_runs(here: Play) -> None:
    check(here("duet", "--api", "auto"))


def test_the_performers_own_latency_wins(here: Play) -> None:
    found = here("duet", PIPEWIRE_LATENCY="1024/48000")
    assert found["answered"] == found["played"]
    assert found["median_ms"] > FELT_MS


@pytest.mark.parametrize("how", [(), ("--named",)])
def test_pipewire_is_killed_and_started_again_and_all_notes_are_answered(here: Play, how: tuple[str, ...]) -> None:
    check_restarted(here("restart", *how))


VERSION = "from antiphon.midi import libjack; print(libjack.load().jack_get_version_string().decode())"


@pytest.mark.parametrize(("how", "is_pipewire"), [((), False), (("pw-jack",), True)])
def test_where_jackd_runs_too_pw_jack_says_which_is_meant(
    run_here: Run, jack_server: dict[str, str], how: tuple[str, ...], is_pipewire: bool
) -> None:
    jackd = f"JACK_DEFAULT_SERVER={jack_server['JACK_DEFAULT_SERVER']}"
    done = run_here("run", "env", jackd, *how, sys.executable, "-c", VERSION)
    assert ("PipeWire" in done.stdout) == is_pipewire, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr


def test_on_debian_13_all_notes_are_answered_and_ports_and_named_peers_come_back(trixie: Machine) -> None:
    def run(*scenario: str) -> subprocess.CompletedProcess[str]:
        # As root, whose threads may be real-time ones: an ordinary user gets that from the desktop's own services.
        command = (".venv/bin/python", "tests/platforms/pipewire.py", *scenario)
        return trixie.run(*command, cwd=CHECKOUT, user="root", timeout=120)

    play = whole(run)
    found = play("duet", "--api", "auto")
    check(found)
    assert found["played"] == 40
    assert "PipeWire 1.4" in found["server"]
    check(play("duet", "--pw-jack"))
    check_restarted(play("restart"))
    check_restarted(play("restart", "--named"))


def test_where_pipewire_runs_root_gets_no_jackd_installed(trixie: Machine) -> None:
    line = "timeout --signal=INT 10 python3 bootstrap.py run --no-stage --no-record"
    beside = (".venv/bin/python", "tests/platforms/pipewire.py", "run", "sh", "-c", line)
    done = trixie.run(*beside, cwd=CHECKOUT, user="root")
    assert "listens to   Antiphon in" in done.stdout, done.stderr
    assert "bootstrap:" not in done.stderr
    assert trixie.run("sh", "-c", "command -v jackd").returncode != 0
