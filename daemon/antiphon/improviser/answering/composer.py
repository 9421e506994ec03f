"""The composer: makes up what is played, from a model, in a style that the performer may change at any moment.

Everything here is in the model's key; `semitones` lead from there to what is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.improviser.answering.candidates import CANDIDATES, Candidates
from antiphon.improviser.answering.constraints import Constraints, History
from antiphon.improviser.answering.request import Request
from antiphon.improviser.input.controls import Control
from antiphon.melody.context import Context, read_on
from antiphon.melody.grid import Note, Place
from antiphon.melody.model import StepModel
from antiphon.melody.sampling import Sampler
from antiphon.melody.vocabulary import LAST_MIDI_NOTE, Vocabulary

LONGEST_CHAIN = 16
"""Steps after which a note is drawn, or ended, whatever the model would like: a bar of 4/4."""


@dataclass(frozen=True)
class Style:
    """How the improviser plays."""

    temperature: float = 0.9
    density: float = 1.0
    """How many notes it plays, 0…1: in `next-note` the share of notes that are answered, otherwise what is left of
    each note's chance to start."""
    octave: int = 0
    """Octaves by which it plays above the performer."""
    constraints: Constraints = field(default_factory=Constraints)
    shortest: int = 1
    longest: int = 4
    """Bars of an answer."""
    candidates: int = CANDIDATES
    """Answers of which the best is played."""

    def with_control(self, control: Control) -> Style:
        """Return the style after a knob was turned that is one of its fields, or of its constraints'."""
        changed: dict[str, Any] = {control.name: control.value}
        if hasattr(self.constraints, control.name):
            return replace(self, constraints=replace(self.constraints, **changed))
        return replace(self, **changed)


@dataclass(frozen=True)
class NextNote:
    """A predicted note: its `pitch` as played (a MIDI number), and its onset in `steps` from the last one."""

    pitch: int
    steps: int
    token: int
    context: Context
    """Before its token, one row."""
    place: Place | None
    """Of its onset."""


_MOST_ANTICIPATED = 64


@dataclass
class _Course:
    """What was played last: how long silence has lasted, and how often the last pitch has come in a row."""

    rested: int = 0
    last: int = -1
    times: int = 0


@dataclass(frozen=True)
class _Anticipated:
    """A note that was drawn before it was asked for, and how composer and sampler stand after it."""

    note: NextNote
    course: _Course
    used: int


