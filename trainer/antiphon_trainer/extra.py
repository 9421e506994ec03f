"""The check that the extra `antiphon[trainer]` is installed, without importing its large libraries."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from antiphon.errors import UserError

_LIBRARIES = ("keras", "matplotlib", "music21", "rich", "tensorflow")
_NEWEST_PYTHON = (3, 13)
"""The newest for which TensorFlow has wheels."""


def require() -> None:
    """Check that the trainer's libraries are installed.

    Raises:
        UserError: one is missing; the message says how to install it.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    here = sys.version_info[:2]
    if "tensorflow" in missing and here > _NEWEST_PYTHON:
        has, best = (".".join(map(str, version)) for version in (here, _NEWEST_PYTHON))
        raise UserError(
            f"the trainer needs TensorFlow, which has no wheels for Python {has}; take Python {best} for it"
        )
    if missing:
        raise UserError(f'the trainer needs {", ".join(missing)}: pip install "antiphon[trainer]"')
