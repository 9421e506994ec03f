"""A second count of the notes in an ABC tune, made from its text by searching for letters alone: no lengths, no bars.

It shares nothing with the reader but the rules of the notation, so that neither's mistake hides in the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from antiphon_trainer.corpus.abc_fields import Key
from antiphon_trainer.corpus.wholeness import Counted

_UNCOUNTED = re.compile(r"^m:|\+\S+\+|&&|\(&|linebreak|decoration|^\s*%%\s*begin", re.MULTILINE)
"""Macros, plus signs, overlays of several bars and other dialects: too much for a simple count."""
_SHIFTED = re.compile(r"octave=|transpose=|\bt=|[+-](?:8|15)\b")
_FIELD_LINE = re.compile(r"(?![A-Ga-gxz]:[|:\]])[A-Za-z+]:")
_NO_NOTES = re.compile(r'"[^"]*"|!\S+?!|\{[^}]*\}|(?!\[V:)\[[A-Za-z]:[^\]]*\]|\[\s*\d[\d,.-]*')
_VOICE = re.compile(r"\[V:\s*([^\s\]]+)[^\]]*\]")
_NOTES = re.compile(r"\[(?P<chord>[^\[\]|]*[A-Ga-g][^\[\]|]*)\]|(?P<single>[A-Ga-g][,']*)")
_NATURAL = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))


def count_notes(text: str, key: Key) -> list[Counted] | None:
    """List the notes of the first voice that has any; None where the tune uses what this count leaves aside.

    Args:
        text: the file's, with one tune.
        key: the tune's. Where no accidental stands in the whole tune, a note has the pitch that the key gives it.
    """
    if _UNCOUNTED.search(text):
        return None
    lines = list(enumerate(text.split("\n"), start=1))
    start = next((at for at, (_, line) in enumerate(lines) if line.startswith("K:")), len(lines))
    body = lines[start + 1 :]
    end = next((at for at, (_, line) in enumerate(body) if not line.strip()), len(body))
    declared = [line[2:].split()[0] for _, line in lines[:start] if line.startswith("V:") and line[2:].strip()]
    first, *_ = [*declared, "1"]
    named = [a or b for _, line in body for a, b in re.findall(r"^V:\s*(\S+)|\[V:\s*([^\s\]]+)", line)]
    voices: dict[str, list[Counted]] = {name: [] for name in ([] if first in named else [first]) + declared + named}
    drums = set(re.findall(r"^(?:\[?)V:\s*(\S+).*\bperc\b", text, re.MULTILINE))
    is_plain = not re.search(r"[_^=]", "\n".join(line for _, line in body)) and "[K:" not in text
    is_plain = is_plain and not any(line.startswith("K:") for _, line in body)
    exact = key if is_plain and not re.search(r"[_^=]", lines[start][1] if lines[start:] else "") else None
    is_shifted = bool(_SHIFTED.search(text))
    for line, voice, letters in _letters(body[:end], first):
        pitches = None if is_shifted else frozenset(_pitches(letters, exact))
        voices.setdefault(voice, []).append(Counted(f"line {line}", pitches))
    voice_1_first = sorted(voices.items(), key=lambda pair: pair[0] != "1")
    return next((notes for voice, notes in voice_1_first if notes and voice not in drums), [])


def _letters(body: list[tuple[int, str]], voice: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield line, voice and letters with their octave marks of every note; of a chord all letters."""
    for number, line in body:
        if line.startswith("V:") and line[2:].strip():
            voice = line[2:].split()[0]
        if line.lstrip().startswith("%") or _FIELD_LINE.match(line):
            continue
        music = _NO_NOTES.sub(" ", re.sub(r"(?<!\\)%.*", "", line))
        for at, part in enumerate(_VOICE.split(music)):
            if at % 2:
                voice = part
                continue
            for bar in re.split(r"\||::", part):
                for match in _NOTES.finditer(bar.partition("&")[0]):
                    yield number, voice, re.findall(r"[A-Ga-g][,']*", match["chord"] or match["single"])


def _pitches(letters: list[str], key: Key | None) -> Iterator[int]:
    for letter in letters:
        octave = 12 * (letter[0].islower() + letter.count("'") - letter.count(","))
        natural = 60 + _NATURAL[letter[0].upper()] + octave
        if key is None:
            yield from range(natural - 2, natural + 3)
        else:
            yield natural + key.alterations.get(letter[0].upper(), 0)
