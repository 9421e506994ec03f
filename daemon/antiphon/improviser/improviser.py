"""The improviser: one object that hears events and answers with timed messages.

    receive(time, event) → messages that are due at once
    advance(time)        → messages that have become due
    next_time()          → when to call advance again
    close(time)          → the last note-offs

Whoever drives it, a live shell by the clock or a renderer by a file, calls these in the order of time.
"""

from __future__ import annotations

from collections.abc import Callable

from antiphon.improviser.echo import Echoes
from antiphon.improviser.events import Event, NoteOff, NoteOn, TempoChange, Timed
from antiphon.improviser.listener import Heard, Listener
from antiphon.improviser.sounding import Sounding
from antiphon.melody.model import StepModel
from antiphon.melody.sampling import Sampler, sample_length, sample_note
from antiphon.melody.vocabulary import Vocabulary
from antiphon.melody.window import context_of

ANSWERS_IN_HAND = 16.0
"""Answers that may be given faster than one a step, before one a step is all there is (two Antiphons in a ring)."""


class Improviser:
    """Mode `next-note`: each note of the melody is answered at once with the predicted next one.

    Args:
        listener: hears the performer.
        model: predicts the answer, one row at a time; it must belong to `vocabulary`.
        vocabulary: the model's.
        by_window: the model is a `window` bundle's, and the listener hears with another model than this one.
        sampler: draws the answer.
        channel: the answer's, 1…16.
        on_heard: is told every note that was heard (a display, a test); it must not block.
    """

    def __init__(
        self,
        listener: Listener,
        model: StepModel,
        vocabulary: Vocabulary,
        sampler: Sampler,
        channel: int,
        on_heard: Callable[[Heard], None] | None = None,
        by_window: bool = False,
    ) -> None:
        self._listener = listener
        self._model = model
        self._vocabulary = vocabulary
        self._sampler = sampler
        self._channel = channel
        self._on_heard = on_heard
        self._by_window = by_window
        self._sounding = Sounding()
        self._echoes = Echoes()
        self._now = float("-inf")
        self._answers_left = ANSWERS_IN_HAND
        self._last_answer = float("-inf")

    def receive(self, time: float, event: Event) -> list[Timed]:
        """Hear an event. `time`, in seconds, counts as no earlier than the last one given.

        Returns:
            What had become due before the event, and then the answer to it, in the order of time.
        """
        messages = self.advance(time)
        time = self._now
        if isinstance(event, TempoChange):
            self._listener.change_tempo(time, event.bpm)
        elif self._echoes.is_echo(time, event):
            pass
        elif isinstance(event, NoteOff):
            self._listener.note_off(time, event.pitch)
        else:
            heard = self._listener.note_on(time, event.pitch)
            if heard is not None:
                if self._on_heard is not None:
                    self._on_heard(heard)
                if not heard.replaces:
                    messages += self._answer(time, event.velocity)
        return messages

    def advance(self, time: float) -> list[Timed]:
        """Return what has become due up to `time`, in seconds, in the order of time."""
        self._now = max(self._now, time)
        look = self._listener.next_time()
        while look is not None and look <= self._now:
            self._listener.look_ahead()
            look = self._listener.next_time()
        return self._sounding.ended(self._now)

    def next_time(self) -> float | None:
        """Return when to call `advance`, in seconds; None if nothing is to be done until the next event."""
        times = [t for t in (self._sounding.next_time(), self._listener.next_time()) if t is not None]
        return min(times, default=None)

    def close(self, time: float) -> list[Timed]:
        """End every sounding note."""
        messages = self.advance(time)
        return messages + self._sounding.end_all(self._now)

    def _answer(self, time: float, velocity: int) -> list[Timed]:
        if not self._may_answer(time):
            return []
        heard = self._listener.context
        if self._by_window:
            heard = context_of(self._model, self._vocabulary, self._listener.line)
        note = sample_note(self._model, self._vocabulary, heard, self._sampler)
        length = sample_length(self._model, self._vocabulary, note.context, self._sampler)
        answer = NoteOn(self._listener.as_played(note.pitch), velocity, self._channel)
        self._sounding.shorten(time)
        ended = self._sounding.ended(time)
        self._echoes.sent(time, answer)
        return ended + self._sounding.start(time, answer, time + length * self._listener.step_seconds)

    def _may_answer(self, time: float) -> bool:
        earned = (time - self._last_answer) / self._listener.step_seconds
        self._answers_left = min(ANSWERS_IN_HAND, self._answers_left + earned)
        self._last_answer = time
        if self._answers_left < 1:
            return False
        self._answers_left -= 1
        return True
