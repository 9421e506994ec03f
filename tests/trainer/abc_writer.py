"""Makes music up and writes it in ABC, in as many spellings as the standard 2.1 allows: for tests of the reader.

The music comes first: bars of notes, chords and rests with their pitches and lengths. Writing it then keeps its own
account of what is in force (unit length, key, accidentals), so that what is read back must be the music again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from random import Random

NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FIFTHS = [
    "Fb",
    "Cb",
    "Gb",
    "Db",
    "Ab",
    "Eb",
    "Bb",
    "F",
    "C",
    "G",
    "D",
    "A",
    "E",
    "B",
    "F#",
    "C#",
    "G#",
    "D#",
    "A#",
    "E#",
    "B#",
]
MODES = {
    "": 0,
    "maj": 0,
    " Ionian": 0,
    "m": -3,
    "min": -3,
    " Aeolian": -3,
    "MIX": -1,
    "dor": -2,
    " Phrygian": -4,
    "Lyd": 1,
}
SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
METRES = {"4/4": 4, "C": 4, "C|": 4, "3/4": 3, "2/4": 2, "6/8": 3, "9/8": Fraction(9, 2), "(2+3)/8": Fraction(5, 2)}
TUPLETS = ((3, 2), (2, 3), (4, 3), (6, 2))
BEFORE = ("~", ".", "H", "T", "u", "v", "!trill!", "!f!", "!>!", "!crescendo(!", '"Am7"', '"^above b"', '"_c d"', "{g}")
BEFORE_MORE = ("{/ag}", "{a3/2b/}", "!D.C.!", "J", "[r:see c]", "`", "y", "y12", "(", "M", '"G7/B"!p!')


@dataclass
class Note:
    """One note, chord or rest as it sounds: MIDI pitches (none is a rest) with their spelling, and quarter lengths."""

    heads: list[tuple[str, int, int]]
    """Letter, octave, alteration."""
    length: Fraction
    tied: bool = False
    tuplet: tuple[int, int, int] | None = None
    """(notes, time, count), where a tuplet begins here; `length` is that of the written note."""
    scale: Fraction = Fraction(1)

    @property
    def pitch(self) -> int | None:
        """The top note's."""
        return max(
            (60 + 12 * octave + NATURAL[letter] + altered for letter, octave, altered in self.heads), default=None
        )


@dataclass
class Bar:
    """A bar with what changes at its start."""

    notes: list[Note] = field(default_factory=list)
    metre: str = ""
    key: int | None = None


def signature(sharps: int) -> dict[str, int]:
    """Return letter → alteration."""
    letters = "FCGDAEB"[:sharps] if sharps >= 0 else "BEADGCF"[:-sharps]
    return dict.fromkeys(letters, 1 if sharps > 0 else -1)


def make_up(random: Random) -> tuple[str, int, list[Bar]]:
    """Make up a song: metre, key (sharps) and bars; the first bar may be an upbeat."""
    metre, key = random.choice(list(METRES)), random.randint(-7, 7)
    bars = []
    now = METRES[metre]
    for count in range(random.randint(2, 7)):
        bar = Bar()
        if count and random.random() < 0.1:
            bar.metre = random.choice(list(METRES))
            now = METRES[bar.metre]
        if count and random.random() < 0.12:
            bar.key = random.randint(-4, 4)
        length = now if count or random.random() < 0.7 else random.choice((Fraction(1, 2), Fraction(1)))
        bar.notes = _fill(random, Fraction(length))
        bars.append(bar)
    _tie(random, [note for bar in bars for note in bar.notes])
    return metre, key, bars


def _fill(random: Random, length: Fraction) -> list[Note]:
    if random.random() < 0.05:
        return [Note([], length)]
    notes: list[Note] = []
    while length:
        if length >= 3 and random.random() < 0.08:
            number, time = random.choice(TUPLETS)
            unit = Fraction(1, 2)
            if unit * time <= length:
                group = [Note(_heads(random), unit, scale=Fraction(time, number)) for _ in range(number)]
                group[0].tuplet = number, time, number
                notes += group
                length -= unit * time
                continue
        written = min(length, Fraction(random.choice((1, 1, 2, 2, 2, 3, 4, 4, 6, 8, 12)), random.choice((4, 4, 4, 8))))
        notes.append(Note(_heads(random), written))
        length -= written
    return notes


