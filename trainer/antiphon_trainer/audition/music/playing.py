"""Playing: a tune is performed to the improviser, as `antiphon render` does, and what it plays is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from antiphon.improviser.events import Timed
from antiphon.melody.grid import STEPS_PER_BEAT, Note
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.musician import Musician
from antiphon_trainer.audition.songs import BPM, performed

CHANNEL = 2
"""The answer's; the performer is on 1."""
STEP_SECONDS = 60 / BPM / STEPS_PER_BEAT
LEAST = 0.0001
"""Probability; the least that a pitch counts with: what the model rules out costs 13.3 bits."""


class SoundingNote(NamedTuple):
    """A note as it sounded, from `on` to `off` in seconds."""

    on: float
    off: float
    pitch: int


@dataclass(frozen=True)
class Duet:
    """What performer and improviser played."""

    player: list[SoundingNote]
    answer: list[SoundingNote]
    expected: list[np.ndarray[tuple[int], np.dtype[np.float64]]]
    """How likely the model held each pitch to be the next note after each of the performer's, (128,)."""

    def bits(self, answer: Sequence[SoundingNote], at_once: bool) -> list[float]:
        """Return −log2 of the probability of each note of a second voice: as the next note after the performer's last.

        Args:
            answer: the improviser's own notes, or others that might have been played.
            at_once: a note at the same moment as the performer's answers that one, and not the one before.
        """
        onsets = [note.on for note in self.player]
        shift = _INSTANT if at_once else -_INSTANT
        answered = [int(np.searchsorted(onsets, note.on + shift)) - 1 for note in answer]
        return [
            -float(np.log2(max(LEAST, self.expected[index][note.pitch])))
            for index, note in zip(answered, answer, strict=True)
            if index >= 0
        ]


_INSTANT = 1e-6
"""Seconds, by which two times of the same moment may differ, rounded."""


def play_duet(musician: Musician, notes: Sequence[Note]) -> Duet:
    """Perform a tune to a musician that answers each note."""
    improviser = musician.improviser(BPM, 0.0, CHANNEL)
    messages: list[Timed] = []
    expected = []
    end = 0.0
    for end, event in performed(notes):
        messages += improviser.receive(end, event)
        if isinstance(event, NoteOn):
            distribution = improviser.next_note_distribution()
            assert distribution is not None  # noqa: S101  a note was heard
            expected.append(distribution.probabilities())
    messages += improviser.close(end)
    return Duet(sounding(timed(notes)), sounding(messages), expected)


def play_on(musician: Musician, notes: Sequence[Note], steps: int) -> list[SoundingNote]:
    """Perform a phrase to a musician that goes on, and listen for so many steps from its first note on."""
    improviser = musician.improviser(BPM, 0.0, CHANNEL)
    messages: list[Timed] = []
    now = last = 0.0
    for now, event in performed(notes):
        messages += improviser.receive(now, event)
    last = float("inf")
    while (due := improviser.next_time()) is not None and due <= last:
        found = improviser.advance(due)
        if last == float("inf") and any(isinstance(each.message, NoteOn) for each in found):
            last = due + steps * STEP_SECONDS
        messages += found
        now = due
    return sounding(messages + improviser.close(now))


def sounding(messages: Iterable[Timed]) -> list[SoundingNote]:
    """Return the notes of messages, by their onsets."""
    down: dict[int, float] = {}
    found: list[SoundingNote] = []
    for time, message in ((each.time, each.message) for each in messages):
        if isinstance(message, NoteOn):
            down[message.pitch] = time
        elif isinstance(message, NoteOff) and message.pitch in down:
            found.append(SoundingNote(down.pop(message.pitch), time, message.pitch))
    return sorted(found)


def timed(notes: Sequence[Note]) -> list[Timed]:
    """Return a performed tune as timed messages."""
    return [Timed(time, event) for time, event in performed(notes)]
