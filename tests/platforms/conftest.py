"""What tests on other machines share: a machine, or the reason why there is none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from tests.platforms.machine import CantBuild, Machine, machine

NewMachine = Callable[..., AbstractContextManager[Machine]]


@pytest.fixture(scope="session")
def new_machine() -> NewMachine:
    """Return what runs a machine: `with new_machine("trixie", "python3", "pipewire") as machine`.

    Where none can be had the test is skipped, but fails in CI: whoever sees it pass may believe that it was run.
    """

    @contextmanager
    def new(suite: str, *packages: str) -> Iterator[Machine]:
        with ExitStack() as stack:
            try:
                started = stack.enter_context(machine(suite, packages))
            except CantBuild as error:
                (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {suite} machine: {error}")
            yield started

    return new
