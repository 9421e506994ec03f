"""The learner: lets a memory have learned exactly what was heard of the performer, in the key in use.

What was heard is a value, which a listener keeps with all else that it has heard: a note that is taken back is no
longer in it, and another key in use is another row of it. The learner compares that with what the memory has learned,
takes back what differs since the phrase's start, and learns the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from antiphon.improviser.memory.memory import JOURNAL, Memory
from antiphon.improviser.memory.past import Past, begun
from antiphon.melody.grid import Place
from antiphon.melody.model import Floats, Metre, Tokens

MOST_STEPS = JOURNAL // 2
"""Steps, 16 bars of 4/4, that are kept of what was heard; what is older can't be taken back."""

MOST_MOVED = 80
"""Steps, five bars of 4/4, at a phrase's end that move to another key in use: some 10 ms, and more than any wait has. A
key that is found later in a phrase is a modulation rather than a correction."""
LATELY = 128
"""Steps, eight bars of 4/4, over which the gain is shown."""
MOST_QUOTED = 8
"""Notes that are shown of a passage that is played again."""
_LEAST = 1e-30
"""Probability; the least that counts: a softmax may round to 0, of which there is no logarithm."""


class Step(NamedTuple):
    """What was predicted for a step, and what came, in each key."""

    probabilities: Floats
    """The network's, (key, V)."""
    tokens: Tokens
    """(key,)."""
    place: Place | None
    """In its bar; None where the metre is unknown."""
    begins: bool = False
    """It is a tune's first."""


@dataclass(frozen=True, eq=False)
class Heard:
    """The last steps that were heard."""

    steps: tuple[Step, ...] = ()
    count: int = 0
    """Of all that were heard, those that aren't kept any longer too."""
    phrase: int = 0
    """How many there were before this phrase."""

    def after(self, steps: tuple[Step, ...], starts_phrase: bool) -> Heard:
        """Return what was heard after some more steps."""
        phrase = self.count if starts_phrase else self.phrase
        return Heard((*self.steps, *steps)[-MOST_STEPS:], self.count + len(steps), phrase)

    def forgotten(self) -> Heard:
        """Return it where nothing can be taken back any longer."""
        return Heard((), self.count, self.count)

    def at(self, index: int) -> Step | None:
        """Return a step by its number, from 0; None where it isn't kept, or wasn't heard."""
        place = index - (self.count - len(self.steps))
        return self.steps[place] if 0 <= place < len(self.steps) else None


NOTHING_HEARD = Heard()


class Learned(NamedTuple):
    """What a memory has learned, as a display shows it."""

    notes: int = 0
    """That were learned."""
    gain: float = 0.0
    """Bits that the memory has saved of each of the last notes, against the network alone; below 0 it has cost some."""
    quoted: tuple[int, ...] = ()
    """The next notes of the passage that is played again, as the performer's pitches; none where there is none."""


class _Learned(NamedTuple):
    """A step that the memory has learned."""

    number: int
    step: Step
    row: int
    after: Past
    bits: tuple[float, float]
    """What it cost the network and the mixture."""


@dataclass(frozen=True, eq=False)
class Recall:
    """The memory, after what was read, as what is mixed into a model's predictions."""

    learner: Learner
    past: Past

    @property
    def changes(self) -> int:
        """How often the memory has changed."""
        return self.learner.memory.changes

    def after(self, tokens: Tokens) -> Recall:
        """Return it after one more token in each row, (row,)."""
        return Recall(self.learner, self.learner.memory.after(self.past, tokens))

    def mix(self, probabilities: Floats, place: Place | Metre | None) -> Floats:
        """Return the network's probabilities, (row, V), with the memory mixed in."""
        return self.learner.memory.predict(probabilities, self.past, place, self.learner.share)

    def repeated(self, rows: int) -> Recall:
        """Return one of one row as one of many rows that are all the same."""
        return Recall(self.learner, self.past.repeated(rows))


