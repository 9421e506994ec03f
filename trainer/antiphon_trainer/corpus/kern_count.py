"""A second count of a `**kern` file's notes, from its lines alone: what `kern` must have read, by other means."""

from __future__ import annotations

import re
from itertools import groupby

from antiphon_trainer.corpus.wholeness import Counted

_STEPS = dict(zip("cdefgab", (60, 62, 64, 65, 67, 69, 71), strict=True))
_LINES = re.compile(r"\r\n|[^\t\x20-\U0010ffff]")


def count_kern(text: str) -> list[Counted]:
    """Count the notes in the first column of the last `**kern` spine that has any; grace notes and rests don't count.

    The text must be a piece that `read_kern` has read: no line is checked.
    """
    lines = list(enumerate(_LINES.split(text), start=1))
    heads = next(line.split("\t") for _, line in lines if line.startswith("**"))
    for place in reversed([place for place, head in enumerate(heads) if head == "**kern"]):
        if counted := _count(lines, place):
            return counted
    return []


def _count(lines: list[tuple[int, str]], place: int) -> list[Counted]:
    """Count the notes in the column at `place` (from 0), which moves as columns to its left come and go."""
    counted: list[Counted] = []
    for number, line in lines:
        tokens = line.split("\t")
        if not line.strip() or line[0] in "!=":
            continue
        if line[0] == "*":
            to_the_right = tokens[place : place + 1] in (["*^"], ["*+"])  # it stays, and the new column stands behind
            place += sum(_grown(token, len(list(run))) for token, run in groupby(tokens[: place + 1])) - to_the_right
        elif place < len(tokens) and tokens[place] != ".":
            words = [word for word in tokens[place].split() if "r" not in word]
            if words and not all(set(word) & set("qQP") for word in words):
                counted.append(_note(f"line {number}", words))
    return counted


def _grown(token: str, run: int) -> int:
    """Return by how many columns a run of equal tokens grows."""
    return {"*^": run, "*+": run, "*v": 1 - run, "*-": -run}.get(token, 0)


def _note(place: str, words: list[str]) -> Counted:
    pitches = {
        _STEPS[letters[0].lower()]
        + 12 * (len(letters) - 1 if letters.islower() else -len(letters))
        + word.count("#")
        - word.count("-")
        for word in words
        for letters in re.findall("[a-gA-G]+", word)[:1]
    }
    number, divisor, dots = re.findall(r"(\d+)%?(\d*)(\.*)", " ".join(words))[0]
    whole = 4 / int(number) if int(number) else 4 * 2 ** len(number)
    return Counted(place, frozenset({max(pitches)}), None, whole * int(divisor or 1) * (2 - 0.5 ** len(dots)))
