"""Storage: text, JSON and array files and folders of text files, each written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from antiphon.errors import UserError
from antiphon.files import check_folder, write_folder_whole, write_whole


def write_text(path: Path, text: str) -> None:
    """Write a text file."""
    write_whole(path, lambda beside: beside.write_bytes(text.encode()))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, indented."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file line by line."""

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            file.writelines(line.encode() for line in lines)

    write_whole(path, write)


def replace_folder(
    folder: Path, files: Callable[[], Iterable[tuple[str, str]]], is_ours: Callable[[Path], bool]
) -> None:
    """Write a folder of text files in the place of an earlier one, of which nothing survives.

    Args:
        folder: where.
        files: gives paths below the folder and contents, one by one and the same each time it is called.
        is_ours: tells whether a path below the folder (a file) is one that an earlier run wrote.

    Raises:
        UserError: the folder holds other files; nothing was changed.
    """
    check_folder(folder)
    there = 0
    for path in folder.rglob("*"):
        if path.is_file():
            there += 1
            if not is_ours(path.relative_to(folder)):
                raise UserError(
                    f"{path}: was not written by Antiphon, and {folder} is to be replaced; name another folder"
                )
    if _are_there(folder, files(), there):
        return  # thousands of small files are read much faster than written

    def write(beside: Path) -> None:
        for name, content in files():
            (beside / name).parent.mkdir(exist_ok=True)
            (beside / name).write_bytes(content.encode())

    write_folder_whole(folder, write)


def _are_there(folder: Path, files: Iterable[tuple[str, str]], there: int) -> bool:
    """Return whether the `there` files of a folder are these."""
    count = 0
    for name, content in files:
        count += 1
        try:
            with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123  a third of the time is Path's
                if count > there or file.read() != content.encode():
                    return False
        except OSError:
            return False
    return count == there
