"""ABC text: a tune's fields and its lines of music, with comments, lyrics and macros out of the way.

After the ABC standard 2.1, sections 2.2 (lines), 3 (fields), 8 (the characters) and 9 (macros).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from antiphon_trainer.corpus.score import NoScore

_FIELD = re.compile(r"([A-Za-z+]):(.*)")
_MUSIC_LINE = re.compile(r"[A-Ga-gxz]:[|:\]]")
"""A line that begins so is a note before a barline, no field."""
_TEXTS = re.compile(r'"[^"]*"|![^!\s]*!')
_A_WORD = re.compile(r"[A-Za-z]{2}[h-wyH-WY]|[h-wyH-WY][A-Za-z]{2}")
"""Letters in a row that are no notes."""
_IN_MUSIC = frozenset("IKLMV")
"""Fields in the body that change how notes are read."""
_MACRO_LETTERS = "hijklmnopqrstuvwxyz"
"""A transposing macro's letters, a step of the scale apart; `n` is the note that it is written for."""
_NOTES = "CDEFGABcdefgab"
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}


class Piece(NamedTuple):
    """A line of the body: music, or a field that changes how music is read."""

    line: int
    """Counts from 1 in the text."""
    field: str
    """The field's letter; empty for music."""
    text: str


class Tune(NamedTuple):
    """A tune, taken apart."""

    header: list[Piece]
    """The fields up to and with the first `K:`; a directive `%%x y` is the field `I:x y`."""
    body: list[Piece]

    def first(self, field: str) -> str:
        """Return what a header field says where it stands first, or nothing."""
        return next((piece.text for piece in self.header if piece.field == field), "")


def decoded(content: bytes) -> str:
    """Return the text of a file, its lines ended by `\\n`: UTF-8 or what its mark says, or else Latin-1."""
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\x1a")


def take_apart(text: str) -> Tune:
    """Return the fields and the music of the first tune of a text.

    Raises:
        NoScore: there is no tune, or music stands behind its end.
    """
    header: list[Piece] = []
    body: list[Piece] = []
    macros: list[tuple[str, str]] = []
    in_body = ended = False
    for number, line, is_empty in _lines(text):
        if is_empty:
            ended = in_body
            continue
        match = _FIELD.match(line)
        field, value = (match[1], match[2].strip()) if match else ("", line)
        if ended:
            _refuse_lost_music(number, line, field)
        elif not in_body:
            if field == "m":
                macros.append(_macro(value, number))
            elif field:
                header.append(Piece(number, field, value))
            in_body = field == "K"
        elif not field or _MUSIC_LINE.match(line):
            body.append(Piece(number, "", _expanded(line, macros)))
        elif field == "m":
            macros.append(_macro(value, number))
        elif field in _IN_MUSIC:
            body.append(Piece(number, field, value))
    if not in_body:
        raise NoScore("no ABC tune (no field K:)")
    return Tune(header, body)


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield line number, line without its comment, and whether it is an empty line; directives become `I:` fields."""
    block = ""
    for number, line in enumerate(text.split("\n"), start=1):
        directive = re.match(r"%%\s*(\w[\w-]*)(.*)", line)
        if block:
            block = "" if directive and directive[1] == "end" + block else block
        elif directive and directive[1].startswith("begin"):
            block = directive[1].removeprefix("begin")
        elif directive:
            yield number, f"I:{directive[1]}{directive[2]}", False
        elif not line.strip():
            yield number, "", True
        else:
            without = re.sub(r"(?<!\\)%.*", "", line).rstrip()
            if without.strip():
                yield number, without, False


def _refuse_lost_music(number: int, line: str, field: str) -> None:
    plain = _TEXTS.sub("", line)
    if not field and "|" in plain and re.search("[A-Ga-g]", plain) and not _A_WORD.search(plain):
        raise NoScore("music after the end of the tune", f"line {number}, behind an empty line")


# Macros


def _macro(definition: str, line: int) -> tuple[str, str]:
    # The target may hold an accidental `=` of its own, then the sign between has spaces around it.
    target, sign, replacement = definition.partition(" = " if " = " in definition else "=")
    if not (sign and target.strip()):
        raise NoScore("a macro that can't be read", f"m:{definition[:30]} in line {line}")
    return target.strip(), replacement.strip()


def _expanded(music: str, macros: list[tuple[str, str]]) -> str:
    for target, replacement in macros:
        transposing = re.fullmatch(r"([^n]*)n(\d*/*\d*)", target)
        if transposing is None:
            music = music.replace(target, replacement)
            continue
        pattern = re.escape(transposing[1]) + r"([A-Ga-g])([,']*)" + re.escape(transposing[2]) + r"(?![\d/,'])"
        music = re.sub(pattern, partial(_expanded_note, replacement), music)
    return music


def _expanded_note(replacement: str, note: re.Match[str]) -> str:
    return _moved(replacement, note[1], note[2])


def _moved(replacement: str, letter: str, octave: str) -> str:
    """Write a transposing macro's replacement around the note `letter` with its octave marks."""

    def moved(match: re.Match[str]) -> str:
        if len(match[0]) > 1:
            return match[0]  # a text or a decoration
        octaves, step = divmod(_NOTES.index(letter) + _MACRO_LETTERS.index(match[0]) - _MACRO_LETTERS.index("n"), 7)
        return _NOTES[step] + octave + ("'" * octaves if octaves > 0 else "," * -octaves)

    return re.sub(r'"[^"]*"|![^!]*!|[h-z]', moved, replacement)