def _heads(random: Random) -> list[tuple[str, int, int]]:
    kind = random.random()
    if kind < 0.12:
        return []
    letters = random.sample("CDEFGAB", 1 if kind < 0.85 else random.randint(2, 3))
    chances = (0, 0, 0, 0, 0, 1, -1, 1, -1, 2, -2)
    return [(letter, random.choice((0, 0, 0, 1, 1, -1, 2)), random.choice(chances)) for letter in letters]


def _tie(random: Random, notes: list[Note]) -> None:
    for note, following in pairwise(notes):
        if note.heads and random.random() < 0.1:
            note.tied = True
            if random.random() < 0.8:
                following.heads = list(note.heads)


class Writer:
    """Writes one song. `text` is the tune; what is in force while it is written stands in the attributes."""

    def __init__(self, random: Random, metre: str, key: int, bars: list[Bar]) -> None:
        self.random = random
        self.unit = Fraction(1, 2) if METRES[metre] >= 3 else Fraction(1, 4)
        head = ["X:1", "T:made up", f"M:{metre}"]
        if random.random() < 0.7:
            self.unit = random.choice((Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2)))
            head.insert(random.randint(1, 3), f"L:{self.unit / 4}")
        self.altered = signature(key)
        self.in_bar: dict[str, int] = {}
        self.tied: dict[tuple[str, int], int] = {}
        head.append(f"K:{self._key(key)}{random.choice(('', ' clef=treble', ' bass middle=d', '  % G major'))}")
        self.voices = random.random() < 0.15
        self.text = "\n".join(head) + "\n" + ("[V:1]" if self.voices else "")
        for count, bar in enumerate(bars):
            self._bar(bar, count == len(bars) - 1)

    def _key(self, sharps: int) -> str:
        mode, shift = self.random.choice(list(MODES.items()))
        return FIFTHS[8 + sharps - shift] + mode

    def _bar(self, bar: Bar, is_last: bool) -> None:
        if bar.metre:
            self._field(f"M:{bar.metre}")
        if bar.key is not None:
            self._field(f"K:{self._key(bar.key)}")
            self.altered = signature(bar.key)
        if self.random.random() < 0.08:
            self.unit = self.random.choice((Fraction(1, 4), Fraction(1, 2), Fraction(1)))
            self._field(f"L:{self.unit / 4}")
        self.in_bar = {}
        self._notes(bar.notes)
        if self.random.random() < 0.05:
            self.text += f" & {self.random.choice(('^c z [DF]2 ', 'B,4-&=e2 (3abc '))}"
        self._barline(is_last)

    def _field(self, field_text: str) -> None:
        if self.random.random() < 0.6:
            self.text += f"[{field_text}]"
        else:
            line_end = "" if self.text.endswith("\n") else self.random.choice(("\n", "\\\n"))
            self.text += f"{line_end}{field_text}\n"

    def _notes(self, notes: list[Note]) -> None:
        skip = False
        for note, following in zip(notes, [*notes[1:], None], strict=True):
            if skip:
                skip = False
                continue
            self.text += self.random.choice(("", "", " ", "`"))
            total = note.length + following.length if following else Fraction(0)
            dots = next((n for n in (1, 2, 3) if following and self._is_broken(note, following, total, n)), 0)
            if dots and following and self.random.random() < 0.7:
                self._note(note, total / 2)
                sign = ">" if note.length > following.length else "<"
                self.text += self.random.choice(("", " ")) + sign * dots + self.random.choice(("", "{a}", " "))
                self._note(following, total / 2)
                skip = True
            else:
                self._note(note, note.length)

    @staticmethod
    def _is_broken(note: Note, following: Note, total: Fraction, dots: int) -> bool:
        short = total / 2 ** (dots + 1)
        return note.scale == following.scale == 1 and {note.length, following.length} == {short, total - short}

    def _note(self, note: Note, length: Fraction) -> None:
        if note.tuplet:
            number, time, count = note.tuplet
            usual = {3: 2, 2: 3, 4: 3, 6: 2}[number]
            forms = [f"({number}:{time}:{count}", f"({number}:{time}"] + [f"({number}", f"({number}::"] * (
                usual == time
            )
            self.text += self.random.choice(forms) + self.random.choice(("", " "))
        if self.random.random() < 0.2:
            self.text += self.random.choice(BEFORE if self.random.random() < 0.7 else BEFORE_MORE)
        if not note.heads:
            self.tied = {}
            self.text += self.random.choice("zx") + self._length(length / self.unit)
            return
        tied, self.tied = self.tied, {}
        heads = [self._head(head, tied) for head in note.heads]
        if note.tied:
            self.tied = {(letter, octave): altered for letter, octave, altered in note.heads}
        inside = note.tied and len(heads) > 1 and self.random.random() < 0.5
        if len(heads) == 1 and self.random.random() < 0.95:
            self.text += heads[0] + self._length(length / self.unit)
        elif self.random.random() < 0.5:
            ends = self._length(length / self.unit) + "-" * inside
            self.text += "[" + self.random.choice(("", " ")).join(head + ends for head in heads) + "]"
        else:
            self.text += "[" + "".join(head + "-" * inside for head in heads) + "]" + self._length(length / self.unit)
        self.text += "" if inside or not note.tied else self.random.choice(("-", "-", ".-"))
        self.text += ")" if self.random.random() < 0.03 else ""

    def _head(self, head: tuple[str, int, int], tied: dict[tuple[str, int], int]) -> str:
        letter, octave, altered = head
        in_force = self.in_bar.get(letter, self.altered.get(letter, 0))
        carried = tied.get((letter, octave))
        sign = ""
        if (altered != in_force if carried is None else altered != carried) or self.random.random() < 0.1:
            sign = SIGNS[altered]
            self.in_bar[letter] = altered
        name = letter.lower() if octave > 0 and self.random.random() < 0.95 else letter
        marks = octave - (name != letter)
        text = "'" * marks if marks > 0 else "," * -marks
        return sign + name + text + ("'," if self.random.random() < 0.02 else "")

    def _length(self, factor: Fraction) -> str:
        above, below = factor.numerator, factor.denominator
        if below == 1:
            return "" if above == 1 and self.random.random() < 0.9 else str(above)
        forms = [f"{above}/{below}"]
        if below == 2:
            forms.append(f"{above}/" if above > 1 else "/")
        if above == 1:
            forms += [f"/{below}", "/" * (below.bit_length() - 1)]
        return self.random.choice(forms)

    def _barline(self, is_last: bool) -> None:
        lines = (
            "|",
            "|",
            "|",
            "|",
            "||",
            "|]",
            "[|",
            ":|",
            "|:",
            "::",
            ":|:",
            ":||:",
            ".|",
            "[|]",
            "|1",
            ":|2",
            "|[1",
            ":|[2 ",
        )
        self.text += self.random.choice(("", " ")) + self.random.choice(("|", "|]", ":|", "||") if is_last else lines)
        if self.voices and self.random.random() < 0.5:
            self.text += "\n[V:2]^C,4 z|\n[V:1]"
        elif self.random.random() < 0.3:
            self.text += self.random.choice(
                ("\n", "\\\n", " % C D E\n", "\nw: a b c|*_\n", "\n% c d\n", "\nP:B\n", "\r\n", "$\n")
            )


def expected(bars: list[Bar]) -> list[tuple[int | None, float]]:
    """Return what must be read: pitches and quarter lengths, tied notes of one pitch and rests in a row joined."""
    joined: list[tuple[int | None, Fraction]] = []
    tied: frozenset[tuple[str, int, int]] = frozenset()
    for note in (note for bar in bars for note in bar.notes):
        length = note.length * note.scale
        pitch = note.pitch
        if joined and joined[-1][0] == pitch and (tied or pitch is None):
            joined[-1] = pitch, joined[-1][1] + length
        else:
            joined.append((pitch, length))
        tied = frozenset(note.heads) if note.tied else frozenset()
    return [(pitch, float(length)) for pitch, length in joined]
