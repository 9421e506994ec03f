"""Replies: what is played, on the grid, to what was heard: the next note, an answer, or the melody going on.

What may be asked for soon is prepared, a step of the model at a time. Whatever is prepared is kept by all that it
depends on, so that it is found only where it is what would be made now.
"""

from __future__ import annotations

import math

from antiphon.improviser.answering.answers import Answers
from antiphon.improviser.answering.call import Call
from antiphon.improviser.answering.drawing import Drawing
from antiphon.improviser.answering.harmonizing import Harmonizer
from antiphon.improviser.answering.melodies import Melody
from antiphon.improviser.answering.next_note import NextNote
from antiphon.improviser.answering.next_notes import NextNotes
from antiphon.improviser.answering.opening import Openings, ReplyInputs
from antiphon.improviser.answering.style import Style
from antiphon.improviser.answering.styled_model import StyledModel, within_midi
from antiphon.improviser.answering.two_voices import clash
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import Models
from antiphon.improviser.output.groove import Groove
from antiphon.improviser.output.plan import Planned
from antiphon.improviser.tempo.feel import FeelLearner
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.reasons import Reason
from antiphon.melody.swing import STRAIGHT
from antiphon.midi.messages import NoteOn


class Replies:
    """Makes replies to what a listener has heard.

    Args:
        models: what listens and what plays.
        style: in which it plays, to begin with.
        seed: of the random numbers: the same playing and seed give the same replies; None is new every time.
        channel: of the replies, 1…16.
        listener: hears the performer.
        time: the grid.
    """

    def __init__(
        self, models: Models, style: Style, seed: int | None, channel: int, listener: Listener, time: Timekeeper
    ) -> None:
        self._listener = listener
        self._time = time
        self._channel = channel
        self._openings = Openings(models, listener, time)
        self._harmonizer = Harmonizer(listener, time)
        self._drawing = drawing = Drawing(seed)
        self._next_notes = NextNotes(self._openings, listener, time, self._harmonizer, drawing)
        self._answers = Answers(self._openings, time, drawing)
        self._melody = Melody(self._openings, time, self._harmonizer, drawing)
        self.feel = FeelLearner()
        """How the performer places and stresses notes."""
        self.reason: Reason | None = None
        """Why the last answer, or the phrase that stands, is as it is."""
        self.change_style(style)

    @property
    def style(self) -> Style:
        """How it plays."""
        return self._styled.style

    def change_style(self, style: Style) -> None:
        """Play in another style from now on."""
        self._styled = StyledModel(self._openings.models.playing, style)
        self._listener.memory.share = style.memory

    def change_models(self, models: Models) -> None:
        """Play with another model from now on, as if it had played nothing before."""
        self._openings.change_models(models)
        self._styled = StyledModel(models.playing, self.style)
        self._drawing.forget()
        self._answers.change_models()
        self._melody.change_models()

    def learn_feel(self, velocity: int, replaces: bool) -> None:
        """Learn how the performer has placed and stressed the last note that was heard.

        Args:
            velocity: its, 1…127.
            replaces: it takes the place of the note before.
        """
        feel, listener, beat = self.feel, self._listener, self._time.beat
        place, lag = ((listener.onset or 0) - listener.grid.beat_at) % beat, listener.lag
        if lag is not None and not self._time.is_shared:
            # The grid was laid under the note before, wherever that was played; and beats are where it is laid.
            before = (place - listener.interval) % beat
            lag = feel.feel.mean_lag(before) + lag if place else None
        feel.join(place, lag, velocity, replaces)

    def _groove(self, beat_at: int) -> Groove:
        """Return how what is played now lies on the grid; a beat is at the step `beat_at` if nothing else is known."""
        style, grid, time = self.style, self._listener.grid, self._time
        share = grid.swing if style.swing is None else style.swing
        knows = time.is_shared or grid.swings
        # The feel was learned by places that count from where the listener's beat is, right or not.
        phase = (grid.beat_at if knows else beat_at) - grid.beat_at
        return Groove(time.beat, grid.beat_at, phase, share if time.is_simple else STRAIGHT, self.feel.feel, style.feel)

    # The next note

    def draw_whether_to_answer(self) -> bool:
        """Draw whether a note is answered, by the style's density."""
        return self._next_notes.is_wanted(self.style.density)

    def next_note(self, velocity: int, at_once: bool) -> tuple[NoteOn, NextNote]:
        """Return the predicted next note and how it was drawn; prepared before, or now.

        `note_length` is to be asked before the next reply.

        Args:
            velocity: of the note, 1…127.
            at_once: it sounds together with the note that it answers, and not when the model expects it.
        """
        note = self._next_notes.draw(self._styled, at_once)
        return NoteOn(note.pitch, velocity, self._channel), note

    def note_length(self, note: NextNote) -> int:
        """Draw how long the next note sounds, in steps. Its random stream ends here."""
        return self._next_notes.length(self._styled, note)

    def prepare_next_note(self) -> bool:
        """Draw the answer to a note that is likely to come now. Returns whether there may be more to prepare."""
        return self._next_notes.prepare(self._styled)

    def expected(self, step: int, length: int, note: NoteOn) -> Planned:
        """Return a next note that is played when the model expects it: at `step`, for `length` steps."""
        return self._groove(self._listener.grid.beat_at).planned(step, length, note)

    # An answer

    def prepare_answer(self, call: Call) -> bool:
        """Draw one more symbol of the candidates for a call that may have ended. Returns whether there is more."""
        inputs = self._inputs_at_end(call)
        return inputs is not None and self._answers.prepare(inputs, self._styled)

    def answer(self, time: float, call: Call, at_once: bool) -> tuple[list[Planned], int]:
        """Choose an answer to a call.

        Args:
            time: now, in seconds.
            call: it has a note.
            at_once: on the next step, not when the call's place in its bar, or the next beat, comes round.

        Returns:
            Its notes, and the step at which it is over.
        """
        inputs = self._openings.inputs(time, call, at_once, self.style)
        answer = self._answers.choose(inputs, self._styled)
        self.reason = answer.reason
        length, groove = self._openings.length(call, time), self._groove(inputs.step)
        self._openings.lay_grid(time, inputs)
        notes, step = [], inputs.step
        for note in answer.notes:
            if note.pitch is not None:
                like, velocity = call.like(step - inputs.step, length)
                pitch = within_midi(note.pitch + answer.semitones)
                louder = NoteOn(pitch, groove.velocity(velocity, step, like), self._channel)
                notes.append(groove.planned(step, note.steps, louder))
            step += note.steps
        return notes, step

    # A melody that goes on

    def prepare_melody(self, call: Call) -> bool:
        """Do a little for a melody that will go on from a call that may have ended. Returns whether there is more."""
        inputs = self._inputs_at_end(call)
        return inputs is not None and self._melody.prepare(inputs, self._styled)

    def prepare_phrase(self) -> bool:
        """Draw a little of the next phrase of a melody that goes on. Returns whether there is more to draw."""
        return self._melody.prepare_phrase(self._styled)

    def close_melody(self) -> None:
        """Let a melody that goes on end with a cadence, if it has a form."""
        self._melody.close(self._styled)

    @property
    def is_over(self) -> bool:
        """Whether the melody that went on has ended with a cadence."""
        return self._melody.is_over

    @property
    def next_step(self) -> int:
        """The step at which the melody that goes on has its next note."""
        return self._melody.next_step

    def go_on(self, time: float, call: Call, at_once: bool, is_first: bool) -> Planned | None:
        """Return the next note of a melody that goes on from what was heard, or None for a rest in it.

        Args:
            time: now, in seconds.
            call: what was heard; it may be empty.
            at_once: as for `answer`.
            is_first: the melody begins here.
        """
        melody = self._melody
        if is_first:
            inputs = self._openings.inputs(time, call, at_once, self.style)
            melody.begin(inputs)
            self._openings.lay_grid(time, inputs)
        step = melody.next_step
        note = melody.next_note(self._styled, is_first)
        self.reason = melody.reason
        if note.pitch is None:
            return None
        # The call's contour goes round and round under the melody, in whole bars.
        bars = math.ceil(self._openings.length(call, time) / melody.bar)
        like, velocity = call.like(step - melody.first_step, bars * melody.bar)
        groove = self._groove(melody.first_step)
        velocity = groove.velocity(velocity, step, like)
        pitch = self._styled.played(note.pitch, self._listener.semitones)
        return groove.planned(step, note.steps, NoteOn(pitch, velocity, self._channel))

    def move(self, steps: int) -> None:
        """Let the melody that goes on do so that many steps later."""
        self._melody.move(steps)

    # What is planned, beside what the performer plays

    def fit(self, time: float, step: float, planned: NoteOn) -> NoteOn:
        """Return a planned note as it is played now: one near it that fits to the performer's note, if she holds one,
        or, on a strong beat, to her left hand.

        Args:
            time: now, in seconds.
            step: the note's, on the grid.
            planned: the note.
        """
        pitch = self._harmonizer.fit(self._styled, time, planned.pitch, self._openings.is_on_beat(step))
        return planned if pitch == planned.pitch else NoteOn(pitch, planned.velocity, planned.channel)

    def clashes(self, pitch: int, own: int) -> bool:
        """Return whether a note of its own is to end because the performer plays `pitch`."""
        return self.style.harmony > 0 and clash(pitch, own)

    def _inputs_at_end(self, call: Call) -> ReplyInputs | None:
        """Return what a reply depends on that comes when the phrase ends; None while a note is held."""
        end = self._listener.phrase_end()
        return None if end is None else self._openings.inputs(end, call, at_once=False, style=self.style)
