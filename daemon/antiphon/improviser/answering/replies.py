"""Replies: notes on the grid, made of what was heard: the next note, an answer, or the melody going on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.improviser.answering import request
from antiphon.improviser.answering.call import Call
from antiphon.improviser.answering.candidates import Candidates
from antiphon.improviser.answering.composer import Composer, NextNote, Style, within_midi
from antiphon.improviser.events import ControlChange, NoteOn, Timed
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.output.plan import Planned
from antiphon.improviser.tempo.downbeat import find_downbeat
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.context import Context
from antiphon.melody.grid import Note, Place
from antiphon.melody.window import context_of, tokens_of

ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123
"""MIDI 1.0's channel mode messages."""
LATE_RELEASE = 2
"""Steps by which a call's last note may hang over the barline and still end there."""
LONGEST_CALL = 128
"""Steps of a call by which its downbeat is found, at most: eight bars, in some 15 ms."""
LONGEST_WAIT = 2
"""Bars for which the call's last note counts as held on, at most, where the answer waits for its bar."""


@dataclass(frozen=True, eq=False)
class Opening:
    """Where a reply starts."""

    step: int
    """On the grid."""
    place: Place | None
    """In the bar; None where that is unknown."""
    context: Context
    """After everything before it, one row."""
    upbeat: int = 0
    """Steps by which the call began before a barline."""


