"""The machines of these tests are what they claim to be: their own processes, and nothing that lasts."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tests.platforms.conftest import NewMachine
from tests.platforms.machine import PYTHON_ALONE


def test_a_machine_has_processes_and_files_of_its_own_and_leaves_nothing(new_machine: NewMachine) -> None:
    with new_machine("trixie", *PYTHON_ALONE) as machine:
        assert machine.run("sh", "-c", "id -un; cat /etc/debian_version").stdout.startswith("player\n13")
        seen = machine.run("sh", "-c", "touch /etc/kept; touch kept; ls -d /proc/[0-9]*", user="root").stdout
        assert len(seen.split()) < 10
        sleeper = machine.start("sh", "-c", "echo here; exec sleep 600", stdout=subprocess.PIPE)
        assert sleeper.stdout and sleeper.stdout.readline() == "here\n"
        stopped = machine.start("sh", "-c", "echo here; exec sleep 600", stdout=subprocess.PIPE)
        assert stopped.stdout and stopped.stdout.readline() == "here\n"
        machine.send(stopped, signal.SIGTERM)
        stopped.wait(timeout=10)
        assert sleeper.poll() is None
        first = machine.first
    sleeper.wait(timeout=10)
    assert not Path(f"/proc/{first}").exists()
    with new_machine("trixie", *PYTHON_ALONE) as machine:
        assert machine.run("ls", "/etc/kept", user="root").returncode != 0


def test_a_machine_has_nothing_but_python_and_a_copy_of_the_checkout(new_machine: NewMachine) -> None:
    with new_machine("trixie", *PYTHON_ALONE) as machine:
        there = machine.copy_checkout()
        names = machine.run("ls", "-A", there).stdout.split()
        assert "bootstrap.py" in names
        assert not {".venv", ".git", "node_modules"} & set(names)
        found = machine.run("sh", "-c", "command -v cc c++ gcc pip uv jackd sudo; true").stdout
        assert found == ""
