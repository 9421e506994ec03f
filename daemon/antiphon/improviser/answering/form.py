"""A form for a melody that goes on: phrases of two or four bars that close, in pairs, of which some return, varied.

 - A phrase and the next are a pair, as antecedent and consequent of a period are: the first ends openly, the second on
   the tonic, and it often begins like the first, or like it a few steps of the scale higher or lower (a sequence).
 - The first phrase of all comes back now and then, with another ending.
 - What isn't meant to return is drawn so that it doesn't: a model left alone soon goes round in circles.

(W. E. Caplin, Classical Form, 1998, chapters 3 and 4: the period. Of the Essen collection's songs in 4/4 with twelve
bars or more, a quarter of the bars have been heard before, and a pair of bars comes 1.8 times at most.)

Everything here is a value in the model's key, C major or A minor; what draws the notes is `phrases`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from string import ascii_uppercase
from typing import Literal

import numpy as np

from antiphon.improviser.answering.constraints import WHITE_KEYS
from antiphon.melody.grid import Note

Bar = tuple[tuple[int, int], ...]
"""(Step in the bar, pitch) of each note that starts in it."""
Source = Literal["new", "last", "first"]
"""What a phrase begins like: nothing before, the phrase before, or the first of all."""

ANSWERS_ALIKE = 0.7
"""Share of the second phrases of a pair that begin like the first."""
SEQUENCES = 0.3
"""Of those, the share that lies some steps of the scale away."""
RETURNS = 0.5
"""Share of the pairs that begin as the first one did, but for those too soon after."""
WHOLE = 0.5
"""Of those, the share that is the whole phrase; the others have another ending."""
SOONEST_RETURN = 2
"""Pairs from one such return to the next, at least."""
DEGREES = (-1, 1, -2, 2)
"""Steps of the scale by which a sequence lies higher: the usual ones, nearest first."""
MOST_PAIRS, WITHIN = 3, 64
"""Times that a pair of bars may come on purpose within so many bars; it may come by chance once more."""
REMEMBERED = 256
"""Bars that are remembered, so that one isn't drawn that was heard: ten minutes of 4/4 at 100 BPM."""
NAMED, VARIED = 6, "′"
"""Phrases whose names are kept, for people to read, and what a name ends with where it is another's variant."""
WIDTH = 16
"""Semitones from the lowest to the highest note: of songs of twelve bars or more, 95 % have at most 17."""


@dataclass(frozen=True)
class Plan:
    """What a phrase is to be like."""

    source: Source = "new"
    degrees: int = 0
    """Steps of the scale by which what it begins like is moved up."""
    opening: tuple[Note, ...] = ()
    """What it begins with; the rest is the model's."""
    is_open: bool = False
    """It ends openly, for the next one to answer; otherwise on the tonic."""
    name: str = ""
    """What it is called: A, A′ where it is varied, B."""


