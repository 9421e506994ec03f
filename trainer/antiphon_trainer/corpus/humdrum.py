"""Humdrum: a file's pieces, and a piece's rows, whose columns split, join, swap, open and close on the way.

A file is rows of tokens with tabs between, one token a column. A spine is what begins with an exclusive interpretation
(`**kern`); it may split into several columns, its voices, and join again. The path tokens are Humdrum's:
`*^` splits a column, neighbouring `*v` join, two `*x` swap, `*+` opens a spine to the right, `*-` closes a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Literal, NamedTuple

from antiphon_trainer.corpus.score import NoScore

NULL = "."
DAMAGED = "its spines don't fit together"
"""The reason for a file whose columns can't be followed."""
CUT_OFF = "it ends before its spines do"

_PIECE = re.compile(rb"^\*-(?:\t\*-)*[ \t]*\r?\n(?=(?:[ \t]*\r?\n|!.*\n)*\*\*)", re.MULTILINE)
"""Where one piece of a file ends: all columns close, and a line with an exclusive interpretation is still to come."""
_LINE_END = re.compile(r"\r\n|[\x01-\x08\x0a-\x1f]")
"""A control character that isn't a tab is a line end that was damaged on its way (a song of Essen has a backspace)."""
_PATHS = frozenset(("*^", "*v", "*x", "*+", "*-"))


@dataclass(eq=False, slots=True)
class Column:
    """A column: one voice of a spine."""

    spine: int
    """Which spine it belongs to, counted from 0 in the order in which they begin."""
    kind: str
    """Of the spine: `kern`, `text` …; empty until its exclusive interpretation comes."""
    end: Fraction = Fraction(0)
    """Where its last note ends, in quarter lengths; the reader of the notes keeps it."""
    is_loose: bool = False
    """Nothing of it sounds: it has just split off, or its last note ended before a row that has nothing for it."""


class Row(NamedTuple):
    """A line that holds more than paths of columns and comments."""

    line: int
    """Its number in the piece, from 1."""
    kind: Literal["interpretation", "barline", "data"]
    cells: list[tuple[Column, str]]
    """Every column with its token."""


def pieces(content: bytes) -> list[bytes]:
    """Take a file with several pieces, one after the other, apart; what stands between two belongs to the later."""
    starts = [0, *(match.end() for match in _PIECE.finditer(content))]
    return [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]


def rows(text: str) -> Iterator[Row]:
    """Yield the rows of a piece.

    Raises:
        NoScore: a row has more or fewer tokens than there are columns, or the columns can't be followed.
    """
    columns: list[Column] = []
    spines = 0
    for number, line in enumerate(_LINE_END.split(text), start=1):
        if not line.strip() or line.startswith("!"):
            continue
        tokens = line.split("\t")
        if not columns and all(token.startswith("**") for token in tokens):
            if spines:
                raise NoScore("several pieces in one", f"the next begins in line {number}")
            columns = [Column(spine, token[2:]) for spine, token in enumerate(tokens)]
            spines = len(columns)
            continue
        if len(tokens) != len(columns):
            raise NoScore(DAMAGED, f"line {number} has {len(tokens)} columns, but {len(columns)} are open")
        if not line.startswith("*"):
            yield Row(number, "barline" if line.startswith("=") else "data", list(zip(columns, tokens, strict=True)))
            continue
        if not all(token.startswith("*") for token in tokens):
            raise NoScore(DAMAGED, f"line {number} mixes notes and interpretations")
        if not _PATHS.isdisjoint(tokens):
            columns = _followed(columns, tokens, spines, number)
            spines += tokens.count("*+")
            continue
        for column, token in zip(columns, tokens, strict=True):
            if token.startswith("**"):
                column.kind = token[2:]
        yield Row(number, "interpretation", list(zip(columns, tokens, strict=True)))
    if columns:
        raise NoScore(CUT_OFF, f"no *- closes {len(columns)} of its columns")


def _followed(columns: list[Column], tokens: list[str], spines: int, line: int) -> list[Column]:
    """Return the columns behind a row of paths; `spines` have begun so far."""
    after: list[Column] = []
    for path, group in groupby(zip(columns, tokens, strict=True), key=lambda cell: cell[1]):
        run = [column for column, _ in group]
        if path == "*v":
            after.append(_joined(run, line))
        elif path == "*x":
            if len(run) != 2:
                raise NoScore(DAMAGED, f"line {line} swaps {len(run)} columns (*x); it takes two side by side")
            after += reversed(run)
        elif path == "*^":
            for column in run:
                after += [column, Column(column.spine, column.kind, column.end, is_loose=True)]
        elif path == "*+":
            for column in run:
                after += [column, Column(spines, "", column.end, is_loose=True)]
                spines += 1
        elif path != "*-":
            after += run
    return after


def _joined(run: list[Column], line: int) -> Column:
    if len(run) < 2:
        raise NoScore(DAMAGED, f"line {line} joins a column (*v) with none beside it")
    if len({column.kind for column in run}) > 1:
        raise NoScore(DAMAGED, f"line {line} joins spines of different kinds (*v)")
    return run[0]
