"""The check that the extra `antiphon[trainer]` is installed, without importing its large libraries."""

from __future__ import annotations

from importlib.util import find_spec

from antiphon.errors import UserError

_LIBRARIES = ("keras", "matplotlib", "music21", "rich", "tensorflow")


def require() -> None:
    """Check that the trainer's libraries are installed.

    Raises:
        UserError: one is missing; the message says how to install it.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise UserError(f'the trainer needs {", ".join(missing)}: pip install "antiphon[trainer]"')
