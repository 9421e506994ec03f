"""Findings: what the doctor found in each place, what fixes it, and what it all comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

State = Literal["good", "could be better", "must be fixed", "not tried"]

_MARKS: dict[State, str] = {"good": "✓", "could be better": "·", "must be fixed": "✗", "not tried": "?"}
_PLAIN_MARKS: dict[State, str] = {"good": "+", "could be better": ".", "must be fixed": "x", "not tried": "?"}
"""For terminals and pipes whose encoding has no such signs."""


class Finding(msgspec.Struct, frozen=True):
    """What the doctor found in one place."""

    what: str
    state: State
    says: str
    fix: str = ""
    """The command, or the step, that fixes it."""


def must_be_fixed(found: Sequence[Finding]) -> bool:
    """Return whether something would stop a set."""
    return any(finding.state == "must be fixed" for finding in found)


def lines(found: Sequence[Finding], encoding: str) -> Iterator[str]:
    """Yield the findings, a line each, and under it what to do.

    Args:
        found: all of them.
        encoding: of what the lines are written to.
    """
    try:
        "".join((*_MARKS.values(), "→")).encode(encoding)
        marks, arrow = _MARKS, "→"
    except UnicodeEncodeError:
        marks, arrow = _PLAIN_MARKS, "->"
    for finding in found:
        yield f"{marks[finding.state]} {finding.what}: {finding.says}"
        if finding.fix:
            yield f"    {arrow} {finding.fix}"
    yield verdict(found)


def verdict(found: Sequence[Finding]) -> str:
    """Return what the findings come to: that nothing would stop a set is said only where everything was tried."""
    if must_be_fixed(found):
        return "Something must be fixed before a set."
    untried = [finding.what for finding in found if finding.state == "not tried"]
    if untried:
        return f"Nothing was found that would stop a set, but not everything was tried: {', '.join(untried)}."
    return "Nothing would stop a set."
