"""Storage: text, JSON and array files and folders of text files, each written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.errors import UserError
from antiphon.files import write_folder_whole, write_whole


def write_text(path: Path, text: str) -> None:
    """Write a text file."""
    write_whole(path, lambda beside: beside.write_bytes(text.encode()))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, indented."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write a `.npy` file."""
    write_whole(path, lambda beside: np.save(beside, array, allow_pickle=False))


def replace_folder(folder: Path, files: Mapping[str, str], is_ours: Callable[[Path], bool]) -> None:
    """Write a folder of text files, and remove what an earlier run wrote there.

    Args:
        folder: to write or replace.
        files: path below the folder → content.
        is_ours: returns whether a file, by its path below the folder, is one that an earlier run wrote.

    Raises:
        UserError: the folder holds other files; nothing was changed.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file; a folder is needed there")
    there = [path for path in folder.rglob("*") if path.is_file()]
    strange = next((path for path in there if not is_ours(path.relative_to(folder))), None)
    if strange is not None:
        raise UserError(f"{strange}: was not written by Antiphon, and {folder} is to be replaced; name another folder")
    if {path.relative_to(folder).as_posix() for path in there} == set(files) and all(
        (folder / name).read_bytes() == content.encode() for name, content in files.items()
    ):
        return  # thousands of small files are read much faster than written

    def write(beside: Path) -> None:
        for name, content in files.items():
            (beside / name).parent.mkdir(exist_ok=True)
            (beside / name).write_bytes(content.encode())

    write_folder_whole(folder, write)
