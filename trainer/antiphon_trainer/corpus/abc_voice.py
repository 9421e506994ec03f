"""One voice of an ABC tune while it is read: what is in force, and the notes and bars so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

from antiphon_trainer.corpus.abc_fields import NO_KEY, UNMOVED, Key, Shift
from antiphon_trainer.corpus.score import WrittenBar, WrittenNote

Reach = Literal["not", "octave", "pitch"]
"""How far an accidental reaches to its bar's end: its note alone, its octave, or its letter in all octaves."""
_MOST_TUPLETS = 3
"""Tuplets inside each other; music has two at most."""
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Head(NamedTuple):
    """A note's head: one of a chord's, or the only one."""

    alteration: int | None
    """Semitones of the accidental before it; None where there is none."""
    letter: str
    """`A` to `G`."""
    octave: int
    """0 is the octave from middle C."""
    tied: bool = False


@dataclass
class _Event:
    pitch: int | None
    length: Fraction
    """In whole notes."""
    tied: bool = False


@dataclass
class Voice:
    """What is in force in a voice, and what it has played. Lengths are in whole notes."""

    key: Key
    unit: Fraction
    """The length of a note without a number."""
    metre: Fraction | None = None
    """The length of a bar; None in free metre."""
    is_compound: bool = False
    shift: Shift = UNMOVED
    reach: Reach = "pitch"
    events: list[_Event] = field(default_factory=list)
    bars: list[tuple[int, Fraction | None]] = field(default_factory=list)
    """(index of its first event, length that the metre asks for) of each bar."""
    first_key: Key = NO_KEY
    """What was in force at the first note or rest, as `first_shift`."""
    first_shift: Shift = UNMOVED
    overlaid: int = 0
    """Barlines until an overlay, which isn't heard, ends."""
    _accidentals: dict[str | tuple[str, int], int] = field(default_factory=dict)
    _heads: list[tuple[Head, int]] = field(default_factory=list)
    """Of the last note or chord: each head and its pitch."""
    _ties: dict[tuple[str, int], int] = field(default_factory=dict)
    """Pitches by letter and octave that are tied to the next note."""
    _tuplets: list[tuple[Fraction, int]] = field(default_factory=list)
    """(factor, notes to come) of the tuplets that go on."""
    _broken: Fraction | None = None
    """What the next note's length is multiplied by, behind a broken rhythm's sign."""
    begins_bar: bool = True

    def same_settings(self) -> Voice:
        """Return a voice in which the same is in force and nothing is played yet."""
        return Voice(self.key, self.unit, self.metre, self.is_compound, self.shift, self.reach)

    def play(self, heads: list[Head], length: Fraction) -> None:
        """Play a note or a chord, which sounds as its top note; no heads are a rest."""
        self._heads = [(head, self._pitch(head)) for head in heads]
        self._ties = {(head.letter, head.octave): pitch for head, pitch in self._heads if head.tied}
        top, tied = max(((pitch, head.tied) for head, pitch in self._heads), default=(None, False))
        self._append(_Event(None if top is None else top + self.shift.semitones, length * self._factor(), tied))

    def tie(self) -> None:
        """Tie the last note, or all of the last chord, to the next."""
        if self._heads:
            self._ties = {(head.letter, head.octave): pitch for head, pitch in self._heads}
            self.events[-1].tied = True

    def grace(self, head: Head) -> None:
        """Pass over a grace note; its accidental holds to the bar's end all the same."""
        if head.alteration is not None:
            self._remember(head, head.alteration)

    def rest_bars(self, count: int) -> None:
        """Rest for whole bars of the metre, which must not be free."""
        for _ in range(count):
            self.begins_bar = True
            self._append(_Event(None, self.metre or Fraction(0)))
        self._heads, self._ties = [], {}
        self.begins_bar = True

    def barline(self) -> None:
        """End a bar."""
        self._accidentals = {}
        self.begins_bar = True
        self.overlaid = max(0, self.overlaid - 1)

    @property
    def may_begin_tuplet(self) -> bool:
        """Not so many tuplets go on already that it can't be meant."""
        return len(self._tuplets) < _MOST_TUPLETS

    @property
    def may_break_rhythm(self) -> bool:
        """No sign of a broken rhythm waits for its second note."""
        return self._broken is None

    def tuplet(self, notes: int, time: int, count: int) -> None:
        """Play the next `count` notes in such a way that `notes` of them take the time of `time`."""
        self._tuplets.append((Fraction(time, notes), count))

    def broken(self, dots: int) -> None:
        """Dot the last note (or, for a negative number, the next) that many times, and shorten the other one."""
        if self.events:
            short = Fraction(1, 2 ** abs(dots))
            last, self._broken = (2 - short, short) if dots > 0 else (short, 2 - short)
            self.events[-1].length *= last

    def written(self) -> tuple[list[WrittenNote], list[WrittenBar]]:
        """Return notes and bars with lengths and starts in quarter lengths; no bars where there is no metre.

        Old files leave barlines out, where a line of text ends, say: whole bars between two barlines are told apart.
        """
        notes = [WrittenNote(event.pitch, float(4 * event.length), event.tied) for event in self.events]
        starts = list(accumulate((event.length for event in self.events), initial=Fraction(0)))
        bars: list[WrittenBar] = []
        for (first, metre), (end, _) in pairwise([*self.bars, (len(self.events), None)]):
            whole, part = divmod(starts[end] - starts[first], metre) if metre else (1, 0)
            for number in range(1 if part else int(whole)):
                bars.append(WrittenBar(float(4 * (starts[first] + number * (metre or 0))), float(4 * (metre or 0))))
        return notes, bars if any(bar.length for bar in bars) else []

    def _append(self, event: _Event) -> None:
        if not self.events:
            self.first_key, self.first_shift = self.key, self.shift
        if self.begins_bar:
            self.bars.append((len(self.events), self.metre))
            self.begins_bar = False
        self.events.append(event)

    def _factor(self) -> Fraction:
        factor, self._broken = self._broken or Fraction(1), None
        for tuplet, _ in self._tuplets:
            factor *= tuplet
        self._tuplets = [(tuplet, count - 1) for tuplet, count in self._tuplets if count > 1]
        return factor

    def _pitch(self, head: Head) -> int:
        place = head.letter, head.octave
        if head.alteration is not None:
            self._remember(head, head.alteration)
            altered = head.alteration
        elif place in self._ties:
            return self._ties[place]  # what a tie carries over holds for its own note alone
        else:
            in_bar = self._accidentals.get(place if self.reach == "octave" else head.letter)
            altered = self.key.alterations.get(head.letter, 0) if in_bar is None else in_bar
        return 60 + 12 * head.octave + _NATURAL[head.letter] + altered

    def _remember(self, head: Head, alteration: int) -> None:
        if self.reach != "not":
            self._accidentals[(head.letter, head.octave) if self.reach == "octave" else head.letter] = alteration
