"""Replies: what is played, on the grid, to what was heard: the next note, an answer, or the melody going on.

What may be asked for soon is prepared, a step of the model at a time. Whatever is prepared is kept by all that it
depends on, so that it is found only where it is what would be made now.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from antiphon.improviser.answering.call import Call
from antiphon.improviser.answering.candidates import Candidates
from antiphon.improviser.answering.chord_tones import Chord, chord_tone, heard_chord
from antiphon.improviser.answering.constraints import NOTHING_PLAYED, History
from antiphon.improviser.answering.next_note import (
    MelodyPosition,
    NextNote,
    StyledModel,
    melody_note,
    next_note,
    note_length,
    within_midi,
)
from antiphon.improviser.answering.opening import Opening, Openings, ReplyInputs
from antiphon.improviser.answering.phrases import Manner, Phrases
from antiphon.improviser.answering.request import CallMelody, Request
from antiphon.improviser.answering.style import Style
from antiphon.improviser.answering.two_voices import Counterpart, Pair, clash, fitted
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import NoteHypothesis
from antiphon.improviser.models import Models
from antiphon.improviser.output.groove import Groove
from antiphon.improviser.output.plan import Planned
from antiphon.improviser.tempo.feel import FeelLearner
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Note, Place
from antiphon.melody.reasons import Reason
from antiphon.melody.sampling import RandomStream, random_streams
from antiphon.melody.swing import STRAIGHT
from antiphon.midi.messages import NoteOn

MOST_PREPARED = 64
"""Next notes that are kept prepared: four for each step of a bar of 4/4."""

NoteInputs = tuple[
    NoteHypothesis | None, StyledModel, History[int], RandomStream, Counterpart | None, Chord | None, bool
]
"""All that a next note depends on: the note that it answers and what was heard with it, the model and its style, what
was played before, the random stream, and what the note is to sound with: the performer's note, and her left hand."""


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
        self.change_style(style)
        self._history = NOTHING_PLAYED
        self._pair = Pair()
        self._streams = random_streams(seed)
        self._stream = next(self._streams)
        self._answers_seed = int(np.random.default_rng().integers(1 << 62)) if seed is None else seed
        self._answers = 0
        self._prepared: dict[NoteInputs, tuple[NextNote, History[int]]] = {}
        self._opening: tuple[ReplyInputs, Opening] | None = None
        self._candidates: tuple[ReplyInputs, Candidates] | None = None
        self._melody: MelodyPosition | None = None
        self._phrases: Phrases | None = None
        """Of the melody that goes on, where it has a form."""
        self._coming: tuple[ReplyInputs, Phrases] | None = None
        """Of one that may go on soon."""
        self.feel = FeelLearner()
        """How the performer places and stresses notes."""
        self._first_step = self._next_step = 0
        self.reason: Reason | None = None
        """Why the last answer, or the phrase that stands, is as it is."""

    @property
    def style(self) -> Style:
        """How it plays."""
        return self._styled.style

    @property
    def next_step(self) -> int:
        """The step at which the melody that goes on has its next note."""
        return self._next_step

    def change_style(self, style: Style) -> None:
        """Play in another style from now on."""
        self._styled = StyledModel(self._openings.models.playing, style)
        self._listener.memory.share = style.memory

    def change_models(self, models: Models) -> None:
        """Play with another model from now on, as if it had played nothing before."""
        self._openings.models = models
        self._styled = StyledModel(models.playing, self.style)
        self._history = NOTHING_PLAYED
        self._opening = self._candidates = self._melody = self._phrases = self._coming = None

    # The next note

    def draw_whether_to_answer(self) -> bool:
        """Draw whether a note is answered, by the style's density."""
        if self.style.density >= 1:
            return True
        share, self._stream = self._stream.next()
        return share < self.style.density

    def next_note(self, velocity: int, at_once: bool) -> tuple[NoteOn, NextNote]:
        """Return the predicted next note and how it was drawn; prepared before, or now.

        `note_length` is to be asked before the next reply.

        Args:
            velocity: of the note, 1…127.
            at_once: it sounds together with the note that it answers, and not when the model expects it.
        """
        listener = self._listener
        semitones = listener.semitones
        place = self._time.place(listener.onset or 0)
        if not at_once:  # the note before this one was for the moment that has come
            self._pair = self._pair.met(listener.pitch, self._pair.own)
        against = self._counterpart(listener.pitch, place, moves=not at_once)
        chord = self._chord(listener.onset_time) if not at_once or self._is_strong(place) else None
        starts_phrase = listener.onset == listener.phrase
        found = self._prepared.get(self._note_inputs(listener.hypothesis, against, chord, starts_phrase))
        if found is None:
            after = self._time.place((listener.onset or 0) + 1)
            context, agreed = self._openings.context(), self._openings.agreed()
            found = next_note(
                self._styled, context, self._history, self._stream, semitones, after, against, agreed, chord
            )
        note, self._history = found
        own = int(self._styled.vocabulary.symbols[note.token]) + semitones
        self._pair = self._pair.met(listener.pitch, own) if at_once else replace(self._pair, own=own)
        return NoteOn(note.pitch, velocity, self._channel), note

    def note_length(self, note: NextNote) -> int:
        """Draw how long the next note sounds, in steps. Its random stream ends here."""
        length = note_length(self._styled, note)
        self._begin_stream()
        return length

    def prepare_next_note(self) -> bool:
        """Draw the answer to a note that is likely to come now. Returns whether there may be more to prepare."""
        if self.style.density < 1 or not self._openings.models.shares_context:
            return False
        hypothesis = self._listener.prepare()
        if hypothesis is None:
            return False
        if len(self._prepared) == MOST_PREPARED:
            self._prepared.clear()
        after = hypothesis.place and hypothesis.place.later(1)
        against = self._counterpart(hypothesis.pitch, hypothesis.place, moves=False)
        context, semitones = self._listener.context_after(hypothesis), hypothesis.semitones
        agreed = self._openings.agreed(hypothesis.key_posterior)
        chord = self._chord(self._listener.onset_time) if self._is_strong(hypothesis.place) else None
        self._prepared[self._note_inputs(hypothesis, against, chord, starts_phrase=False)] = next_note(
            self._styled, context, self._history, self._stream, semitones, after, against, agreed, chord
        )
        return True

    def _note_inputs(
        self, hypothesis: NoteHypothesis | None, against: Counterpart | None, chord: Chord | None, starts_phrase: bool
    ) -> NoteInputs:
        # What the memory tells depends on where the phrase began, if the key in use changes with the note.
        return hypothesis, self._styled, self._history, self._stream, against, chord, starts_phrase

    def _chord(self, time: float) -> Chord | None:
        """Return what accompanies a note that starts at `time`, in seconds; None where that doesn't count."""
        listener = self._listener
        return heard_chord(listener.harmony, time, listener.accompaniment) if self.style.harmony else None

    def _is_strong(self, place: Place | None) -> bool:
        """Return whether a note stands on a beat; where nobody knows the beat, each may."""
        return place is None or place.position % self._time.beat == 0

    def _counterpart(self, pitch: int, place: Place | None, moves: bool) -> Counterpart | None:
        """Return what a note sounds with: a pitch of the performer's whose note stands at `place`; None where that
        doesn't count."""
        if not self.style.harmony:
            return None
        return Counterpart(pitch, self._pair, self._is_strong(place), moves, self._listener.accompaniment)

    def expected(self, step: int, length: int, note: NoteOn) -> Planned:
        """Return a next note that is played when the model expects it: at `step`, for `length` steps."""
        return self._groove(self._listener.grid.beat_at).planned(step, length, note)

    def _groove(self, beat_at: int) -> Groove:
        """Return how what is played now lies on the grid; a beat is at the step `beat_at` if nothing else is known."""
        style, listener, time = self.style, self._listener, self._time
        share = listener.grid.swing if style.swing is None else style.swing
        knows = time.is_shared or listener.grid.swings
        # The feel was learned by places that count from where the listener's beat is, right or not.
        phase = (listener.grid.beat_at if knows else beat_at) - listener.grid.beat_at
        return Groove(
            time.beat, listener.grid.beat_at, phase, share if time.is_simple else STRAIGHT, self.feel.feel, style.feel
        )

    def _begin_stream(self) -> None:
        self._stream = next(self._streams)
        self._prepared.clear()  # no note will be drawn from the stream before

    # An answer

    def prepare_answer(self, call: Call) -> bool:
        """Draw one more symbol of the candidates for a call that may have ended. Returns whether there is more."""
        end = self._listener.phrase_end()
        return end is not None and self._candidates_for(self._inputs(end, call, at_once=False)).prepare()

    def answer(self, time: float, call: Call, at_once: bool) -> tuple[list[Planned], int]:
        """Choose an answer to a call.

        Args:
            time: now, in seconds.
            call: it has a note.
            at_once: on the next step, not when the call's place in its bar, or the next beat, comes round.

        Returns:
            Its notes, and the step at which it is over.
        """
        inputs = self._inputs(time, call, at_once)
        answer = self._candidates_for(inputs).choose()
        self._answers += 1
        self._candidates, self.reason = None, answer.reason
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
        end = self._listener.phrase_end()
        if end is None:
            return False
        inputs = self._inputs(end, call, at_once=False)
        opening = self._opening_for(inputs)
        if not self.style.form:
            return False
        if self._coming is None or self._coming[0] != inputs:
            self._coming = inputs, self._new_phrases(inputs, opening)
        return self._coming[1].prepare(self._manner())

    def prepare_phrase(self) -> bool:
        """Draw a little of the next phrase of a melody that goes on. Returns whether there is more to draw."""
        return self._phrases is not None and self._phrases.prepare(self._manner())

    def close_melody(self) -> None:
        """Let a melody that goes on end with a cadence, if it has a form."""
        if self._phrases is not None:
            self._phrases.close(self._manner())

    @property
    def is_over(self) -> bool:
        """Whether the melody that went on has ended with a cadence."""
        return self._phrases is not None and self._phrases.is_over

    def go_on(self, time: float, call: Call, at_once: bool, is_first: bool) -> Planned | None:
        """Return the next note of a melody that goes on from what was heard, or None for a rest in it.

        Args:
            time: now, in seconds.
            call: what was heard; it may be empty.
            at_once: as for `answer`.
            is_first: the melody begins here.
        """
        if is_first:
            inputs = self._inputs(time, call, at_once)
            self._begin_melody(inputs)
            self._openings.lay_grid(time, inputs)
        note, step = self._next_of_melody(is_first), self._next_step
        self.reason = None if self._phrases is None else self._phrases.reason
        self._next_step += note.steps
        if note.pitch is None:
            return None
        # The call's contour goes round and round under the melody, in whole bars.
        bars = math.ceil(self._openings.length(call, time) / self._time.bar)
        like, velocity = call.like(step - self._first_step, bars * self._time.bar)
        groove = self._groove(self._first_step)
        velocity = groove.velocity(velocity, step, like)
        pitch = self._styled.played(note.pitch, self._listener.semitones)
        return groove.planned(step, note.steps, NoteOn(pitch, velocity, self._channel))

    def _begin_melody(self, inputs: ReplyInputs) -> None:
        opening = self._opening_for(inputs)
        self._first_step = self._next_step = opening.step
        self._melody = MelodyPosition(opening.context, opening.place)
        self._phrases = None
        if self.style.form:
            found = self._coming is not None and self._coming[0] == inputs
            self._phrases = self._coming[1] if found and self._coming else self._new_phrases(inputs, opening)
            self._answers += 1
        self._coming = None

    def _next_of_melody(self, is_first: bool) -> Note:
        """Return the next note or rest of a melody that goes on, in the model's key."""
        semitones = self._listener.semitones
        if self._phrases is not None:
            return self._phrases.next_note(self._manner())
        if self._melody is None:  # another model goes on where the last one stood
            self._melody = MelodyPosition(self._openings.context(), self._time.place(self._next_step))
        elif not is_first:
            self._begin_stream()
        agreed = self._openings.agreed()
        found = melody_note(self._styled, self._melody, self._history, self._stream, semitones, agreed)
        self._melody, self._history, self._stream = found.after, found.history, found.stream
        return found.note

    def _manner(self) -> Manner:
        return Manner(self._styled, self._listener.semitones, self._openings.agreed())

    def _new_phrases(self, inputs: ReplyInputs, opening: Opening) -> Phrases:
        call = CallMelody(_notes(inputs), opening.upbeat)
        return Phrases(opening, call, self._time.bar, (self._answers_seed, self._answers, 1))

    def move(self, steps: int) -> None:
        """Let the melody that goes on do so that many steps later."""
        self._first_step += steps
        self._next_step += steps

    def fit(self, time: float, step: float, planned: NoteOn) -> NoteOn:
        """Return a planned note as it is played now: one near it that fits to the performer's note, if she holds one,
        or, on a strong beat, to her left hand.

        Args:
            time: now, in seconds.
            step: the note's, on the grid.
            planned: the note.
        """
        listener = self._listener
        against = self._counterpart(listener.pitch, self._time.place(listener.onset or 0), moves=False)
        if against is None or listener.onset is None:
            return planned
        scale, harmony = self._styled.scale(listener.semitones), self.style.harmony
        if listener.release is not None:
            chord = self._chord(time) if self._is_on_beat(step) else None
            pitch = planned.pitch if chord is None else chord_tone(planned.pitch, scale, chord, harmony)
        else:
            pitch = fitted(planned.pitch, scale, against, harmony)
            self._pair = self._pair.met(listener.pitch, pitch)
        return planned if pitch == planned.pitch else NoteOn(pitch, planned.velocity, planned.channel)

    def _is_on_beat(self, step: float) -> bool:
        """Return whether a step of a reply is on a beat, as its opening has them."""
        if self._opening is None:
            return False
        opening = self._opening[1]
        position = 0 if opening.place is None else opening.place.position
        return (round(step) - opening.step + position) % self._time.beat == 0

    def clashes(self, pitch: int, own: int) -> bool:
        """Return whether a note of its own is to end because the performer plays `pitch`."""
        return self.style.harmony > 0 and clash(pitch, own)

    # What a reply to a phrase is made of

    def _inputs(self, time: float, call: Call, at_once: bool) -> ReplyInputs:
        return self._openings.inputs(time, call, at_once, self.style)

    def _opening_for(self, inputs: ReplyInputs) -> Opening:
        """Return where a reply starts, found before or now."""
        if self._opening is None or self._opening[0] != inputs:
            self._opening = inputs, self._openings.find(inputs)
        return self._opening[1]

    def _candidates_for(self, inputs: ReplyInputs) -> Candidates:
        """Return the candidates for an answer, begun before or now."""
        if self._candidates is None or self._candidates[0] != inputs:
            opening, playing = self._opening_for(inputs), self._styled
            # Each answer has random numbers of its own, whenever it is prepared.
            generator = np.random.default_rng([self._answers_seed, self._answers])
            candidates = Candidates(
                playing.model,
                playing.vocabulary,
                opening.context,
                self._request(inputs, opening),
                generator,
                inputs.style.candidates,
            )
            self._candidates = inputs, candidates
        return self._candidates[1]

    def _request(self, inputs: ReplyInputs, opening: Opening) -> Request:
        style, place = inputs.style, opening.place
        return Request(
            call=CallMelody(_notes(inputs), opening.upbeat),
            position=0 if place is None else place.position,
            bar=self._time.bar,
            beat=self._time.beat,
            shortest=style.shortest,
            longest=style.longest,
            constraints=style.constraints,
            semitones=self._styled.octaved(inputs.semitones),
            agreed=inputs.agreed,
            density=style.density,
            temperature=style.temperature,
        )


def _notes(inputs: ReplyInputs) -> tuple[Note, ...]:
    """Return the call's notes in the model's key; each lasts until the next one, the last until the call ended."""
    call = inputs.call
    if not call.onsets:
        return ()
    return tuple(
        Note(pitch - inputs.semitones, following - onset)
        for onset, following, pitch in zip(call.onsets, (*call.onsets[1:], inputs.ended), call.pitches, strict=True)
        if following > onset
    )
