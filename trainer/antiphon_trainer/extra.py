"""The extra `antiphon[trainer]`: the heavy libraries, looked for without importing them."""

from __future__ import annotations

from importlib.util import find_spec

from antiphon.errors import UserError

_LIBRARIES = ("keras", "matplotlib", "music21", "rich", "tensorflow")


def require() -> None:
    """Check that the trainer's libraries are installed.

    Raises:
        UserError: one isn't; the message says what to type.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise UserError(f'the trainer needs {", ".join(missing)}: pip install "antiphon[trainer]"')