class Learner:
    """Keeps a memory at what was heard.

    Args:
        memory: it learns.
        share: of the mixture in what is predicted, 0…1.
    """

    def __init__(self, memory: Memory, share: float = 0.0) -> None:
        self.memory = memory
        self.share = share
        self._learned: list[_Learned] = []
        self._past = begun(1)
        """After the steps that can't be taken back."""

    def follow(self, heard: Heard, row: int) -> None:
        """Let the memory have learned what was heard, this phrase (its last `MOST_MOVED` steps) in the key of a `row`.

        Nothing is learned while none of it is mixed in, and no more than `MOST_MOVED` steps at once.
        """
        if not self.share:
            return
        common = self._common(heard, row)
        self.memory.rewind(self.memory.steps - (len(self._learned) - common))
        del self._learned[common:]
        start = self._learned[-1].number + 1 if self._learned else 0
        for index in range(max(start, heard.count - MOST_MOVED), heard.count):
            step = heard.at(index)
            if step is not None:
                self._learn(index, step, row)
        if len(self._learned) > MOST_STEPS:
            self._past = self._learned[-MOST_STEPS - 1].after
            del self._learned[:-MOST_STEPS]

    def recall(self, heard: Heard, row: int) -> Recall | None:
        """Return the memory after what was heard, of which the last steps needn't be learned yet.

        None where the key in use is another one than it has learned in: it is learned anew first. And while none of it
        is mixed in, when nothing is learned: all that was heard would be read anew each time.
        """
        if not self.share:
            return None
        common = self._common(heard, row)
        if self._learned and (not common or self._learned[common - 1].row != row):
            return None
        past = self._learned[common - 1].after if common else self._past
        start = self._learned[common - 1].number + 1 if common else heard.count - len(heard.steps)
        for index in range(start, heard.count):
            step = heard.at(index)
            if step is not None:
                past = self.memory.after(begun(1) if step.begins else past, step.tokens[row : row + 1])
        return Recall(self, past)

    def keep(self) -> None:
        """Take nothing back any longer of what was learned."""
        if self._learned:
            self._past = self._learned[-1].after
            self._learned.clear()
        self.memory.keep()

    def bits(self, steps: int) -> tuple[float, float]:
        """Return what the last steps that were learned cost the network and the mixture, in bits."""
        lately = self._learned[-steps:] if steps else []
        return sum(each.bits[0] for each in lately), sum(each.bits[1] for each in lately)

    def learned(self, semitones: int) -> Learned:
        """Return what was learned; `semitones` lead from the network's pitches to those that are played."""
        memory = self.memory
        onsets = sum(memory.pitch(int(each.step.tokens[each.row])) is not None for each in self._learned[-LATELY:])
        network, mixed = self.bits(LATELY)
        past = self._learned[-1].after if self._learned else self._past
        quoted = [memory.pitch(token) for token in memory.passage(past)] if self.share else []
        pitches = tuple(pitch + semitones for pitch in quoted if pitch is not None)[:MOST_QUOTED]
        return Learned(memory.notes, (network - mixed) / onsets if onsets else 0.0, pitches)

    def forget(self) -> None:
        """Let the memory begin anew."""
        self.memory.forget()
        self._learned.clear()
        self._past = begun(1)

    def _learn(self, index: int, step: Step, row: int) -> None:
        rows = slice(row, row + 1)
        past = self._learned[-1].after if self._learned else self._past
        if step.begins:
            past = begun(1)
        token = int(step.tokens[row])
        after = self.memory.learn(step.probabilities[rows], past, step.place, token)
        network = max(float(step.probabilities[row, token]), _LEAST)
        mixed = self.share * self.memory.likelihood + (1 - self.share) * network
        self._learned.append(_Learned(index, step, row, after, (-math.log2(network), -math.log2(mixed))))

    def _common(self, heard: Heard, row: int) -> int:
        """Return how many of the steps that were learned are among what was heard, in the right key."""
        common = len(self._learned)
        while common:
            last = self._learned[common - 1]
            may_move = last.number >= max(heard.phrase, heard.count - MOST_MOVED)
            is_wrong_key = may_move and last.row != row
            if last.step is heard.at(last.number) and not is_wrong_key:
                break
            if last.number < heard.count - len(heard.steps):  # too old to be looked at
                break
            common -= 1
        return common
