"""System packages that these tests need: installed where that goes without asking, else the tests are skipped."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path

import pytest

import bootstrap


def need(**packages: str) -> None:
    """See to it that programs are there, each given with the Debian package that has it (`_` stands for `-`)."""
    with Path(tempfile.gettempdir(), "antiphon-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other tests install something too, and apt waits for nobody
        missing = [package for program, package in packages.items() if shutil.which(program.replace("_", "-")) is None]
        if not missing:
            return
        if not bootstrap.can_apt():
            pytest.skip(f"{', '.join(missing)} is missing; run: {bootstrap.apt_line(missing)}")
        try:
            bootstrap.apt_install(missing, "these tests play on PipeWire")
        except bootstrap.SetUpError as error:
            pytest.skip(str(error))
