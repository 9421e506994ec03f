"""A newcomer on a Debian that has nothing but its Python: README's first line sets Antiphon up, and they play a duet.

ANTIPHON_SUITES="bookworm trixie forky" plays on these releases of Debian; without it on 13, trixie.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

import pytest

from tests.daemon.pages import page
from tests.platforms.conftest import NewMachine
from tests.platforms.machine import PYTHON_ALONE, Machine

SUITES = os.environ.get("ANTIPHON_SUITES", "trixie").split()
SET_UP_SECONDS = 180.0
"""From README's first line to the first answer: what a newcomer may be asked to wait, downloads included."""
MELODY = (60, 62, 64, 65, 67, 65, 64, 62)


@contextmanager
def antiphon(machine: Machine, checkout: str) -> Iterator[tuple[str, list[str]]]:
    """Run README's first line as the player; yield the page's address and what was said. It ends with Ctrl-C."""
    command = ("python3", "bootstrap.py", "run", "--stage-port", "0")
    running = machine.start(*command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert running.stdout
    said: list[str] = []
    too_late = Timer(SET_UP_SECONDS, machine.send, (running, signal.SIGKILL))
    too_late.start()
    try:
        for line in running.stdout:
            said.append(line.strip())
            if all(any(each.startswith(start) for each in said) for start in ("Play. ", "stage page ")):
                break
        else:
            pytest.fail(f"it never played: {said}")
        too_late.cancel()
        yield next(line.split()[-1] for line in said if line.startswith("stage page  ")), said
        machine.send(running, signal.SIGINT)
        said += running.stdout.read().splitlines()
        assert running.wait(timeout=60) == 0, said
        assert "every note has ended" in said[-1]
    finally:
        too_late.cancel()
        machine.send(running, signal.SIGKILL)
        running.wait(timeout=60)


def play_on_the_page(url: str) -> None:
    """Play a melody on the page; every note of it is answered."""
    with page(url) as opened:
        for pitch in MELODY:
            opened.play(0x90, pitch, 90)
            opened.wait_for_answer()
            opened.play(0x80, pitch, 0)
            opened.wait_for_answer("note_off")


@pytest.mark.parametrize("suite", SUITES)
def test_a_newcomer_plays_on_the_page_and_then_on_midi_ports(new_machine: NewMachine, suite: str) -> None:
    with new_machine(suite, *PYTHON_ALONE) as machine:
        there = machine.copy_checkout()
        tools = machine.run("sh", "-c", "command -v cc c++ gcc make pip pip3 uv jackd sudo; true").stdout
        assert tools == ""
        start = time.monotonic()
        with antiphon(machine, there) as (url, said):
            play_on_the_page(url)
            seconds = time.monotonic() - start
        version = machine.run("python3", "--version").stdout.strip()
        print(f"{suite}, {version}: {seconds:.0f} s from README's first line to the end of a duet")  # noqa: T201
        assert seconds < SET_UP_SECONDS
        # What it says on the way is true: the package that it names brings MIDI, and nothing else is needed.
        advice = [found[1] for line in said if (found := re.search(r"run: sudo (apt-get install -y .*)", line))]
        assert advice == ["apt-get install -y jackd2"], said
        quick = f"{advice[0]} --no-install-recommends"
        installed = machine.run("sh", "-c", quick, user="root", DEBIAN_FRONTEND="noninteractive")
        assert installed.returncode == 0, installed.stderr
        with antiphon(machine, there) as (_, said):
            assert any("started a JACK server" in line for line in said), said
            duet = machine.run(f"{there}/.venv/bin/python", f"{there}/tests/platforms/duet.py", timeout=100)
            assert duet.returncode == 0, duet.stdout + duet.stderr
        found = json.loads(duet.stdout)
        print(f"{suite}, {version}: {found}")  # noqa: T201
        assert found["answered"] == found["played"] > 0
        assert found["hang"] == 0


@pytest.mark.parametrize("suite", SUITES)
def test_where_nothing_can_be_fetched_one_line_names_all_that_is_missing(new_machine: NewMachine, suite: str) -> None:
    with new_machine(suite, *PYTHON_ALONE) as machine:
        there = machine.copy_checkout()
        machine.run("sh", "-c", "rm -r /var/lib/apt/lists/*", user="root")
        done = machine.run("python3", "bootstrap.py", "run", cwd=there)
        assert done.returncode == 1
        (said,) = done.stderr.splitlines()
        version = machine.run("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").stdout.strip()
        assert f"run: sudo apt-get install -y python{version}-venv jackd2 (" in said
