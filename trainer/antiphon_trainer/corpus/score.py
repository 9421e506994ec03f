"""One song as written: what every reader, of whatever format, returns. Plain values, judged and changed elsewhere."""

from __future__ import annotations

from typing import Literal

import msgspec

KeySource = Literal["record", "signature", "analysis"]
Mode = Literal["major", "minor", ""]


class WrittenNote(msgspec.Struct, frozen=True, array_like=True):
    """A note or, with no pitch, a rest, as written."""

    pitch: int | None
    """MIDI note number; of a chord, the top note's."""
    quarter_length: float
    tied: bool = False
    """A tie leads from here to the next note."""


class WrittenBar(msgspec.Struct, frozen=True, array_like=True):
    """A bar, from a written barline to the next."""

    start: float
    """In quarter lengths from the beginning."""
    length: float
    """What the metre says a bar lasts, in quarter lengths; 0 where the score names no metre."""


class Score(msgspec.Struct, frozen=True, tag=True):
    """One song as written: the first part's top line, without grace notes."""

    title: str
    number: str
    """The catalogue number (kern: the record `!!!SCT`; ABC: the field `N:`), or empty."""
    copyright: str
    sharps: int
    """The key signature of the song's key; flats are negative."""
    key_source: KeySource
    notes: list[WrittenNote]
    bars: list[WrittenBar] = []
    """By their starts; empty where the score names no metre at all."""
    mode: Mode = ""
    """Empty where the score only has a signature."""


class Unreadable(msgspec.Struct, frozen=True, tag=True):
    """Why a file is no score."""

    reason: str
    """The kind of reason, the same words for every such file."""
    detail: str = ""


Parsed = Score | Unreadable


class NoScore(Exception):
    """A file is no score: raised by a reader with a reason, the same words for every such file, and a detail."""


TOO_LARGE, TOO_LONG = "too large for a melody", "too long for a melody"
"""Reasons that several readers give."""