class Replies:
    """Makes replies to what a listener has heard.

    Args:
        listener: hears the performer.
        composer: makes up what is played.
        time: the grid.
        channel: of the reply, 1…16.
        by_window: the composer's model reads windows, and the listener hears with another one.
        knows_metre: the composer's model takes the metre, and as many rows as a bar has steps.
    """

    def __init__(
        self,
        listener: Listener,
        composer: Composer,
        time: Timekeeper,
        channel: int,
        by_window: bool = False,
        knows_metre: bool = True,
    ) -> None:
        self._knows_metre = knows_metre
        self._listener = listener
        self._composer = composer
        self._time = time
        self._channel = channel
        self._by_window = by_window
        self._answers = 0
        self._opened: tuple[_Question, Opening] | None = None
        self._prepared: tuple[_Question, Candidates] | None = None
        self._melody: Iterator[Note] | None = None
        self._first_step = self._next_step = 0

    def next_note(self, velocity: int) -> tuple[NoteOn, NextNote]:
        """Return the note that the model expects next, as loud as `velocity` (1…127), and how it was found."""
        note = self._composer.recall(self._listener.impression)
        if note is None:
            place = self._time.place((self._listener.onset or 0) + 1)
            note = self._composer.next_note(self._context(), self._listener.semitones, place)
        return NoteOn(note.pitch, velocity, self._channel), note

    def forget(self, by_window: bool, knows_metre: bool) -> None:
        """Drop what was prepared: another model plays from now on; see above."""
        self._by_window, self._knows_metre = by_window, knows_metre
        self._opened = self._prepared = self._melody = None

    def anticipate(self) -> bool:
        """Hear a note that is likely to come now, and draw the answer to it. Returns whether there are more to hear."""
        if self._by_window or self._composer.style.density < 1:
            return False
        impression = self._listener.anticipate()
        if impression is None:
            return False
        after = impression.place and impression.place.later(1)
        self._composer.anticipate(impression, impression.context, impression.semitones, after)
        return True

    def prepare(self, call: Call) -> bool:
        """Draw one more symbol of the answers to a call that may have ended. Returns whether there is more to draw."""
        end = self._listener.phrase_end()
        if end is None:
            return False
        return self._candidates(self._question(end, call, at_once=False)).advance()

    def prepare_melody(self, call: Call) -> None:
        """Find where a melody will go on from a call that may have ended."""
        end = self._listener.phrase_end()
        if end is not None:
            self._opening(self._question(end, call, at_once=False))

    def answer(self, time: float, call: Call, at_once: bool) -> tuple[list[Planned], int]:
        """Choose an answer to a call.

        Args:
            time: now, in seconds.
            call: it has a note.
            at_once: on the next step, and not when the call's place in its bar, or the next beat, comes round.

        Returns:
            Its notes, and the step at which it is over.
        """
        question = self._question(time, call, at_once)
        answer = self._candidates(question).choose()
        self._answers += 1
        self._prepared = None
        length = self._length(call, time)
        notes, step = [], question.step
        for note in answer.notes:
            if note.pitch is not None:
                velocity = call.velocity_at(step - question.step, length)
                pitch = within_midi(note.pitch + answer.semitones)
                notes.append(Planned(step, note.steps, NoteOn(pitch, velocity, self._channel)))
            step += note.steps
        return notes, step

    def go_on(self, time: float, call: Call, at_once: bool, is_first: bool) -> Planned | None:
        """Return the next note of a melody that goes on from what was heard, or None for a rest in it.

        Args:
            time: now, in seconds.
            call: what was heard; it may be empty.
            at_once: see `answer`.
            is_first: the melody begins here.
        """
        if is_first or self._melody is None:
            if is_first:
                opening = self._opening(self._question(time, call, at_once))
                self._first_step = self._next_step = opening.step
            else:  # another model goes on where the last one stood
                opening = Opening(self._next_step, self._time.place(self._next_step), self._context())
            self._melody = self._composer.melody(opening.context, lambda: self._listener.semitones, opening.place)
        note, step = next(self._melody), self._next_step
        self._next_step += note.steps
        if note.pitch is None:
            return None
        # The call's contour goes round and round under the melody, in whole bars.
        bars = math.ceil(self._length(call, time) / self._time.bar)
        velocity = call.velocity_at(step - self._first_step, bars * self._time.bar)
        pitch = self._composer.played(note.pitch, self._listener.semitones)
        return Planned(step, note.steps, NoteOn(pitch, velocity, self._channel))

    def move(self, steps: int) -> None:
        """Let the melody that goes on do so that many steps later."""
        self._first_step += steps
        self._next_step += steps

    def all_off(self, time: float) -> list[Timed]:
        """Return what tells an instrument to be silent, whatever it was told before."""
        return [Timed(time, ControlChange(number, 0, self._channel)) for number in (ALL_SOUND_OFF, ALL_NOTES_OFF)]

    @property
    def next_step(self) -> int:
        """The step at which the melody that goes on has its next note."""
        return self._next_step

    def _question(self, time: float, call: Call, at_once: bool) -> _Question:
        """Return all that a reply depends on; `time`, in seconds, is when it is asked for."""
        grid = self._time
        if at_once:
            step = grid.next_step(time, 1)
        elif not call.onsets:
            step = grid.next_step(time, grid.beat)
        else:
            step = grid.next_step(time, grid.bar if grid.is_shared else grid.beat, call.start)
        ended = self._ended(time) if call.onsets else step
        return _Question(call, step, ended, at_once, self._composer.style, self._listener.semitones)

    def _ended(self, time: float) -> int:
        """Return the step at which the call's last note ended; now, if it hasn't."""
        release = self._listener.release
        ended = self._time.tempo.step_at(time) if release is None else release
        onset = self._listener.onset or 0
        # A key that was stuck overnight isn't read step by step.
        return min(max(onset + 1, round(ended)), onset + LONGEST_WAIT * self._time.bar)

    def _length(self, call: Call, time: float) -> int:
        return self._ended(time) - call.start if call.onsets else self._time.bar

    def _opening(self, question: _Question) -> Opening:
        """Return where a reply starts, and what the model remembers there; found before or now."""
        if self._opened is None or self._opened[0] != question:
            self._opened = question, self._found_opening(question)
        return self._opened[1]

    def _found_opening(self, question: _Question) -> Opening:
        grid, call, step = self._time, question.call, question.step
        last = self._listener.onset
        if last is None or not call.onsets:
            return Opening(step, grid.place(step), self._context())
        if grid.is_shared:
            held = min(step - last - 1, LONGEST_WAIT * grid.bar)
            context = self._held_on(self._context(), grid.place(step), held)
            return Opening(step, grid.place(step), context, -call.start % grid.bar)
        # Nobody counts the silence between call and answer: to the model the answer comes in the call's next bar, or,
        # if it is asked for at once, where the call ended.
        bars = max(1, math.ceil((question.ended - LATE_RELEASE - call.start) / grid.bar))
        start = question.ended if question.at_once else call.start + bars * grid.bar
        if not self._knows_metre:
            return Opening(step, None, self._held_on(self._context(), None, max(0, start - last - 1)))
        ended = min(question.ended, start)
        tokens = self._tokens(call, ended)
        phase = find_downbeat(self._composer.model, self._composer.vocabulary, tokens, grid.bar, grid.beat)
        barline = ended - len(tokens) - phase.position
        place = Place((start - barline) % grid.bar, grid.bar)
        context = self._held_on(phase.context, place, start - ended)
        return Opening(step, place, context, (barline - call.start) % grid.bar)

    def _candidates(self, question: _Question) -> Candidates:
        """Return the answers that are being drawn, begun before or now."""
        if self._prepared is None or self._prepared[0] != question:
            opening = self._opening(question)
            candidates = self._composer.candidates(opening.context, self._request(question, opening), self._answers)
            self._prepared = question, candidates
        return self._prepared[1]

    def _request(self, question: _Question, opening: Opening) -> request.Request:
        style, place = question.style, opening.place
        notes = self._notes(question.call, question.semitones, question.ended)
        return request.Request(
            call=request.CallMelody(notes, opening.upbeat),
            position=0 if place is None else place.position,
            bar=self._time.bar,
            shortest=style.shortest,
            longest=style.longest,
            constraints=style.constraints,
            semitones=self._composer.octaved(question.semitones),
            density=style.density,
            temperature=style.temperature,
        )

    def _notes(self, call: Call, semitones: int, ended: int) -> tuple[Note, ...]:
        """Return the call's notes in the model's key; each lasts until the next, the last one until it `ended`."""
        return tuple(
            Note(pitch - semitones, following - onset)
            for onset, following, pitch in zip(call.onsets, (*call.onsets[1:], ended), call.pitches, strict=True)
            if following > onset
        )

    def _tokens(self, call: Call, ended: int) -> npt.NDArray[np.int32]:
        """Return the call's last tokens, a step each, until it `ended`."""
        vocabulary = self._composer.vocabulary
        onset = self._listener.onset or 0
        heard = self._listener.line[-min(onset - call.start + 1, LONGEST_CALL) :]
        held = [vocabulary.hold] * (ended - onset - 1)
        return np.array([*tokens_of(vocabulary, heard), *held], np.int32)

    def _context(self) -> Context:
        """Return what was heard up to the last onset, as the composer's model remembers it."""
        if not self._by_window:
            return self._listener.context
        return context_of(self._composer.model, self._composer.vocabulary, self._listener.line)

    def _held_on(self, context: Context, place: Place | None, steps: int) -> Context:
        """Return the context after the call's last note was held on for some steps, until `place`."""
        first = place and Place((place.position - steps) % place.bar, place.bar)
        return self._composer.held_on(context, first, steps)


@dataclass(frozen=True)
class _Question:
    """All that the answers to a call depend on."""

    call: Call
    step: int
    """At which the answer starts, on the grid."""
    ended: int
    """The step at which the call ended."""
    at_once: bool
    style: Style
    semitones: int
