"""Compound metres: choosing ABC tunes by their time signature, and 6/8 as the bars of 12/8."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import replace

from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.corpus.songs import Song
from antiphon_trainer.corpus.sources import Source

_METRE = re.compile(rb"^M:[ \t]*([^\s%]+)|\[M:[ \t]*([^\s\]]+)", re.MULTILINE)
"""ABC's field for the time signature, on a line of its own or in the middle of one."""
_SIX, _TWELVE = 12, 24
"""Steps in a bar of 6/8 and of 12/8."""
_THIRD = 3


def is_written_in(source: Source, metres: Collection[str]) -> bool:
    """Tell whether an ABC tune is written in one or more of these time signatures, and in no other.

    A bar's length wouldn't tell: 6/8 and 3/4 have the same.
    """
    try:
        found = {(line or inline).decode(errors="replace") for line, inline in _METRE.findall(source.read())}
    except OSError:  # parsing it says why
        return False
    return bool(found) and found <= set(metres)


def sometimes_in_twelve(song: Song) -> Song:
    """Return a third of the songs in 6/8 in bars of 12/8, chosen by their names, and every other song as it is."""
    drawn = int.from_bytes(hashlib.sha256(song.name.encode()).digest()[:8]) % _THIRD == 0
    is_in_six = bool(song.barlines) and all(line.bar == _SIX for line in song.barlines)
    return replace(song, barlines=in_twelve(song.barlines, len(song.symbols))) if drawn and is_in_six else song


def in_twelve(barlines: list[Barline], steps: int) -> list[Barline]:
    """Return the barlines of a song in 6/8, each two bars of which are one of 12/8.

    Args:
        barlines: of bars of 12 steps; an upbeat and what completes it later may each be a bar of its own.
        steps: of the song.
    """
    ends = [*(line.step for line in barlines[1:]), steps]
    half = 1 if barlines[0].position else 0  # an upbeat comes before the first half
    filled = barlines[0].position
    lines = []
    for line, end in zip(barlines, ends, strict=True):
        lines.append(Barline(line.step, line.position + _SIX * half, _TWELVE))
        filled += end - line.step
        if filled >= _SIX:
            half, filled = 1 - half, 0
    return lines
