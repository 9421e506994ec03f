"""Backends: the libraries that open MIDI ports, and which of them is used.

python-rtmidi is the first where it has wheels (Python 3.11 and 3.12), supriya-midi from 3.13 on; `docs/platforms.md`
has the figures. ANTIPHON_MIDI asks for one of them by name.
"""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache

from antiphon.errors import UserError
from antiphon.midi import libjack
from antiphon.midi.backend import Backend, NoSystem
from antiphon.midi.coremidi import keep_lists_true

CHOICE = "ANTIPHON_MIDI"
"""The environment variable that names the backend: python-rtmidi or supriya-midi."""
_MODULES = {"python-rtmidi": "python_rtmidi", "supriya-midi": "supriya_midi"}
_ORDER = ("supriya-midi", "python-rtmidi") if sys.version_info >= (3, 13) else ("python-rtmidi", "supriya-midi")


@cache
def load_backend() -> Backend:
    """Return the backend of this process; its extension is loaded at the first call.

    Raises:
        UserError: none is installed, or not the one that was asked for.
        NoSystem: a library of the system's is missing, without which it opens no ports (ALSA's, on a bare machine).
    """
    chosen = os.environ.get(CHOICE)
    if chosen and chosen not in _MODULES:
        raise UserError(f"{CHOICE}={chosen}: there are {' and '.join(_MODULES)}; take one, or unset the variable")
    libjack.load(binds=True)
    if sys.platform == "darwin":
        keep_lists_true()
    for name in (chosen,) if chosen else _ORDER:
        try:
            backend: Backend = importlib.import_module(f"{__name__}.{_MODULES[name]}").load()
            return backend
        except ImportError as error:
            library, _, why = str(error).partition(": ")
            if why.startswith("cannot open shared object file"):
                raise NoSystem(f"{library} is missing") from error
    wanted = chosen or _ORDER[0]
    raise UserError(f"{wanted} can't be loaded; install it with: {sys.executable} -m pip install {wanted}")