@dataclass(frozen=True)
class Form:
    """The phrases of a melody so far."""

    bar: int
    """Steps in a bar."""
    position: int
    """Of each phrase's first step in its bar."""
    first: tuple[Note, ...] = ()
    """The first phrase of whole bars."""
    last: tuple[Note, ...] = ()
    """The last phrase."""
    count: int = 0
    """Phrases so far."""
    returned: int = 0
    """The pair in which the first phrase came last."""
    letters: int = 0
    """How many of its phrases were new: each has another letter."""
    first_name: str = ""
    """What `first` is called."""
    names: tuple[str, ...] = ()
    """What the last `NAMED` phrases are called."""
    bars: tuple[Bar, ...] = field(default=(), repr=False)
    """The last `REMEMBERED` bars."""

    def after(self, notes: tuple[Note, ...], plan: Plan) -> Form:
        """Return the form after one more phrase, which was planned so."""
        is_first = not self.first and self._is_whole(notes)
        return replace(
            self,
            first=notes if is_first else self.first,
            first_name=plan.name if is_first else self.first_name,
            letters=self.letters + (plan.source == "new"),
            names=(*self.names, plan.name)[-NAMED:],
            last=notes,
            count=self.count + 1,
            returned=self.count // 2 if plan.source == "first" else self.returned,
            bars=(*self.bars, *bars_of(notes, self.bar))[-REMEMBERED:],
        )

    def planned(self, generator: np.random.Generator, lowest: int, highest: int) -> Plan:
        """Draw what the next phrase is to be like.

        Args:
            generator: of the random numbers.
            lowest: pitch that what returns may have.
            highest: the same upwards.
        """
        alike, moved, returns, whole = generator.random(4)
        degrees = [int(each) for each in generator.permutation(DEGREES)]
        is_open = self.count % 2 == 0
        plan = Plan(is_open=is_open)
        may_return = is_open and self.first and self.count // 2 - self.returned >= SOONEST_RETURN
        if may_return and returns < RETURNS:
            plan = Plan("first", 0, self.first if whole < WHOLE else self._half(self.first), is_open)
        elif not is_open and self._is_whole(self.last) and alike < ANSWERS_ALIKE:
            half = self._half(self.last)
            moves = [*(degrees if moved < SEQUENCES else ()), 0]
            found = ((each, in_sequence(half, each)) for each in moves)
            fitting = ((each, notes) for each, notes in found if _lies_within(notes, lowest, highest))
            each, notes = next(fitting, (0, half))
            plan = Plan("last", each, notes, is_open)
        if not _lies_within(plan.opening, lowest, highest) or self._comes_too_often(plan.opening):
            return Plan(is_open=is_open)
        return plan

    def named(self, plan: Plan) -> Plan:
        """Return the next phrase's plan with the name that analysts give it: a letter, with a stroke if varied."""
        if plan.source == "new":
            again, letter = divmod(self.letters, len(ascii_uppercase))
            return replace(plan, name=ascii_uppercase[letter] + (str(again + 1) if again else ""))
        if plan.source == "first" and plan.opening == self.first:
            return replace(plan, name=self.first_name)
        like = self.first_name if plan.source == "first" else self.names[-1]
        return replace(plan, name=like.rstrip(VARIED) + VARIED)

    def heard_of(self, notes: tuple[Note, ...], opening: tuple[Note, ...]) -> int:
        """Return how many bars of a phrase have been heard before, but for those of what it begins with on purpose."""
        meant = sum(note.steps for note in opening) // self.bar
        seen, count = set(self.bars), 0
        for number, bar in enumerate(bars_of(notes, self.bar)):
            count += bool(bar) and bar in seen and number >= meant
            seen.add(bar)
        return count

    def _is_whole(self, notes: tuple[Note, ...]) -> bool:
        """Return whether a phrase fills its bars: one that begins at once may begin in the middle of one."""
        return sum(note.steps for note in notes) % self.bar == 0

    def _half(self, notes: tuple[Note, ...]) -> tuple[Note, ...]:
        """Return the first half of a phrase, to a barline."""
        steps = sum(note.steps for note in notes) // 2 // self.bar * self.bar
        return first_steps(notes, steps + -self.position % self.bar)

    def _comes_too_often(self, opening: tuple[Note, ...]) -> bool:
        """Return whether a pair of bars would have come too often lately if a phrase began so."""
        pairs = Counter(pairwise((*self.bars[-WITHIN:], *bars_of(opening, self.bar))))
        return max((times for pair, times in pairs.items() if all(pair)), default=0) > MOST_PAIRS


def first_steps(notes: Sequence[Note], steps: int) -> tuple[Note, ...]:
    """Return the first steps of a melody; a note that lasts longer is cut."""
    found: list[Note] = []
    for note in notes:
        if steps <= 0:
            break
        found.append(Note(note.pitch, min(note.steps, steps)))
        steps -= note.steps
    return tuple(found)


def bars_of(notes: Sequence[Note], bar: int) -> list[Bar]:
    """Return what starts in each bar of a phrase; its bars begin where it does, with its upbeat."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(-(-sum(note.steps for note in notes) // bar))]
    step = 0
    for note in notes:
        if note.pitch is not None:
            found[step // bar].append((step % bar, note.pitch))
        step += note.steps
    return [tuple(each) for each in found]


def in_sequence(notes: tuple[Note, ...], degrees: int) -> tuple[Note, ...]:
    """Return a melody so many steps of the scale higher; what is altered stays altered."""
    return tuple(Note(None if note.pitch is None else _moved(note.pitch, degrees), note.steps) for note in notes)


def _moved(pitch: int, degrees: int) -> int:
    below = max(index for index, each in enumerate(WHITE_KEYS) if each <= pitch % 12)
    altered = pitch % 12 - WHITE_KEYS[below]
    octaves, degree = divmod(below + degrees, len(WHITE_KEYS))
    return pitch // 12 * 12 + octaves * 12 + WHITE_KEYS[degree] + altered


def _lies_within(notes: Sequence[Note], lowest: int, highest: int) -> bool:
    return all(note.pitch is None or lowest <= note.pitch <= highest for note in notes)


def window_around(notes: Sequence[Note], lowest: int, highest: int) -> tuple[int, int]:
    """Return the lowest and highest pitch of a melody that goes on from another: `WIDTH` apart, or as far as it lies.

    Args:
        notes: of the other.
        lowest: pitch of the model.
        highest: the same upwards.
    """
    pitches = [note.pitch for note in notes if note.pitch is not None]
    if not pitches:
        return lowest, highest
    low, high = min(pitches), max(pitches)
    more = max(0, WIDTH - (high - low))
    return max(lowest, low - more // 2), min(highest, high + more - more // 2)
