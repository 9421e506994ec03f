"""Reads a song from ABC: the first voice as it is written, repeats once and endings one after the other.

After the ABC standard 2.1; section numbers stand beside what they explain. What can't be read is refused with its
place: nothing is skipped but what has no pitch and no length. Left out: grace notes, overlays (`&`), lower voices.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from antiphon_trainer.corpus.abc_count import count_notes
from antiphon_trainer.corpus.abc_fields import (
    NO_KEY,
    Shift,
    alteration,
    moved_sharps,
    read_key,
    read_metre,
    read_shift,
    read_unit,
    voice_name,
)
from antiphon_trainer.corpus.abc_text import Piece, Tune, decoded, take_apart
from antiphon_trainer.corpus.abc_voice import Head, Reach, Voice
from antiphon_trainer.corpus.key_analysis import key_without_record
from antiphon_trainer.corpus.score import NoScore, Score
from antiphon_trainer.corpus.wholeness import require_full_bars, require_whole

ABC_VERSION = 4
"""Counts the changes of this reader that change what it reads; a cache keeps the versions apart."""
_HEAD = r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)"
_LENGTH = r"\d{0,5}/{0,8}\d{0,5}"
_TOKEN = re.compile(
    rf"""(?P<text>"(?:\\.|[^"\\])*")                                    # chord symbols and annotations, 4.18 and 4.19
    | \[(?P<field>[A-Za-z]):(?P<value>[^\]]*)\]                         # inline fields, 3.2
    | \{{(?P<grace>[^}}]*)\}}                                           # 4.12
    | !(?P<decoration>[^!|\[\]:\s]+)! | \+(?P<plus>[^+|\[\]:\s]+)\+     # 4.14
    | (?P<variant>\[\s*\d[\d,.-]*)                                      # 4.9 and 4.10
    | \[(?P<chord>(?:"[^"]*"|![^!\s]*!|[^\]\[|"!])+)\](?P<chord_length>{_LENGTH})   # 4.17
    | (?P<bar>\.?(?:[|:]|\[(?=[|:\]])|\])+)(?:\s*\d[\d,.-]*)?                       # 4.8
    | \((?P<tuplet>\d{{1,2}})(?::(?P<time>\d{{0,2}}))?(?::(?P<count>\d{{0,2}}))?          # 4.13
    | (?P<note>{_HEAD})(?P<note_length>{_LENGTH})                       # 4.1 to 4.3
    | [zx](?P<rest>{_LENGTH}) | [ZX](?P<bars>\d{{0,3}})(?!\d) | (?P<spacer>y[\d/]*)
    | (?P<tie>-) | (?P<broken>>{{1,4}}|<{{1,4}}) | (?P<overlay>&+)
    | (?P<number>\d[\d,.-]*)
    | (?!\(&)(?P<nothing>[\s`$\\*;?@\#~!.()H-Wh-w])
    """,
    re.VERBOSE,
)
_IN_CHORD = re.compile(rf"""{_HEAD}({_LENGTH})\.?(-?)|"[^"]*"|![^!\s]*!|[zx]{_LENGTH}|[\s.~()`H-Wh-w]""")
_NOTES_ONLY = re.compile(rf"(?:{_HEAD}{_LENGTH})+")
_DYNAMICS = frozenset(("f", "ff", "fff", "ffff"))
"""Decorations that could be notes between two signs."""
_TUPLET_TIMES = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
"""Notes → time; others take 3 in a compound metre, otherwise 2."""


def read_abc(content: bytes) -> Score:
    """Read the first tune of a file's bytes.

    Raises:
        NoScore: it is no ABC, holds no notes, or something in it can't be read.
    """
    text = decoded(content)
    tune = take_apart(text)
    reading = _Reading(tune)
    for piece in tune.body:
        reading.read(piece)
    voice = reading.melody()
    notes, bars = voice.written()
    key, shift = voice.first_key, voice.first_shift
    sharps, source, mode = moved_sharps(key.sharps, shift.semitones), key.source, key.mode
    if source is None:
        sharps, source, mode = key_without_record(notes)
    score = Score(
        title=tune.first("T"),
        number=(tune.first("N").split() or [""])[0],
        copyright="",
        sharps=sharps,
        key_source=source,
        notes=notes,
        bars=bars,
        mode=mode,
    )
    require_full_bars(score)
    counted = count_notes(text, key)
    if counted is not None:
        require_whole(score, counted)
    return score


@lru_cache(4096)
def _length(text: str) -> Fraction | None:
    """Return the factor that a length stands for, `3/2`, `/`, `//`; None if it is none."""
    match = re.fullmatch(r"(\d*)(/*)(\d*)", text)
    if match is None or (len(match[2]) > 1 and match[3]) or (match[3] and not match[2]):
        return None
    below = int(match[3]) if match[3] else 2 ** len(match[2])
    factor = Fraction(int(match[1] or 1), below) if below else None
    return factor or None


def _head(match: re.Match[str], first: int, tied: bool = False) -> Head:
    sign, letter, marks = match[first] or "", match[first + 1], match[first + 2]
    octave = letter.islower() + marks.count("'") - marks.count(",")
    return Head(alteration(sign), letter.upper(), octave, tied)


def _unreadable(text: str, line: int) -> NoScore:
    return NoScore("ABC that can't be read", f"{text.strip()!r} in line {line}")


def _factor(token: re.Match[str], group: str, line: int) -> Fraction:
    factor = _length(token[group])
    if factor is None:
        raise _unreadable(token[0], line)
    return factor


def _chord(inside: str, whole: str, line: int) -> tuple[list[Head], Fraction]:
    """Return a chord's heads, and the factor of its length: its first note's."""
    heads: list[Head] = []
    length: Fraction | None = Fraction(1)
    at = 0
    while at < len(inside):
        match = _IN_CHORD.match(inside, at)
        if match is None:
            raise _unreadable(whole, line)
        if match[2]:
            length = length if heads else _length(match[4])
            heads.append(_head(match, 1, match[5] == "-"))
        at = match.end()
    if length is None:
        raise _unreadable(whole, line)
    return heads, length


def _pass_decoration(voice: Voice, token: re.Match[str], line: int) -> None:
    """Pass over a decoration, unless it may be notes: a chord between plus signs (ABC 1), or a line between two `!`."""
    name = token["decoration"] or token["plus"]
    if not _NOTES_ONLY.fullmatch(name) or name in _DYNAMICS:
        return
    if token["decoration"]:
        raise _unreadable(token[0], line)
    heads, length = _chord(name, token[0], line)
    voice.play(heads, voice.unit * length)


def _begin_tuplet(voice: Voice, token: re.Match[str], line: int) -> None:
    notes = int(token["tuplet"])
    if notes < 2 or not voice.may_begin_tuplet:
        raise _unreadable(token[0], line)
    usual = _TUPLET_TIMES.get(notes, 3 if voice.is_compound else 2)
    voice.tuplet(notes, int(token["time"] or usual) or usual, int(token["count"] or notes) or notes)


class _Reading:
    """A tune while it is read: its voices, and what is in force before any begins."""

    def __init__(self, tune: Tune) -> None:
        self._settings = Voice(NO_KEY, Fraction(1, 8))
        self._voices: dict[str, Voice] = {}
        self._current: Voice | None = None
        self._bang_breaks_lines = False
        has_unit = False
        shifts: dict[str, Shift | None] = {}
        for piece in tune.header:
            has_unit = has_unit or piece.field == "L"
            if piece.field == "V":
                shifts[voice_name(piece.text)] = read_shift(piece.text)
            else:
                self._set(piece)
        metre = self._settings.metre
        if not has_unit and metre is not None and metre < Fraction(3, 4):
            self._settings.unit = Fraction(1, 16)
        for name, shift in shifts.items():
            self._voices[name] = self._settings.same_settings()
            self._voices[name].shift = shift or self._settings.shift

    def melody(self) -> Voice:
        """Return voice 1 or, where it has no notes, the first that has, drums apart.

        Raises:
            NoScore: none has.
        """
        for _, voice in sorted(self._voices.items(), key=lambda pair: pair[0] != "1"):
            if not voice.shift.is_percussion and any(event.pitch is not None for event in voice.events):
                return voice
        raise NoScore("no notes")

    def read(self, piece: Piece) -> None:
        """Read a line of the body."""
        if piece.field:
            self._set(piece)
            return
        text, at = piece.text, 0
        if self._bang_breaks_lines:
            text = text.replace("!", " ")
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None or not token[0]:
                raise _unreadable(text[at : at + 12], piece.line)
            self._read_token(token, piece.line)
            at = token.end()

    def _set(self, piece: Piece) -> None:
        """Take over what a field sets, for the voice that is being read or, before any, for all."""
        if piece.field == "V":
            self._change_voice(piece.text)
            return
        for voice in (self._settings, *self._voices.values()) if self._current is None else (self._current,):
            if piece.field == "L":
                voice.unit = read_unit(piece.text, piece.line)
            elif piece.field == "M":
                voice.metre, voice.is_compound = read_metre(piece.text, piece.line)
            elif piece.field == "K":
                voice.key = read_key(piece.text, piece.line) or voice.key
                voice.shift = read_shift(piece.text) or voice.shift
            elif piece.field == "I":
                self._instruct(voice, piece.text.split())

    def _instruct(self, voice: Voice, words: list[str]) -> None:
        reaches: dict[str, Reach] = {"not": "not", "octave": "octave", "pitch": "pitch"}
        if words[:1] == ["propagate-accidentals"] and words[-1] in reaches:
            voice.reach = reaches[words[-1]]
        elif words[:1] == ["linebreak"]:
            self._bang_breaks_lines = "!" in words
        elif words[:2] == ["decoration", "+"]:
            self._bang_breaks_lines = True
        elif words[:3] == ["MIDI", "channel", "10"]:
            voice.shift = Shift(0, is_percussion=True)

    def _change_voice(self, text: str) -> None:
        name = voice_name(text)
        if name not in self._voices:
            self._voices[name] = self._settings.same_settings()
        self._current = self._voices[name]
        self._current.shift = read_shift(text) or self._current.shift

    def _voice(self) -> Voice:
        """Return the voice that is being read: the first one, where none is named."""
        if self._current is None:
            self._current = next(iter(self._voices.values()), None) or self._settings.same_settings()
            self._voices.setdefault("1", self._current) if not self._voices else None
        return self._current

    def _read_token(self, token: re.Match[str], line: int) -> None:
        kind = token.lastgroup
        if kind == "value":
            self._set(Piece(line, token["field"], token["value"].strip()))
            return
        if kind in ("text", "variant", "spacer", "nothing"):
            return
        voice = self._voice()
        if kind == "bar":
            if token["bar"] == ":" and not voice.begins_bar:
                raise _unreadable(token[0], line)
            voice.barline()
        elif kind == "number":
            if not voice.begins_bar:  # behind a barline it names an ending, in old files on the next line, too
                raise _unreadable(token[0], line)
        elif kind == "overlay":
            voice.overlaid = len(token[0])
        elif voice.overlaid:
            return
        elif kind == "grace":
            for match in re.finditer(_HEAD, token["grace"]):
                voice.grace(_head(match, 1))
        elif kind == "tie":
            voice.tie()
        elif kind == "broken":
            if not voice.may_break_rhythm:
                raise _unreadable(token[0], line)
            voice.broken(len(token[0]) * (1 if token[0][0] == ">" else -1))
        elif kind in ("count", "time", "tuplet"):
            _begin_tuplet(voice, token, line)
        elif kind == "bars":
            if voice.metre is None:
                raise NoScore("a rest of whole bars without a metre", f"line {line}")
            voice.rest_bars(int(token["bars"] or 1))
        elif kind == "rest":
            voice.play([], voice.unit * _factor(token, "rest", line))
        elif kind == "note_length":
            first = token.re.groupindex["note"] + 1
            voice.play([_head(token, first)], voice.unit * _factor(token, "note_length", line))
        elif kind == "chord_length":
            heads, inside = _chord(token["chord"], token[0], line)
            voice.play(heads, voice.unit * inside * _factor(token, "chord_length", line))
        else:
            _pass_decoration(voice, token, line)
