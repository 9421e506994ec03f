"""Writing files whole or not at all: beside their place first, then renamed into it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.errors import UserError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` write a file beside `path`, under a name with the same ending, and rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        beside.chmod(0o644)  # mkstemp is private; what we write isn't
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file."""
    write_whole(path, lambda beside: beside.write_bytes(text.encode()))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file for people to read too."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write a `.npy` file."""
    write_whole(path, lambda beside: np.save(beside, array, allow_pickle=False))


def replace_folder(folder: Path, files: Mapping[str, str], is_ours: Callable[[Path], bool]) -> None:
    """Write a folder of text files in the place of an earlier one, of which nothing survives.

    Args:
        folder: where.
        files: path below the folder → content.
        is_ours: tells whether a path below the folder (a file) is one that an earlier run wrote.

    Raises:
        UserError: the folder holds something else; nothing was touched.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file; a folder is needed there")
    strange = next((p for p in folder.rglob("*") if p.is_file() and not is_ours(p.relative_to(folder))), None)
    if strange is not None:
        raise UserError(f"{strange}: was not written by Antiphon, and {folder} is to be replaced; name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        beside.chmod(0o755)
        for name, content in files.items():
            (beside / name).parent.mkdir(exist_ok=True)
            (beside / name).write_bytes(content.encode())
        if folder.is_dir():
            before = beside.with_name(f"{beside.name}-before")
            folder.rename(before)
            beside.rename(folder)
            shutil.rmtree(before)
        else:
            beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
