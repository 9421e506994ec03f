"""The next note: a function of the context, the history and a random stream, with a model and a style.

A note is drawn step by step: hold, hold, …, perhaps a rest, until a pitch comes. How long it then sounds is drawn
likewise, from the rest of the same stream. Everything is in the model's key; `semitones` lead from its pitches to those
that are played.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from antiphon.improviser.answering.chord_tones import Chord, ChordTones
from antiphon.improviser.answering.constraints import History
from antiphon.improviser.answering.scale_mask import Classes, ScaleMask
from antiphon.improviser.answering.style import Style
from antiphon.improviser.answering.two_voices import Counterpart, SecondVoice
from antiphon.improviser.models import PlayingModel
from antiphon.melody.context import Context, read_on
from antiphon.melody.grid import Note, Place
from antiphon.melody.model import Floats
from antiphon.melody.sampling import RandomStream, draw
from antiphon.melody.vocabulary import LAST_MIDI_NOTE, Vocabulary

LONGEST_CHAIN = 16
"""Steps, a bar of 4/4; a note starts, or ends, no later than so long after the one before, whatever the model prefers:
each step takes a step of the model."""


@dataclass(frozen=True, eq=False)
class NextNote:
    """A note that was drawn. How long it sounds isn't known yet: `note_length` draws that."""

    pitch: int
    """As played, a MIDI note number."""
    steps: int
    """From the last onset to its own."""
    token: int
    context: Context
    """Before its token, one row."""
    place: Place | None
    """Of its onset; None where the metre is unknown."""
    stream: RandomStream
    """What was left of the random stream."""


@dataclass(frozen=True, eq=False)
class MelodyPosition:
    """Where a melody that goes on stands, between two of its notes."""

    context: Context
    """Before the next token, one row."""
    place: Place | None
    """Of the next token; None where the metre is unknown."""
    token: int | None = None
    """The next token, which was drawn to end the note before; None at the melody's beginning."""


@dataclass(frozen=True, eq=False)
class MelodyNote:
    """A note of a melody that goes on, or a rest, in the model's key, and what the next one is drawn from."""

    note: Note
    after: MelodyPosition
    history: History[int]
    stream: RandomStream
    """What was left of the random stream."""


class Weigher(Protocol):
    """What weighs the pitches of a distribution against each other."""

    def weighed(self, probabilities: Floats) -> Floats:
        """Return a distribution over tokens, (V,), in which all pitches together have the share that they had."""


class StyledModel:
    """A model that plays in a style: what may come next, and how what it plays sounds. It never changes.

    Args:
        playing: the model.
        style: in which it plays.
    """

    def __init__(self, playing: PlayingModel, style: Style) -> None:
        self.model, self.vocabulary = playing.model, playing.vocabulary
        self.style = style
        self.every_token = np.arange(len(self.vocabulary))
        self._density_weights = self.vocabulary.density_weights(style.density)
        self._shift = lru_cache(maxsize=256)(self._shift_of)
        self.allowed = lru_cache(maxsize=1024)(self._allowed_of)
        self.scale = lru_cache(maxsize=256)(self._scale_of)

    def draw(
        self,
        context: Context,
        history: History[int],
        stream: RandomStream,
        semitones: int,
        may_wait: bool,
        weighers: Sequence[Weigher] = (),
    ) -> tuple[int, RandomStream]:
        """Draw a token that the constraints allow.

        Args:
            context: one row.
            history: what was played before.
            stream: of random numbers.
            semitones: from the model's pitches to those that are played.
            may_wait: whether a hold or a rest may come, too.
            weighers: weigh the pitches one after the other.

        Returns:
            The token, and the stream after it.
        """
        constraints = self.style.constraints
        rested = min(history.rested, constraints.longest_rest)
        over_repeated = history.last if history.times >= constraints.repetitions else -1
        probabilities = context.probabilities[0]
        for weigher in weighers:
            probabilities = weigher.weighed(probabilities)
        if self.style.density < 1 and may_wait:
            probabilities = probabilities * self._density_weights
        allowed = self.allowed(semitones, rested, over_repeated, may_wait)
        return draw(probabilities, allowed, self.style.temperature, stream)

    def read(self, context: Context, token: int, place: Place | None) -> tuple[Context, Place | None]:
        """Return the context after a token that stands at `place`, and the place after it."""
        after = place and place.later(1)
        return read_on(self.model, context, np.array([token], np.int32), after), after

    def played(self, pitch: int, semitones: int) -> int:
        """Return a pitch of the model as it is played: in the performer's key, the style's octave and its range."""
        return within_midi(pitch + self._shift(semitones))

    def _scale_of(self, semitones: int) -> npt.NDArray[np.intp]:
        """Return the pitches of the key signature that may be played, as played, rising."""
        constraints = replace(self.style.constraints, in_scale=True)
        semitones = self.octaved(semitones)
        mask = constraints.mask(self.vocabulary, semitones)
        numbers = self.vocabulary.pitch_numbers[mask[self.vocabulary.pitch_tokens]]
        # With a narrow range, the scale's pitches may lie octaves from where all pitches would.
        shift = semitones + constraints.octaves(self.vocabulary, semitones)
        return np.array(sorted({within_midi(int(pitch) + shift) for pitch in numbers}), np.intp)

    def octaved(self, semitones: int) -> int:
        """Return the semitones from the model's pitches to those that are played, with the style's octave."""
        return semitones + 12 * self.style.octave

    def _allowed_of(self, semitones: int, rested: int, over_repeated: int, may_wait: bool) -> npt.NDArray[np.intp]:
        """Return the tokens that may come next.

        Args:
            semitones: from the model's pitches to those that are played, without the style's octave.
            rested: steps of silence before.
            over_repeated: the token of a pitch that has come as often in a row as it may; −1 where none has.
            may_wait: whether a hold or a rest may come, too.
        """
        vocabulary, constraints, semitones = self.vocabulary, self.style.constraints, self.octaved(semitones)
        times = constraints.repetitions if over_repeated >= 0 else 0
        history = History(*(np.array([each], np.int32) for each in (rested, over_repeated, times)))
        allowed = constraints.allowed(vocabulary, constraints.mask(vocabulary, semitones), history)[0]
        allowed[vocabulary.end] = False
        allowed[[vocabulary.hold, vocabulary.rest]] &= may_wait
        return np.flatnonzero(allowed)

    def _shift_of(self, semitones: int) -> int:
        semitones = self.octaved(semitones)
        return semitones + self.style.constraints.octaves(self.vocabulary, semitones)


