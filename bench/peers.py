"""The programs that Antiphon is compared with: each is installed in an environment of its own and asked for figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Peer:
    """A published package, and the program here that measures it."""

    package: str
    pinned: str
    torch: str = ""
    """Its requirement of torch, so that the build without CUDA, which is far smaller, is tried first."""

    @property
    def program(self) -> Path:
        """The program that runs in its environment: numbers of notes in, their durations out."""
        return BENCH / f"peer_{self.package}.py"


NOTOCHORD = Peer("notochord", "0.8.0", torch="torch>=1.13,<2.11")
IMPSY = Peer("impsy", "1.2.1")
CPU_TORCH = "https://download.pytorch.org/whl/cpu"


class Skipped(Exception):
    """A peer can't be measured here; the message says why."""


def install(peer: Peer, folder: Path, python: str) -> str:
    """Return the Python of a peer's environment, which is made where there is none.

    Raises:
        Skipped: it can't be installed.
    """
    found = folder / peer.package / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = f"{peer.package}=={peer.pinned}"
    check = f"from importlib.metadata import version; assert version({peer.package!r}) == {peer.pinned!r}"
    if found.exists() and _does([str(found), "-c", check]) is None:
        return str(found)
    say(f"installing {wanted} in {found.parent.parent} …")
    pip = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    problem = _does([python, "-m", "venv", str(found.parent.parent)])
    if peer.torch and problem is None:
        _does([*pip, "--retries", "0", "--index-url", CPU_TORCH, peer.torch])
    problem = problem or _does([*pip, wanted])
    if problem is not None:
        raise Skipped(f"{wanted} can't be installed: {problem}")
    return str(found)


def _does(command: list[str]) -> str | None:
    """Run a command; return what went wrong, in one line."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    if done.returncode == 0:
        return None
    said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    errors = [line for line in said if line.startswith("ERROR")]
    return (errors or said or [f"exit code {done.returncode}"])[-1]


@contextmanager
def running(peer: Peer, venvs: Path, python: str) -> Iterator[Callable[[int | None], dict[str, Any]]]:
    """Start a peer's program; yield what asks it for a number of notes, or about itself with None.

    Raises:
        Skipped: it can't be installed or doesn't start.
    """
    command = [install(peer, venvs, python), str(peer.program), str(venvs / f"{peer.package}-files")]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    log = venvs / f"{peer.package}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        )

    def ask(notes: int | None) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101
        if notes is not None and process.poll() is None:
            process.stdin.write(f"{notes}\n")
            process.stdin.flush()
        if not (reply := process.stdout.readline()):
            last = log.read_text().strip().splitlines()[-1:]
            raise Skipped(f"{peer.package} {peer.pinned} ended: {''.join(last)} ({log})")
        answered: dict[str, Any] = json.loads(reply)
        return answered

    try:
        yield ask
    finally:
        process.communicate()


def say(text: str) -> None:
    """Tell the user what is being done; standard output is for the result."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
