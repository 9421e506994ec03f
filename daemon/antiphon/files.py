"""Files and folders written whole or not at all, so that what the user had is never half lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from io import FileIO
from pathlib import Path

_FAR = 1 << 30
"""Where Windows, which locks bytes and not files, puts the lock: beyond what anybody reads."""


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` write a file beside `path`, under a name with the same ending, and rename it into place.

    The folder is made if need be.

    Raises:
        OSError: there is no room; what stood at `path` is still there, and nothing beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        beside.chmod(0o644)  # mkstemp's files are private
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def open_privately(path: str, flags: int) -> int:
    """Open a file for this user alone, and not through a link; an `opener`."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def lock(file: FileIO) -> bool:
    """Lock a file until it is closed or its process ends, however it ends; return whether nobody else holds it.

    Raises:
        OSError: the file system knows no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def sync_folder(folder: Path) -> None:
    """See to it that names which were made or changed in a folder outlast a power cut, where the system knows how."""
    with contextlib.suppress(OSError):  # Windows opens no folders, and some network disks don't sync them
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_folder_whole(folder: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new folder beside `folder`, and put it in its place.

    Raises:
        OSError: there is no room; what stood at `folder` is still there, and nothing beside it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        beside.chmod(0o755)  # mkdtemp's folders are private
        write(beside)
        if folder.is_dir():
            before = beside.with_name(f"{beside.name}-before")
            folder.rename(before)
            beside.rename(folder)
            shutil.rmtree(before)
        else:
            beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
