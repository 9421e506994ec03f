"""Files and folders written whole or not at all, so that what the user had is never half lost."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from antiphon.errors import UserError

_PART = 1 << 20
"""Bytes that are asked for at once: a buffer of that size is made before it is known how many will come."""
_FAR = 1 << 30
"""Where Windows, which locks bytes and not files, puts the lock: beyond what anybody reads."""


_REPLACE_TRIES, _REPLACE_SECONDS = 20, 0.05
"""How often the renaming of a file is tried, and after how many seconds again, on Windows."""


def read_file(path: Path, most: int) -> bytes:
    """Return the content of a regular file, or of the one that a link points to.

    Never more than `most` bytes are read, whatever the file system says of the size, and nothing waits: opening a FIFO
    would, until somebody writes to it.

    Args:
        path: of the file.
        most: bytes that it may have.

    Raises:
        UserError: it is a folder, a device, a FIFO or a socket; or it has more bytes.
        OSError: it isn't there, or can't be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path, flags)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path}: is {kind_of(status.st_mode)}; a file is needed there")
        content = bytearray()
        while status.st_size <= most and len(content) <= most:
            part = os.read(handle, min(_PART, most + 1 - len(content)))
            if not part:
                return bytes(content)
            content += part
    finally:
        os.close(handle)
    raise UserError(f"{path}: has {max(status.st_size, most + 1):,} bytes; at most {most:,} are read")


def check_regular(path: Path) -> None:
    """Check that what a library will open is a regular file, or a link to one: opening a FIFO may wait for ever.

    Raises:
        UserError: it is something else.
        OSError: it isn't there, or nobody may look.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: is {kind_of(mode)}; a file is needed there")


def check_folder(path: Path) -> None:
    """Check that a folder to write files into is one, or a link to one, or isn't there yet.

    Raises:
        UserError: it is something else.
    """
    if os.path.lexists(path) and not path.is_dir():
        raise UserError(f"{path}: is {kind_of(path.lstat().st_mode)}; a folder is needed there")


def kind_of(mode: int) -> str:
    """Return what is not a regular file, in words; `mode` is as in `os.stat_result`."""
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFREG: "a file",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def write_whole(path: Path, write: Callable[[Path], object], private: bool = False) -> None:
    """Let `write` write a file beside `path`, under a name with the same ending, and rename it into place.

    The folder is made if need be. A file that stood there gives its mode and, where this user may give it away, its
    owner to the new one; otherwise the mode follows the umask.

    Args:
        path: where the file shall be.
        write: is given the path to write to: an empty file.
        private: a new file is for this user alone.

    Raises:
        UserError: what stands at `path` is a link, a folder, a device, a FIFO or a socket; it stays.
        OSError: there is no room; what stood at `path` is still there, and nothing beside it.
    """
    before = status_before(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # What replaces a file is private until it has that one's mode.
    beside = _new_file_beside(path, 0o666 if before is None and not private else 0o600)
    try:
        mode = stat.S_IMODE(beside.stat().st_mode)
        write(beside)  # which may put another file in its place
        beside.chmod(mode)
        if before is not None:
            _take_over(beside, before)
        _replace(path, beside)
    finally:
        beside.unlink(missing_ok=True)


def _replace(path: Path, beside: Path) -> None:
    """Rename a file into the place of another one.

    Windows refuses as long as any program has either of them open, as a virus scanner has a new file for a moment.
    """
    for _ in range(_REPLACE_TRIES if sys.platform == "win32" else 0):
        with contextlib.suppress(PermissionError):
            beside.replace(path)
            return
        time.sleep(_REPLACE_SECONDS)
    beside.replace(path)


def status_before(path: Path, kind: int = stat.S_IFREG) -> os.stat_result | None:
    """Return the status of what stands where a file (or another `kind`: a folder) shall be; None if nothing does.

    Raises:
        UserError: it isn't of that kind.
    """
    try:
        before = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_IFMT(before.st_mode) != kind:
        instead = kind_of(kind).replace("a ", "another ")
        raise UserError(f"{path}: is {kind_of(before.st_mode)}, which isn't replaced; name {instead}")
    return before


def _new_file_beside(path: Path, mode: int) -> Path:
    """Make an empty file beside `path`, under a hidden name that nobody has; the umask takes from the mode."""
    while True:
        beside = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
            return beside


def _take_over(path: Path, before: os.stat_result) -> None:
    """Give a file or folder the owner and the mode of the one that it replaces."""
    if sys.platform != "win32":
        for owner in ((-1, before.st_gid), (before.st_uid, -1)):
            with contextlib.suppress(OSError):  # only root gives files away, and some disks know no owners
                os.chown(path, *owner)
    path.chmod(stat.S_IMODE(before.st_mode) & ~(stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX))


def _take_all_over(folder: Path, before: Path) -> None:
    """Give the files and folders in a folder the owners and modes of those in the one that it replaces."""
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # there was none
            status = (before / path.relative_to(folder)).lstat()
            if not path.is_symlink() and stat.S_IFMT(status.st_mode) == stat.S_IFMT(path.stat().st_mode):
                _take_over(path, status)


def open_privately(path: str, flags: int) -> int:
    """Open a regular file for this user alone, and not through a link; an `opener`.

    Raises:
        OSError: it can't be opened, or is a FIFO or a device.
    """
    handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileExistsError(errno.EEXIST, "no regular file", path)
    return handle


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


def sync(handle: int) -> None:
    """See to it that what was written to an open file outlasts a power cut.

    Raises:
        OSError: the disk is full or gone.
    """
    if sys.platform == "darwin":
        import fcntl

        # There fsync() leaves it in the drive's own memory (developer.apple.com: fsync(2)).
        with contextlib.suppress(OSError):  # a network disk knows only the other way
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)


def sync_folder(folder: Path) -> None:
    """See to it that names which were made or changed in a folder outlast a power cut, where the system knows how."""
    with contextlib.suppress(OSError):  # Windows opens no folders, and some network disks don't sync them
        handle = os.open(folder, os.O_RDONLY)
        try:
            sync(handle)
        finally:
            os.close(handle)


def write_folder_whole(folder: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new folder beside `folder`, and put it in its place.

    A folder that stood there, and each file and folder in it, gives its mode and owner to the new one in its place;
    otherwise the mode follows the umask.

    Raises:
        UserError: what stands at `folder` is a link or no folder; it stays.
        OSError: there is no room; what stood at `folder` is still there, and nothing beside it.
    """
    status = status_before(folder, stat.S_IFDIR)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f".{folder.name}-{secrets.token_hex(8)}")
    beside.mkdir()
    try:
        write(beside)
        if status is not None:
            _take_over(beside, status)
            _take_all_over(beside, folder)
            before = beside.with_name(f"{beside.name}-before")
            folder.rename(before)
            beside.rename(folder)
            shutil.rmtree(before)
        else:
            beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
