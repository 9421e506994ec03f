"""Files: written whole or not at all, so that what the user had is never half lost."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it into it; what stood there before stays until then.

    Raises:
        OSError: the folder is missing or full; nothing is left behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        beside.chmod(0o644)  # mkstemp's files are private
        beside.replace(path)
    except BaseException:
        beside.unlink()
        raise
