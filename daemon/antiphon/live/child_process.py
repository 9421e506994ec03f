"""A process beside the playing one, which ends when that one does and not by itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any


def apart() -> dict[str, Any]:
    """Return `Popen`'s options for one that neither Ctrl-C nor the terminal's end reaches: they are for who plays."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}  # a console of its own, which nobody sees
    return {"start_new_session": True}
