"""The next note: a function of the context, the history and a random stream, with a model and a style.

A note is drawn step by step: hold, hold, …, perhaps a rest, until a pitch comes. How long it then sounds is drawn
likewise, from the rest of the same stream. Everything is in the model's key; `semitones` lead from its pitches to those
that are played.
"""

from __future__ import annotations

from dataclasses import dataclass

from antiphon.improviser.answering.constraints import History
from antiphon.improviser.answering.harmonizing import Surroundings
from antiphon.improviser.answering.styled_model import StyledModel
from antiphon.melody.context import Context
from antiphon.melody.grid import Note, Place
from antiphon.melody.sampling import RandomStream, draw

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
    """Where a melody stands, between two of its notes."""

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


def next_note(
    styled: StyledModel, at: MelodyPosition, history: History[int], stream: RandomStream, surroundings: Surroundings
) -> tuple[NextNote, History[int]]:
    """Draw the next note.

    Args:
        styled: the model that plays, and its style.
        at: after the note that is answered.
        history: what was played before.
        stream: of random numbers, this note's own.
        surroundings: what it is to fit.

    Returns:
        The note, and what has been played when it starts.
    """
    vocabulary, semitones, context, place = styled.vocabulary, surroundings.semitones, at.context, at.place
    weighers = surroundings.weighers(vocabulary, styled.style.harmony)
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
    styled: StyledModel, at: MelodyPosition, history: History[int], stream: RandomStream, surroundings: Surroundings
) -> MelodyNote:
    """Draw the next note, or rest, of a melody that goes on.

    Args:
        styled: the model that plays, and its style.
        at: where the melody stands.
        history: what was played before.
        stream: of random numbers.
        surroundings: what it is to fit.
    """
    vocabulary, semitones, token = styled.vocabulary, surroundings.semitones, at.token
    weighers = surroundings.weighers(vocabulary, styled.style.harmony)
    # A token that was drawn to end the note before may have left the range since, or the key has changed.
    if token is None or token not in styled.allowed(semitones, 0, -1, True):
        token, stream = styled.draw(at.context, history, stream, semitones, may_wait=False, weighers=weighers)
    pitch = None if token == vocabulary.rest else int(vocabulary.symbols[token])
    history = history.after(token, vocabulary)
    context, place = styled.read(at.context, token, at.place)
    for steps in range(1, LONGEST_CHAIN + 1):
        may_wait = steps < LONGEST_CHAIN
        token, stream = styled.draw(context, history, stream, semitones, may_wait, weighers)
        if token != vocabulary.hold:
            break
        history = history.after(token, vocabulary)
        context, place = styled.read(context, token, place)
    return MelodyNote(Note(pitch, steps), MelodyPosition(context, place, token), history, stream)
