"""A real disk that is really full: a small tmpfs with a file that takes what there is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE = 512 * 1024
ROOM = 64 * 1024
"""Bytes left beside the ballast."""


@contextmanager
def full_disk(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a folder on a disk with little room, and the file whose removal makes room."""
    if sys.platform != "linux":
        pytest.skip("mounts a tmpfs, which Linux has")
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a full disk needs the right to mount one: {mounted.stderr.strip()}")
    try:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(SIZE - ROOM))
        yield folder, ballast
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
