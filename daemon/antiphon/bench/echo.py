"""A bare echo, as a process of its own on virtual ports, until its input ends: what MIDI costs without Antiphon."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from typing import cast

from antiphon.midi.backend import System
from antiphon.midi.backends import load_backend

NAME = "Bench echo"


def main() -> None:
    """Echo on the MIDI system that the argument names."""
    system = cast(System, sys.argv[1])
    backend = load_backend()
    out = backend.output(system, f"{NAME} out")

    def send_back(message: Sequence[int]) -> None:
        out.send(bytes(message))

    with closing(backend.input(system, f"{NAME} in", send_back)) as ears:
        out.open_virtual(f"{NAME} out")
        ears.open_virtual(f"{NAME} in")
        print("ready", flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    main()
