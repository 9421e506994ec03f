"""Playing: what the improviser makes sound, the answer and the metronome's clicks, and what it has planned."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from antiphon.improviser.events import Timed
from antiphon.improviser.input.loopback import LoopbackFilter
from antiphon.improviser.output.metronome import Metronome
from antiphon.improviser.output.plan import Plan
from antiphon.improviser.output.sounding import Sounding
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.midi.messages import NoteOn

ANSWERS_IN_HAND = 16.0
"""Answers that may be given faster than one a step, before one a step is all there is (two Antiphons in a ring)."""

Due = tuple[float, Callable[[float], list[Timed]]]
"""When something is due, in seconds, and what does it."""


class Playing:
    """Starts notes and ends each of them once. Times are in seconds.

    Args:
        time: steps ↔ seconds.
        metronome: says which click is due when.
        loopback: is told what leaves.
    """

    def __init__(self, time: Timekeeper, metronome: Metronome, loopback: LoopbackFilter) -> None:
        self._time = time
        self._metronome = metronome
        self._loopback = loopback
        self.plan = Plan()
        self.is_muted = False
        self._sounding = Sounding()
        self._clicks = Sounding()
        self._answers_left = ANSWERS_IN_HAND
        self._last_answer = float("-inf")

    def due(self) -> list[Due]:
        """Return what is due next of each kind but the plan; what falls together is done in this order."""
        moments = (
            (self._sounding.next_time(), self._sounding.ended),
            (self._clicks.next_time(), self._clicks.ended),
            (self._metronome.next_time(self._time.tempo), self._click),
        )
        return [(moment, act) for moment, act in moments if moment is not None]

    def play(self, time: float, note: NoteOn, end: float) -> list[Timed]:
        """Play a note of the answer that ends at `end`; the one before ends now, or as soon as it was long enough."""
        return self.play_together(time, (note,), end)

    def play_together(self, time: float, notes: Sequence[NoteOn], end: float) -> list[Timed]:
        """Play notes at once that end at `end`; what was played before ends now, or as soon as it was long enough."""
        if self.is_muted:
            return []
        messages = self.fall_silent(time)
        for note in notes:
            self._loopback.sent(time, note)
            messages += self._sounding.start(time, note, end)
        return messages

    def end_at(self, note: NoteOn, time: float) -> None:
        """Let a note end at `time`, if it still sounds: no earlier than the shortest note does."""
        self._sounding.end_at(note, time)

    def end_where(self, time: float, is_to_end: Callable[[int], bool]) -> list[Timed]:
        """End the notes of the answer whose pitch is to end, none before it was long enough."""
        self._sounding.shorten(time, is_to_end)
        return self._sounding.ended(time)

    def fall_silent(self, time: float) -> list[Timed]:
        """End the answer, no note of it before it was long enough."""
        self._sounding.shorten(time)
        return self._sounding.ended(time)

    def mute(self, is_muted: bool, time: float) -> list[Timed]:
        """Play no answer from now on, or play it again; what is planned goes on meanwhile, unheard."""
        self.is_muted = is_muted
        return self._sounding.end_all(time) if is_muted else []

    def end_all(self, time: float) -> list[Timed]:
        """End whatever sounds, now."""
        return self._sounding.end_all(time) + self._clicks.end_all(time)

    def go_on(self, time: float) -> tuple[list[Timed], int]:
        """Go on after a pause: end what sounded too long, and let what was planned meanwhile come bars later.

        Returns:
            The note-offs, and by how many steps, whole bars of them, the plan was moved.
        """
        tempo, bar = self._time.tempo, self._time.bar
        ended = self._sounding.ended(time) + self._clicks.ended(time)
        steps = 0
        planned = self.plan.next_time(tempo)
        if planned is not None and planned < time:
            late = tempo.step_at(time) - tempo.step_at(planned)
            steps = math.ceil(late / bar) * bar
            self.plan.move(steps)
        self.set_out(time)
        return sorted(ended, key=lambda timed: timed.time), steps

    def set_out(self, time: float) -> None:
        """Let the metronome begin anew with the grid's next beat: the grid has jumped."""
        self._metronome.set_out(self._time.tempo.step_at(time))

    def may_answer(self, time: float) -> bool:
        """Return whether one more answer at once is no runaway; if so, it counts as given."""
        earned = (time - self._last_answer) / self._time.tempo.step_seconds
        self._answers_left = min(ANSWERS_IN_HAND, self._answers_left + earned)
        self._last_answer = time
        if self._answers_left < 1:
            return False
        self._answers_left -= 1
        return True

    def _click(self, time: float) -> list[Timed]:
        return self._clicks.start(time, self._metronome.take(), time)
