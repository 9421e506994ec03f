"""Messages between the playing process and the one that joins Link: JSON, one a line. Times are seconds from the
session's start, beats quarter notes."""

from __future__ import annotations

import msgspec

from antiphon.recording.entries import LinkHeard

PACKAGE = "LinkPython-extern"
"""The distribution that holds Ableton Link."""


class _Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


class Proposal(_Message, frozen=True, tag="proposal"):
    """A tempo that the session is to take over, and its beat too where there is one at `time`."""

    bpm: float
    time: float
    beat: float | None


class Join(_Message, frozen=True, tag="join"):
    """The first line to the process: join, and be told what the session says."""

    start: float
    """When Antiphon's session started, by `antiphon.clock`, which both processes share."""
    quantum: float
    """The length of a bar in quarter notes."""
    leads: bool
    """Whom the process meets first is to take over the tempo of here."""
    first: Proposal
    """The tempo to begin with."""


class Failed(_Message, frozen=True, tag="failed"):
    """Link can't be joined, and why."""

    text: str


ToPeer = Join | Proposal
FromPeer = LinkHeard | Failed
