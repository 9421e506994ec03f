"""Text from outside (names of ports, files and sessions, manifests), made fit for a terminal, a log or the page."""

from __future__ import annotations

import re

_SURROGATES = re.compile("[\ud800-\udfff]")
"""What Python makes of the bytes of a file's name that isn't UTF-8."""
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control codes, which steer terminals; line ends of all kinds, which forge lines; and the bidirectional controls,
which show a text in another order than it has (Unicode Technical Report 36)."""


def printable(text: str) -> str:
    r"""Return a text on one line without control codes: they are shown as Python writes them, such as `\x1b`.

    What isn't Unicode is shown as U+FFFD, the replacement character. The result can always be encoded as UTF-8.
    """
    if text.isprintable():
        return text
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], _SURROGATES.sub("\ufffd", text))
