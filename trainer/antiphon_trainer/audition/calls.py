"""Calls: the first bars of songs, to be answered, and whether an answer closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from antiphon.improviser.answering.bars import Bars, beat_of
from antiphon.improviser.answering.ranking import MAJOR_TRIAD, MINOR_TRIAD
from antiphon.improviser.answering.request import CallMelody, copies
from antiphon.melody.context import Context
from antiphon.melody.grid import STEPS_PER_BEAT, Note, read
from antiphon.melody.model import Metre, StepModel
from antiphon.melody.vocabulary import HOLD, REST, Vocabulary
from antiphon_trainer.corpus.metre import metre_of_steps
from antiphon_trainer.corpus.songs import Song, onsets
from antiphon_trainer.dataset.melody import melody_of

CALL_BARS = 2
"""Bars of a call. An upbeat is part of them: the call ends where the next one's upbeat would start."""


@dataclass(frozen=True)
class Phrase:
    """An answer: a bundle's, a plain sample, or the song itself."""

    notes: tuple[Note, ...]
    own: bool
    """Whether its last note ends there by itself, and isn't cut off."""

    @cached_property
    def steps(self) -> int:
        """Its length in steps."""
        return sum(note.steps for note in self.notes)


@dataclass(frozen=True, eq=False)
class Question:
    """A song's first bars as a call, and what an answer to it is judged by."""

    call: CallMelody
    bars: Bars
    """The bars that the answer is laid in, with the song's beat."""
    triad: tuple[int, ...]
    """Pitch classes of the tonic triad of the song's mode."""
    context: Context
    """The model's state and prediction after the call, one row."""
    goes_on: Phrase | None
    """The song itself over as many steps as the call has; None where it is over before."""

    @property
    def steps(self) -> int:
        """The call's length in steps."""
        return CALL_BARS * self.bars.length

    def closed_by(self, answer: Phrase) -> bool:
        """Return whether an answer closes: on a beat, long enough, in the triad, at a bar's end, by itself."""
        bar, last = self.bars.length, answer.notes[-1] if answer.notes else Note(None, 1)
        onset = answer.steps - last.steps
        return (
            answer.own
            and last.pitch is not None
            and last.pitch % 12 in self.triad
            and last.steps >= STEPS_PER_BEAT
            and (self.bars.position + onset) % bar % self.bars.beat == 0
            and (self.bars.position + answer.steps + self.call.upbeat) % bar == 0
        )

    def copied_by(self, answer: Phrase) -> bool:
        """Return whether an answer only repeats the call."""
        return self.copies(answer.notes)

    def copies(self, notes: Sequence[Note]) -> bool:
        """Return whether notes only repeat the call."""
        return copies(tuple(notes), self.call, self.bars.length)

    def bars_of(self, answer: Phrase) -> int:
        """Return an answer's length in bars, rounded."""
        return round(answer.steps / self.bars.length)

    def notes_a_bar(self, answer: Phrase) -> float:
        """Return the notes per bar of an answer."""
        return sum(note.pitch is not None for note in answer.notes) * self.bars.length / max(1, answer.steps)


def refusal(song: Song) -> str:
    """Return the reason why a song gives no call; an empty text if it gives one."""
    if not song.mode or not song.barlines or not song.barlines[0].bar:
        return "without metre or mode"
    first = song.barlines[0]
    steps = CALL_BARS * first.bar
    if len(song.symbols) < steps:
        return "too short"
    if onsets(song.symbols[:steps]) == 0:
        return "silent"
    position, bar = metre_of_steps(song.barlines, len(song.symbols))
    regular = (first.position + np.arange(steps)) % first.bar
    if (bar[:steps] != first.bar).any() or (position[:steps] != regular).any():
        return "with bars of several lengths"
    return ""


def question(model: StepModel, vocabulary: Vocabulary, song: Song) -> Question:
    """Return a song's call, heard by a model with the metre. The song must give one (`refusal` is empty)."""
    first = song.barlines[0]
    steps = CALL_BARS * first.bar
    upbeat = -first.position % first.bar
    beat = beat_of(first.bar, first.position, list(read(song.symbols)))
    rest = song.symbols[steps : 2 * steps + 1]
    follows = rest[steps] if len(rest) > steps else REST
    return Question(
        call=CallMelody(tuple(read(song.symbols[:steps])), upbeat),
        bars=Bars(first.position, first.bar, beat),
        triad=MINOR_TRIAD if song.mode == "minor" else MAJOR_TRIAD,
        context=_heard(model, vocabulary, song, steps),
        goes_on=Phrase(tuple(read(rest[:steps])), follows != HOLD) if len(rest) >= steps else None,
    )


def _heard(model: StepModel, vocabulary: Vocabulary, song: Song, steps: int) -> Context:
    """Return the context after the first `steps` steps of a song."""
    melody = melody_of(song, vocabulary)
    first = song.barlines[0]
    bar = np.array([first.bar], np.int32)
    state = model.initial_state(1)
    for step, token in enumerate(melody.inputs[: steps + 1]):
        position = np.array([(first.position + step) % first.bar], np.int32)
        predicted, state = model.step(np.array([token], np.int32), state, Metre(position, bar))
    return Context(predicted, state)
