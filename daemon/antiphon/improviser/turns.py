"""Turns: whose turn it is, by the table in `modes`, and what the improviser plays in its own: one note at once, or an
answer or a melody by its plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from antiphon.improviser.accompanying.accompanist import Accompanist
from antiphon.improviser.answering.call import OpenCall
from antiphon.improviser.answering.next_note import NextNote
from antiphon.improviser.answering.replies import Replies
from antiphon.improviser.events import Timed
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.modes import Action, Signal, Turn, after
from antiphon.improviser.output.playing import Due, Playing
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.reasons import Reason, TwoVoices
from antiphon.midi.messages import NoteOn
from antiphon.parameters import Mode, When


class _Unfinished(NamedTuple):
    """A next note that has left before its length was drawn: nobody was to wait for that."""

    time: float
    """Of its onset, in seconds."""
    note: NoteOn
    drawn: NextNote


class Manners(NamedTuple):
    """How the improviser takes part."""

    mode: Mode
    """To begin with."""
    when: When
    """When a predicted next note is played: at once, or at the moment when the model expects it."""


class Turns:
    """Takes turns with the performer. Times are in seconds.

    Args:
        manners: how it takes part.
        listener: hears the performer.
        time: keeps the time.
        replies: makes what is played in turn.
        accompanist: plays with the performer.
        playing: makes it sound.
    """

    def __init__(
        self,
        manners: Manners,
        listener: Listener,
        time: Timekeeper,
        replies: Replies,
        accompanist: Accompanist,
        playing: Playing,
    ) -> None:
        self.mode: Mode = manners.mode
        self.turn = Turn.LISTENING
        self.call = OpenCall()
        """The performer's phrase."""
        self._when = manners.when
        self._listener = listener
        self._time = time
        self._replies = replies
        self._accompanist = accompanist
        self._playing = playing
        self._plan = playing.plan
        self._unfinished: _Unfinished | None = None
        self._voices: TwoVoices | None = None
        """Her last note that sounded together with a next note, and that one."""
        self._actions: dict[Action, Callable[[float, Signal], list[Timed]]] = {
            Action.NOTHING: lambda _time, _signal: [],
            Action.NEXT_NOTE: self._next_note,
            Action.ANSWER: self._answer,
            Action.GO_ON: self._go_on,
            Action.CLOSE: self._close,
            Action.ATTEND: self._attend,
            Action.ACCOMPANY: self._accompany,
            Action.FALL_SILENT: self._fall_silent,
        }

    @property
    def reason(self) -> Reason | None:
        """Why what was played last is as it is; None where nothing was played, or nobody decided."""
        return self._voices if self.mode == "next-note" else self._replies.reason

    def signal(self, time: float, signal: Signal) -> list[Timed]:
        """Let something happen to the turn. Returns what is played at once."""
        if signal is Signal.ANSWER_NOW and self.mode == "call-response" and not self.call.call:
            return []
        self.turn, action = after(self.mode, self.turn, signal)
        self._time.lead(self.turn is Turn.ANSWERING)
        return self._actions[action](time, signal)

    def due(self) -> list[Due]:
        """Return what is due next of each kind, and when; of what falls together, the first is the first to be done."""
        moments = (
            (self._listener.phrase_end() if self._awaits_phrase_end() else None, self._end_phrase),
            (self._plan.next_time(self._time.tempo), self._play_planned),
            (self._accompanist.next_time() if self.mode == "accompany" else None, self._come_to_half_bar),
        )
        return [(moment, act) for moment, act in moments if moment is not None]

    def prepare(self) -> bool:
        """Do a little of what a reply will need, if it may be needed soon. Returns whether there is more to do."""
        if self.mode == "next-note":
            return self._when == "now" and self._replies.prepare_next_note()
        if self.mode == "accompany":
            return self._accompanist.prepare()
        if self.turn is Turn.ANSWERING and self.mode == "continue":
            return self._replies.prepare_phrase()
        if not self._awaits_phrase_end():
            return False
        if self.mode == "continue":
            return self._replies.prepare_melody(self.call.call)
        return self._replies.prepare_answer(self.call.call)

    def give_way(self, time: float, pitch: int) -> list[Timed]:
        """End what is sounding and clashes with the performer's new note, unless harmony doesn't count.

        A chord sounds on: over it, notes pass.
        """
        if self.mode == "accompany":
            return []
        return self._playing.end_where(time, lambda own: self._replies.clashes(pitch, own))

    def withdraw(self) -> None:
        """Drop what is planned for a note that was none of the melody; what sounds already sounds on."""
        if self.mode == "next-note":
            self._plan.clear()

    def finish(self) -> None:
        """Draw the length of a next note that has left without one."""
        if self._unfinished is None:
            return
        (time, note, drawn), self._unfinished = self._unfinished, None
        length = self._replies.note_length(drawn)
        self._listener.own_until = end = time + length * self._time.tempo.step_seconds
        self._playing.end_at(note, end)

    def change_mode(self, time: float, mode: Mode) -> list[Timed]:
        """Play in another mode from now on."""
        messages = self.signal(time, Signal.CHANGED)
        self.mode = mode
        self._voices = self._replies.reason = None
        # A phrase that ended in another mode had its answer there.
        end = self._listener.phrase_end()
        if end is not None and end <= time:
            self.call.close()
        return messages

    def _awaits_phrase_end(self) -> bool:
        return self.mode in ("call-response", "continue") and self.turn is Turn.LISTENING and self.call.is_open

    def _end_phrase(self, time: float) -> list[Timed]:
        if self.call.is_stopped:  # whoever stops the transport wants silence
            self.call.close()
            return []
        return self.signal(time, Signal.PHRASE_ENDS)

    def _play_planned(self, time: float) -> list[Timed]:
        planned = self._plan.take()
        if planned is None:
            return self.signal(time, Signal.CADENCE_ENDS if self._replies.is_over else Signal.ANSWER_ENDS)
        tempo = self._time.tempo
        note = self._replies.fit(time, planned.step, planned.note) if self.turn is Turn.ANSWERING else planned.note
        self._listener.own_until = end = tempo.time_of(planned.step + planned.length)
        self._meet(note)
        return self._playing.play(time, note, end)

    def _next_note(self, time: float, signal: Signal) -> list[Timed]:
        self._plan.clear()
        at_once = self._when == "now" or signal is Signal.ANSWER_NOW
        if not (self._playing.may_answer(time) and self._replies.draw_whether_to_answer()):
            return []
        note, drawn = self._replies.next_note(self.call.velocity, at_once)
        if at_once:
            self._unfinished = _Unfinished(time, note, drawn)
            self._meet(note)
            return self._playing.play(time, note, float("inf"))
        step = (self._listener.onset or 0) + drawn.steps
        self._plan.add([self._replies.expected(step, self._replies.note_length(drawn), note)], step)
        return []

    def _meet(self, note: NoteOn) -> None:
        """Take down what a note that starts now sounds together with, if the performer holds one."""
        listener = self._listener
        if listener.onset is None or listener.release is not None or self._playing.is_muted:
            self._voices = None
        else:
            self._voices = TwoVoices(listener.pitch, note.pitch).after(self._voices)

    def _answer(self, time: float, signal: Signal) -> list[Timed]:
        self._plan.clear()
        self._plan.add(*self._replies.answer(time, self.call.call, at_once=signal is Signal.ANSWER_NOW))
        self.call.close()
        return []

    def _go_on(self, time: float, signal: Signal) -> list[Timed]:
        at_once, goes_on = signal is Signal.ANSWER_NOW, signal is Signal.ANSWER_ENDS
        planned = self._replies.go_on(time, self.call.call, at_once, is_first=not goes_on)
        # The next note is drawn half a step after this one has left, which needn't wait for it; and no sooner, so that
        # it follows the knobs until then.
        drawn_at = planned.step + 0.5 if planned else self._replies.next_step - 0.5
        if self._replies.is_over:
            drawn_at = self._replies.next_step
        self._plan.add([planned] if planned else [], drawn_at)
        self.call.close()
        return []

    def _close(self, _time: float, _signal: Signal) -> list[Timed]:
        self._replies.close_melody()
        return []

    def _attend(self, time: float, _signal: Signal) -> list[Timed]:
        self._accompanist.attend(time)
        return []

    def _come_to_half_bar(self, time: float) -> list[Timed]:
        begins = self._accompanist.come(time)
        return [] if begins is None else self.signal(time, Signal.HALF_BAR if begins else Signal.PAUSES)

    def _accompany(self, time: float, _signal: Signal) -> list[Timed]:
        return self._accompanist.play(time, self.call.velocity)

    def _fall_silent(self, time: float, _signal: Signal) -> list[Timed]:
        self._plan.clear()
        self._accompanist.stop()
        return self._playing.fall_silent(time)