def next_note(
    styled: StyledModel,
    context: Context,
    history: History[int],
    stream: RandomStream,
    semitones: int,
    place: Place | None,
    counterpart: Counterpart | None = None,
    agreed: Classes | None = None,
    chord: Chord | None = None,
) -> tuple[NextNote, History[int]]:
    """Draw the next note.

    Args:
        styled: the model that plays, and its style.
        context: after the note that is answered, one row.
        history: what was played before.
        stream: of random numbers, this note's own.
        semitones: from the model's pitches to those that are played.
        place: of the step to be predicted; None where the metre is unknown.
        counterpart: the performer's note that it is heard with; None where there is none, or harmony doesn't count.
        agreed: the pitch classes that the likely keys agree on; None where the key is sure.
        chord: what accompanies it; None where nothing does, or harmony doesn't count.

    Returns:
        The note, and what has been played when it starts.
    """
    vocabulary, harmony = styled.vocabulary, styled.style.harmony
    weighers = _masks(vocabulary, agreed, semitones)
    if counterpart is not None:
        weighers.append(SecondVoice(vocabulary, counterpart, semitones, harmony))
    if chord is not None:
        weighers.append(ChordTones(vocabulary, chord, semitones, harmony))
    for steps in range(1, LONGEST_CHAIN + 1):
        may_wait = steps < LONGEST_CHAIN
        token, stream = styled.draw(context, history, stream, semitones, may_wait, weighers)
        if token not in (vocabulary.hold, vocabulary.rest):
            break
        history = history.after(token, vocabulary)
        context, place = styled.read(context, token, place)
    pitch = styled.played(int(vocabulary.symbols[token]), semitones)
    return NextNote(pitch, steps, token, context, place, stream), history.after(token, vocabulary)


def note_length(styled: StyledModel, note: NextNote) -> int:
    """Draw how long a note sounds, in steps, from what is left of its random stream."""
    hold, stream, length = styled.vocabulary.hold, note.stream, 1
    context, place = styled.read(note.context, note.token, note.place)
    while length < LONGEST_CHAIN:
        token, stream = draw(context.probabilities[0], styled.every_token, styled.style.temperature, stream)
        if token != hold:
            break
        context, place = styled.read(context, hold, place)
        length += 1
    return length


def melody_note(
    styled: StyledModel,
    at: MelodyPosition,
    history: History[int],
    stream: RandomStream,
    semitones: int,
    agreed: Classes | None = None,
) -> MelodyNote:
    """Draw the next note, or rest, of a melody that goes on.

    Args:
        styled: the model that plays, and its style.
        at: where the melody stands.
        history: what was played before.
        stream: of random numbers.
        semitones: from the model's pitches to those that are played.
        agreed: the pitch classes that the likely keys agree on; None where the key is sure.
    """
    vocabulary, token = styled.vocabulary, at.token
    masks = _masks(vocabulary, agreed, semitones)
    # A token that was drawn to end the note before may have left the range since, or the key has changed.
    if token is None or token not in styled.allowed(semitones, 0, -1, True):
        token, stream = styled.draw(at.context, history, stream, semitones, may_wait=False, weighers=masks)
    pitch = None if token == vocabulary.rest else int(vocabulary.symbols[token])
    history = history.after(token, vocabulary)
    context, place = styled.read(at.context, token, at.place)
    for steps in range(1, LONGEST_CHAIN + 1):
        may_wait = steps < LONGEST_CHAIN
        token, stream = styled.draw(context, history, stream, semitones, may_wait, masks)
        if token != vocabulary.hold:
            break
        history = history.after(token, vocabulary)
        context, place = styled.read(context, token, place)
    return MelodyNote(Note(pitch, steps), MelodyPosition(context, place, token), history, stream)


def _masks(vocabulary: Vocabulary, agreed: Classes | None, semitones: int) -> list[Weigher]:
    return [] if agreed is None else [ScaleMask(vocabulary, agreed, semitones)]


def within_midi(pitch: int) -> int:
    """Return a pitch, by octaves if need be, within MIDI's 0…127."""
    while pitch < 0:
        pitch += 12
    while pitch > LAST_MIDI_NOTE:
        pitch -= 12
    return pitch
