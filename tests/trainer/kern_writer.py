"""Writes music that was made up in kern, in as many spellings as Humdrum allows: for tests of the reader."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from .abc_writer import FIFTHS as ABC_FIFTHS
from .abc_writer import Bar, Note

BEFORE, AFTER = (
    ("", "", "", "(", "{", "&("),
    ("", "", "", "L", "J", "k", "/", "\\", ")", "}", ";", "'", "~", "T", "x", "t"),
)
COMMENTS = ("!! a comment", "!!!ONB: a record", "!", "*>A", "*MM120", "*clefG2", "*met(c)", '*I"Flute')
BESIDE = {
    "**text": ("la", "le-", "-"),
    "**dynam": ("p", "f", "<"),
    "**harm": ("4.I", "2V", "I"),
    "**mxhm": ("G7", "C", "r"),
}
MODES = {"dor": -2, "phr": -4, "lyd": 1, "mix": -1, "loc": -5}
FIFTHS = [name.replace("b", "-") for name in ABC_FIFTHS]


def length_of(random: Random, quarters: Fraction) -> str:
    """Return a length as kern writes it: 4 is a quarter note, 4. a dotted one, 3%2 two thirds of a whole."""
    spellings = [f"{(4 / quarters).numerator}%{(4 / quarters).denominator}"]
    for dots in (0, 1, 2):
        plain = quarters / (2 - Fraction(1, 2**dots))
        if (4 / plain).denominator == 1:
            spellings += [f"{4 / plain}{'.' * dots}"] * 3
        elif plain in (8, 16, 32):
            spellings.append("0" * {8: 1, 16: 2, 32: 3}[int(plain)] + "." * dots)
    return random.choice(spellings)


def pitch_of(head: tuple[str, int, int]) -> tuple[str, str]:
    """Return letters and accidental."""
    letter, octave, altered = head
    letters = letter.lower() * (octave + 1) if octave >= 0 else letter * -octave
    return letters, "#" * altered if altered > 0 else "-" * -altered


def token(random: Random, note: Note, is_continued: bool) -> str:
    """Return a note's token."""
    length = length_of(random, note.length * note.scale)
    if not note.heads:
        return length + random.choice(("r", "r", "ryy", "rgg"))
    words = []
    for count, head in enumerate(note.heads):
        letters, accidental = pitch_of(head)
        tie = {(True, True): "_", (True, False): "[", (False, True): "]"}.get((note.tied, is_continued), "")
        accidental = accidental or random.choice(("", "n"))
        sounds = letters + random.choice(("", "", "x", "/") if accidental else ("",)) + accidental
        shown = length if count == 0 or random.random() < 0.7 else ""
        before, after = ("", "") if count else (random.choice(BEFORE), random.choice(AFTER))
        words.append(before + ("[" if tie == "[" else "") + shown + sounds + (tie if tie in ("_", "]") else "") + after)
    return " ".join(words)


class Writer:
    """Writes one song; `text` is the file."""

    def __init__(self, random: Random, metre: str, key: int, bars: list[Bar]) -> None:
        self.random = random
        self.kinds = random.sample(list(BESIDE), random.choice((0, 0, 1, 2)))
        self.is_right = random.random() < 0.5
        """The melody stands right of what is beside it."""
        self.voices = 1
        lines = ["!!!OTL: made up", self._row("**kern", list(self.kinds)), self._same(f"*k[{self._signature(key)}]")]
        lines += [self._same(self._key(key)), self._same(f"*M{self._metre(metre)}")]
        self.lines = lines
        self.is_tied = False
        for count, bar in enumerate(bars):
            self._bar(bar, count)
        self.lines += [self._same("=="), self._same("*-")]
        self.text = random.choice(("\n", "\r\n")).join([*self.lines, ""])

    def _row(self, melody: str, beside: list[str]) -> str:
        return "\t".join([*beside, melody] if self.is_right else [melody, *beside])

    def _same(self, cell: str) -> str:
        return self._row("\t".join([cell] * self.voices), [cell] * len(self.kinds))

    def _signature(self, key: int) -> str:
        return (
            "".join(f"{letter}#" for letter in "fcgdaeb"[:key])
            if key >= 0
            else "".join(f"{c}-" for c in "beadgcf"[:-key])
        )

    def _key(self, key: int) -> str:
        kind = self.random.choice(("major", "minor", *MODES))
        if kind in MODES:
            return f"*{FIFTHS[8 + key - MODES[kind]]}:{kind}"
        return f"*{FIFTHS[8 + key]}:" if kind == "major" else f"*{FIFTHS[8 + key + 3].lower()}:"

    def _metre(self, metre: str) -> str:
        return {"C": "4/4", "C|": "2/2", "(2+3)/8": "5/8"}.get(metre, metre)

    def _bar(self, bar: Bar, count: int) -> None:
        random = self.random
        if count:
            self.lines.append(self._same(random.choice((f"={count}", "=", f"={count}-", f"={count}:|!", "=||"))))
        if bar.metre:
            self.lines.append(self._same(f"*M{self._metre(bar.metre)}"))
        if bar.key is not None:
            self.lines.append(self._same(f"*k[{self._signature(bar.key)}]"))
        splits = bar.notes and random.random() < 0.2
        if splits:
            self.lines.append(self._row("*^", ["*"] * len(self.kinds)))
            self.voices = 2
            if random.random() < 0.4:
                self.lines.append(self._row(random.choice(("*^\t*", "*\t*^")), ["*"] * len(self.kinds)))
                self.voices = 3
        for note in bar.notes:
            self._note(note)
        if splits:
            if self.voices == 3 and random.random() < 0.5:
                self.lines.append(self._row("*\t*v\t*v", ["*"] * len(self.kinds)))
                self.voices = 2
            self.lines.append(self._row("\t".join(["*v"] * self.voices), ["*"] * len(self.kinds)))
            self.voices = 1

    def _note(self, note: Note) -> None:
        random = self.random
        if random.random() < 0.08:
            comment = random.choice(COMMENTS)
            self.lines.append(comment if comment.startswith("!!") else self._same(comment))
        beside = [random.choice((".", *BESIDE[kind])) for kind in self.kinds]
        if random.random() < 0.08:
            self.lines.append(
                self._row(
                    "\t".join([random.choice(("8qcc", "ddq", "16Qe", "8qa-")), *["."] * (self.voices - 1)]),
                    ["."] * len(beside),
                )
            )
        length = length_of(random, note.length * note.scale)
        lower = [
            random.choice((f"{length}C", f"{length}r", f"[{length}GG#", f"{length}c {length}E"))
            for _ in range(self.voices - 1)
        ]
        self.lines.append(self._row("\t".join([token(random, note, self.is_tied), *lower]), beside))
        self.is_tied = note.tied
        if self.kinds and random.random() < 0.1:
            self.lines.append(self._row("\t".join(["."] * self.voices), ["."] * len(beside)))
