"""A process beside the playing one, with a pipe to it and one from it: how it is started and ended."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from antiphon.errors import DEBUG

CLOSE_SECONDS = 1.0
"""What its end may take before it is ended."""


def start(module: str) -> subprocess.Popen[bytes]:
    """Start a module, as `python -m` names it; what it and its libraries say on standard error is for debugging.

    Raises:
        OSError: it can't be started.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get(DEBUG) else subprocess.DEVNULL,
        **apart(),
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that has been told to end, and end it where that takes too long."""
    try:
        process.wait(CLOSE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def apart() -> dict[str, Any]:
    """Return `Popen`'s options for one that neither Ctrl-C nor the terminal's end reaches: they are for who plays."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}  # a console of its own, which nobody sees
    return {"start_new_session": True}
