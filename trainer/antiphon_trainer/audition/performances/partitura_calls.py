"""Calls of partitura, which warns and prints where it meets what it doesn't expect."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from antiphon.errors import UserError


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what partitura has to say from the terminal."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read a file with partitura.

    Raises:
        UserError: it can't; the message names the file.
    """
    try:
        with quiet():
            yield
    except Exception as error:  # noqa: BLE001 - whatever a parser of foreign files raises
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"{path}: partitura can't read it ({why})") from None
