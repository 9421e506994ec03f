"""Standard output and standard error: the one way to them, and letters that they take whatever their encoding.

All that people read is printed by `say` and `say_json`, so that no name from outside steers a terminal.

A pipe or a file on Windows has the code page of the country, say cp1252. There a ✓, or a port's name in another script,
would end the command with an error. Signs of ours get a likeness, all other letters their number.
"""

from __future__ import annotations

import codecs
import io
import json
import sys
from typing import Any

import msgspec

from antiphon.printable import printable

_LIKENESS = dict(
    pair.split(":")
    for pair in (
        *("✓:ok", "✗:!!", "→:->", "←:<-", "↔:<->", "…:...", "·:-", "–:-", "—:-", "−:-"),
        *("×:x", "µ:u", "≤:<=", "≥:>=", "♯:#", "♭:b", "½:1/2", "²:^2", "³:^3"),
    )
)
"""Sign → what it is written as where it can't be."""
_ERRORS = "likeness"
"""The name of our way with errors, for Python."""


def say(line: str, err: bool = False) -> None:
    """Print a line, on standard output or on standard error; control codes in it are shown, not obeyed."""
    print(printable(line), file=sys.stderr if err else sys.stdout, flush=True)


def say_json(content: Any) -> None:
    """Print JSON for programs on standard output: indented, and in ASCII, so that it holds no control code either."""
    print(json.dumps(msgspec.to_builtins(content), indent=1), flush=True)  # noqa: T201


def bear_any_letter() -> None:
    """Let standard output and standard error take letters that their encodings don't have."""
    codecs.register_error(_ERRORS, _likeness)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # there may be none, or a test's
            stream.reconfigure(errors=_ERRORS)


def _likeness(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for letters that can't be encoded, and where to go on; for `codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(
        _LIKENESS.get(each) or ascii(each)[1:-1] for each in error.object[error.start : error.end]
    ), error.end