class Composer:
    """Makes up notes, answers and melodies that go on.

    Args:
        model: predicts; it must belong to `vocabulary`, and take 1 row and as many as there are candidates.
        vocabulary: the model's.
        style: to begin with.
        seed: the same playing and seed give the same answers; None is new every time.
    """

    def __init__(self, model: StepModel, vocabulary: Vocabulary, style: Style, seed: int | None) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self.style = style
        self._sampler = Sampler(style.temperature, seed)
        self._seed = np.random.SeedSequence(seed).entropy
        self._course = _Course()
        self._tokens = np.arange(len(vocabulary))
        self._anticipated: dict[object, _Anticipated] = {}
        self._shift = lru_cache(maxsize=256)(self._shift_of)
        self._allowed = lru_cache(maxsize=1024)(self._allowed_of)

    def change_model(self, model: StepModel, vocabulary: Vocabulary) -> None:
        """Make it up with another model from now on."""
        self.model, self.vocabulary = model, vocabulary
        self._course = _Course()
        self._tokens = np.arange(len(vocabulary))
        self._forget()

    def restyle(self, style: Style) -> None:
        """Play in another style from now on."""
        self.style = style
        self._sampler.temperature = style.temperature
        self._forget()

    def wants_to_play(self) -> bool:
        """Draw whether a note is answered, by the style's density."""
        return self.style.density >= 1 or self._sampler.share() < self.style.density

    def anticipate(self, key: object, context: Context, semitones: int, place: Place | None) -> None:
        """Draw what `next_note` will be asked for, if it will, with the same numbers and from the same course.

        Args:
            key: stands for all that the other arguments depend on.
            context: see `next_note`; `semitones` and `place` likewise.
        """
        if self._sampler.used:
            return
        course, used = self._course, self._sampler.used
        self._course = replace(course)
        if len(self._anticipated) == _MOST_ANTICIPATED:
            self._anticipated.clear()
        note = self.next_note(context, semitones, place)
        self._anticipated[key] = _Anticipated(note, self._course, self._sampler.used)
        self._course, self._sampler.used = course, used

    def recall(self, key: object) -> NextNote | None:
        """Return the note that was anticipated for a `key`, as if it were drawn now; None if none was."""
        found = self._anticipated.get(key)
        if found is None or self._sampler.used:
            return None
        self._course, self._sampler.used = found.course, found.used
        return found.note

    def turn_page(self) -> None:
        """Forget what was anticipated, and draw with other numbers from now on."""
        self._anticipated.clear()
        self._sampler.turn_page()

    def next_note(self, context: Context, semitones: int, place: Place | None) -> NextNote:
        """Draw the note that comes next: hold, hold, …, perhaps a rest, until a pitch comes.

        Args:
            context: after the note that is answered, one row.
            semitones: from the model's pitches to those that are played.
            place: of the step to be predicted; None where the metre is unknown.
        """
        pitch_of, hold, rest = self.vocabulary.symbols, self.vocabulary.hold, self.vocabulary.rest
        for steps in range(1, LONGEST_CHAIN + 1):
            token = self._draw(context, semitones, may_wait=steps < LONGEST_CHAIN)
            if token not in (hold, rest):
                break
            context, place = self._read(context, token, place)
        return NextNote(self.played(int(pitch_of[token]), semitones), steps, token, context, place)

    def length(self, note: NextNote) -> int:
        """Draw how long a note sounds, in steps."""
        context, place = self._read(note.context, note.token, note.place)
        hold, length = self.vocabulary.hold, 1
        while length < LONGEST_CHAIN and self._sampler.draw(context.probabilities[0], self._tokens) == hold:
            context, place = self._read(context, hold, place)
            length += 1
        return length

    def candidates(self, context: Context, request: Request, number: int) -> Candidates:
        """Begin to draw answers to a call; the same call, style, seed and `number` give the same ones.

        Args:
            context: after everything before the answer's first step, one row.
            request: what is wanted.
            number: of the answer, from 0, so that each draws numbers of its own, whenever it is drawn.
        """
        entropy = self._seed if isinstance(self._seed, int) else 0
        generator = np.random.default_rng([entropy, number])
        return Candidates(self.model, self.vocabulary, context, request, generator, self.style.candidates)

    def melody(self, context: Context, semitones: Callable[[], int], place: Place | None) -> Iterator[Note]:
        """Draw a melody that goes on for ever, note by note, from its first step on; rests are notes without a pitch.

        Args:
            context: after everything before its first step, one row.
            semitones: says what leads, now, from the model's pitches to those that are played.
            place: of its first step; None where the metre is unknown.
        """
        symbols, hold, rest = self.vocabulary.symbols, self.vocabulary.hold, self.vocabulary.rest
        token = self._draw(context, semitones(), may_wait=False)
        while True:
            # It was drawn to end the note before; since then the range or the key may have become another.
            if token not in self._allowed(semitones(), 0, -1, True):
                token = self._draw(context, semitones(), may_wait=False)
            begun, steps = token, 1
            context, place = self._read(context, token, place)
            while (token := self._draw(context, semitones(), may_wait=steps < LONGEST_CHAIN)) == hold:
                context, place = self._read(context, token, place)
                steps += 1
            yield Note(None if begun == rest else int(symbols[begun]), steps)
            self.turn_page()

    def held_on(self, context: Context, place: Place | None, steps: int) -> Context:
        """Return the context after the last note was held on; `place` is that of the first of these `steps`."""
        for _ in range(steps):
            after = place and place.later(1)
            context = read_on(self.model, context, np.array([self.vocabulary.hold], np.int32), after)
            place = after
        return context

    def played(self, pitch: int, semitones: int) -> int:
        """Return a pitch of the model as it is played: in the performer's key, the style's octave and its range."""
        return within_midi(pitch + self._shift(semitones))

    def octaved(self, semitones: int) -> int:
        """Return the semitones from the model's pitches to those that are played, with the style's octave."""
        return semitones + 12 * self.style.octave

    def _draw(self, context: Context, semitones: int, may_wait: bool) -> int:
        """Draw a token that goes on with the melody, within the constraints."""
        constraints, course = self.style.constraints, self._course
        rested = min(course.rested, constraints.longest_rest)
        tired = course.last if course.times >= constraints.repetitions else -1
        allowed = self._allowed(semitones, rested, tired, may_wait)
        probabilities = context.probabilities[0]
        if self.style.density < 1 and may_wait:
            probabilities = probabilities * self.vocabulary.thinned(self.style.density)
        return self._sampler.draw(probabilities, allowed)

    def _read(self, context: Context, token: int, place: Place | None) -> tuple[Context, Place | None]:
        """Play a token that stands at `place`. Returns what follows, and where."""
        course = self._course
        if token == self.vocabulary.rest or (token == self.vocabulary.hold and course.rested):
            course.rested += 1
        elif token != self.vocabulary.hold:
            course.rested = 0
            course.times = course.times + 1 if token == course.last else 1
            course.last = token
        after = place and place.later(1)
        return read_on(self.model, context, np.array([token], np.int32), after), after

    def _allowed_of(self, semitones: int, rested: int, tired: int, may_wait: bool) -> npt.NDArray[np.intp]:
        """Return the tokens that may come, after silence of some steps and with a pitch that has come too often."""
        vocabulary, constraints, semitones = self.vocabulary, self.style.constraints, self.octaved(semitones)
        times = constraints.repetitions if tired >= 0 else 0
        course = History(*(np.array([each], np.int32) for each in (rested, tired, times)))
        allowed = constraints.allowed(vocabulary, constraints.mask(vocabulary, semitones), course)[0]
        allowed[vocabulary.end] = False
        allowed[[vocabulary.hold, vocabulary.rest]] &= may_wait
        return np.flatnonzero(allowed)

    def _shift_of(self, semitones: int) -> int:
        semitones = self.octaved(semitones)
        return semitones + self.style.constraints.octaves(self.vocabulary, semitones)

    def _forget(self) -> None:
        """Drop what was kept of what the style allows."""
        self._anticipated.clear()
        self._shift.cache_clear()
        self._allowed.cache_clear()


def within_midi(pitch: int) -> int:
    """Return a pitch, by octaves if need be, within MIDI's 0…127."""
    while pitch < 0:
        pitch += 12
    while pitch > LAST_MIDI_NOTE:
        pitch -= 12
    return pitch
