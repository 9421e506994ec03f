"""Quiet: C++ libraries talk to stderr as they start, load and look around; none of that is for the user."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from antiphon.errors import DEBUG


@contextmanager
def silenced() -> Iterator[None]:
    """Keep the process's stderr off the screen, unless `ANTIPHON_DEBUG` is set. Exceptions pass as ever."""
    if os.environ.get(DEBUG):
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    screen = os.dup(2)
    silence()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(screen, 2)
        os.close(screen)


def silence() -> None:
    """Keep the process's stderr off the screen from now on, unless `ANTIPHON_DEBUG` is set."""
    if os.environ.get(DEBUG):
        return
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
