"""The improviser: one object that hears events and answers with timed messages.

    receive(time, event) → messages that are due up to the event, and those that it calls for
    advance(time)        → messages that have become due
    next_time()          → when to call advance again
    prepare()            → does a little of what will be needed soon, while there is time
    glance()             → all that a display shows; expectation() → which note is likely to come, foresee() prepares it
    interrupt(time)      → what ends where a port is lost; resume(since, time) → what is due after a pause
    close(time)          → the last note-offs

Whoever drives it, a live shell by the clock or a renderer by a file, calls these in the order of time. Whose turn it is
stands in one table, in `modes`; what is played is the composer's; when, the timekeeper's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast, get_args

from antiphon.improviser.answering.call import OpenCall
from antiphon.improviser.answering.composer import Composer, NextNote
from antiphon.improviser.answering.replies import Replies
from antiphon.improviser.events import (
    ControlChange,
    Event,
    Expression,
    KeyLock,
    NoteOff,
    NoteOn,
    SyncChange,
    TempoChange,
    Timed,
    Transport,
)
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.filter import InputFilter
from antiphon.improviser.input.loopback import LoopbackFilter
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.next_note import Pitches
from antiphon.improviser.listening.state import HeardNote
from antiphon.improviser.modes import Action, Signal, Turn, after
from antiphon.improviser.output.metronome import Metronome
from antiphon.improviser.output.plan import Planned
from antiphon.improviser.output.playing import Due, Playing
from antiphon.improviser.snapshot import Snapshot
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.keys import signature_name
from antiphon.melody.model import StepModel
from antiphon.melody.vocabulary import Vocabulary
from antiphon.parameters import Mode, When

Voice = tuple[StepModel, Vocabulary]
"""A model and its vocabulary."""


@dataclass(frozen=True)
class Manner:
    """How the improviser takes part, to begin with."""

    mode: Mode = "next-note"
    when: When = "now"
    """In `next-note`: at once, or at the moment when the model expects the note."""


class Improviser:
    """Hears, keeps time, takes its turn and plays.

    Args:
        listener: hears the performer, by `time`.
        composer: makes up what is played.
        time: keeps the time that listener and improviser share.
        replies: made of the three.
        manner: mode and moment of the answers.
        hands: what is heard and what is passed on.
        metronome: makes the grid heard.
        on_heard: is told every note that was heard (a display, a test); it must not block.
        on_notice: is told, with the time in seconds, what the performer should know, in words; it must not block.
    """

    def __init__(
        self,
        listener: Listener,
        composer: Composer,
        time: Timekeeper,
        replies: Replies,
        manner: Manner,
        hands: InputRouting,
        metronome: Metronome,
        on_heard: Callable[[HeardNote], None] | None = None,
        on_notice: Callable[[float, str], None] | None = None,
    ) -> None:
        self._listener = listener
        self._composer = composer
        self._time = time
        self._replies = replies
        self._on_heard = on_heard
        self._on_notice = on_notice
        self._when = manner.when
        self.mode: Mode = manner.mode
        self.turn = Turn.LISTENING
        self.holds = False
        echoes = LoopbackFilter()
        self._keyboard = InputFilter(hands, echoes)
        self._playing = Playing(time, metronome, echoes)
        self._plan = self._playing.plan
        self._call = OpenCall()
        self._now = self._done = float("-inf")
        self._said_unknown = False
        self._unsettled: tuple[float, NoteOn, NextNote] | None = None
        self._handlers: dict[type, Callable[[float, Any], list[Timed]]] = {
            NoteOn: self._note_on,
            NoteOff: self._take,
            ControlChange: self._take,
            Expression: self._take,
            Control: self._steer,
            TempoChange: self._tempo_change,
            SyncChange: self._sync_change,
            KeyLock: self._key_lock,
            **dict.fromkeys(get_args(Transport), self._transport),
        }
        self._actions: dict[Action, Callable[[float, Signal], list[Timed]]] = {
            Action.NOTHING: lambda _time, _signal: [],
            Action.NEXT_NOTE: self._next_note,
            Action.ANSWER: self._answer,
            Action.GO_ON: self._go_on,
            Action.FALL_SILENT: self._fall_silent,
        }

    @property
    def bpm(self) -> float:
        """The tempo, in beats (quarter notes) a minute."""
        return self._time.tempo.bpm

    @property
    def sharps(self) -> int | None:
        """The key signature that is heard, −5…6; None while nothing was heard and none is chosen."""
        listener = self._listener
        return listener.sharps if listener.onset is not None or listener.locked is not None else None

    @property
    def now(self) -> float:
        """The latest time that it was told, in seconds; nothing can happen to it before."""
        return self._now

    def change_model(self, time: float, ear: Voice, voice: Voice, knows_metre: bool) -> list[Timed]:
        """Play and listen with other models from now on; what sounds sounds on, what was planned is played.

        Args:
            time: in seconds.
            ear: the model that listens, which takes as many rows as the one before.
            voice: the model that plays; another one than `ear`, where that of a `window` bundle plays.
            knows_metre: see `Replies`.
        """
        messages = self.advance(time)
        self._listener.change_model(*ear)
        self._composer.change_model(*voice)
        self._replies.forget(by_window=ear is not voice, knows_metre=knows_metre)
        return messages

    def receive(self, time: float, event: Event | Control) -> list[Timed]:
        """Hear an event. `time`, in seconds, counts as no earlier than the last one given.

        Returns:
            What had become due before the event, and then the answer to it, in the order of time.
        """
        messages = self.advance(time)
        handler = self._handlers.get(type(event))
        return messages if handler is None else messages + handler(self._now, event)

    def ignores(self, event: Event | Control) -> bool:
        """Return whether hearing an event changes nothing: a wheel or a knob that isn't passed on. It may flood."""
        return isinstance(event, ControlChange | Expression) and self._keyboard.ignores(event)

    def advance(self, time: float) -> list[Timed]:
        """Return what has become due up to `time`, in seconds, in the order of time."""
        self._settle()
        self._now = max(self._now, time)
        look = self._listener.next_time()
        while look is not None and look <= self._now:
            self._listener.look_ahead()
            look = self._listener.next_time()
        messages: list[Timed] = []
        while due := min(self._due(), key=lambda each: each[0], default=None):
            moment, act = due
            if moment > self._now:
                break
            # A tempo that changes may bring a moment to where time has been already.
            self._done = max(self._done, moment)
            messages += act(self._done)
        self._done = max(self._done, self._now)
        return messages

    def next_time(self) -> float | None:
        """Return when to call `advance`, in seconds; None if nothing is to be done until the next event."""
        self._settle()
        times = [moment for moment, _ in self._due()]
        look = self._listener.next_time()
        return min([*times, look] if look is not None else times, default=None)

    def prepare(self) -> bool:
        """Do a little of what the answer will need, if it may be needed soon. Returns whether there is more to do.

        It changes nothing that is played, only when it is ready.
        """
        self._settle()
        if self.mode == "next-note":
            return self._when == "now" and self._replies.anticipate()
        if not self._awaits_phrase_end():
            return False
        if self.mode == "continue":
            self._replies.prepare_melody(self._call.call)
            return False
        return self._replies.prepare(self._call.call)

    def glance(self) -> Snapshot:
        """Return everything that a display shows, as it is now. It changes nothing and asks no model."""
        style, time, listener = self._composer.style, self._time, self._listener
        return Snapshot(
            mode=self.mode,
            turn=self.turn,
            temperature=style.temperature,
            density=style.density,
            lowest=style.constraints.lowest,
            highest=style.constraints.highest,
            is_muted=self._playing.is_muted,
            holds=self.holds,
            tempo=time.tempo,
            sync=time.sync,
            bar=time.bar,
            is_shared=time.is_shared,
            health=time.health,
            locked=listener.locked,
            sharps=listener.sharps,
            posterior=listener.posterior,
            planned=self._plan.coming(time.tempo),
        )

    def foresee(self) -> bool:
        """Do a little of what `expectation` will need: a step of the model. Returns whether there is more to do.

        It changes nothing that is played.
        """
        self._settle()
        return self._listener.foresee()

    def expectation(self) -> Pitches:
        """Return how likely each pitch is as the performer's next note: (pitch, probability), the likeliest first.

        Exact along the hold chain, which is affordable: a step of the model takes the time of the look-ahead's, and is
        one of its steps made early, and nearly all of the probability lies within some eight steps. Given is that a
        note comes within a bar and that no rest of a beat or longer comes before it. The pitches are as the performer
        would play them, at most 12, each with at least 0.01; there are none before the first note. What `foresee`
        hasn't done is done first. It changes nothing that is played.
        """
        self._settle()
        return self._listener.expectation()

    def interrupt(self, time: float) -> list[Timed]:
        """End what sounds and drop what is planned: a port is gone, and with it the ends of the keys that are down.

        What was heard stays heard, so that a phrase may end and be answered.
        """
        messages = self.advance(time)
        return messages + self._let_go(self._now)

    def resume(self, since: float, time: float) -> list[Timed]:
        """Go on at `time` after a pause in which nobody could play; all that was due until `since` is done.

        What sounds too long is ended; what was planned meanwhile comes as many whole bars later as it takes, so that
        the melody goes on where it stood, on the grid. Times are in seconds.
        """
        messages = self.advance(since)
        self._now = self._done = max(self._now, time)
        ended, steps = self._playing.go_on(self._now)
        self._replies.move(steps)
        return messages + ended + self.advance(self._now)

    def close(self, time: float) -> list[Timed]:
        """End every sounding note."""
        messages = self.advance(time)
        self._plan.clear()
        return messages + self._end_all(self._now)

    def _due(self) -> Iterator[Due]:
        """Yield what is due next of each kind, and when; of what falls together, the first is the first to be done."""
        yield from self._playing.due()
        for moment, act in (
            (self._time.next_check(), self._check_clock),
            (self._listener.phrase_end() if self._awaits_phrase_end() else None, self._end_phrase),
            (self._plan.next_time(self._time.tempo), self._play_planned),
        ):
            if moment is not None:
                yield moment, act

    def _awaits_phrase_end(self) -> bool:
        return self._call.is_open and self.turn is Turn.LISTENING and self.mode != "next-note"

    def _signal(self, time: float, signal: Signal) -> list[Timed]:
        if signal is Signal.ANSWER_NOW and self.mode == "call-response" and not self._call.call:
            return []
        self.turn, action = after(self.mode, self.turn, signal)
        self._time.lead(self.turn is Turn.ANSWERING)
        return self._actions[action](time, signal)

    # What arrives

    def _note_on(self, time: float, event: NoteOn) -> list[Timed]:
        messages, is_heard = self._keyboard.strike(time, event)
        if not is_heard:
            return messages
        if self.turn is Turn.ANSWERING and not self.holds:
            messages += self._signal(time, Signal.PLAYS)
        heard = self._listener.note_on(time, event.pitch)
        if heard is None:
            return messages
        onset = self._listener.onset or 0
        self._call.join(onset, event, heard.replaces, onset == self._listener.phrase)
        self._say_what_is_unknown(time, heard)
        if self._on_heard is not None:
            self._on_heard(heard)
        if heard.replaces or self.turn is Turn.ANSWERING:
            return messages
        return messages + self._signal(time, Signal.PLAYS)

    def _say_what_is_unknown(self, time: float, heard: HeardNote) -> None:
        """Say, once, that the model lacks a pitch: it is heard as another, and the performer may wonder why."""
        taken_for = int(heard.symbol) + self._listener.semitones
        if taken_for != heard.pitch and not self._said_unknown:
            self._said_unknown = True
            self._notice(time, f"the model doesn't know the note {heard.pitch} here, and hears it as {taken_for}")

    def _take(self, time: float, event: NoteOff | ControlChange | Expression) -> list[Timed]:
        messages, ended = self._keyboard.take(time, event)
        self._release(time, ended)
        return messages

    def _release(self, time: float, notes: list[NoteOff]) -> None:
        for note in notes:
            self._listener.note_off(time, note.pitch)

    def _tempo_change(self, time: float, event: TempoChange) -> list[Timed]:
        if self._time.rolls:
            self._notice(time, "the tempo is the clock's; set it there, or choose another sync")
            return []
        self._time.change_tempo(time, event.bpm)
        self._listener.take_tempo(event.bpm)
        return []

    def _sync_change(self, time: float, event: SyncChange) -> list[Timed]:
        if event.sync != self._time.sync:
            self._time.change_sync(event.sync)
            self._listener.follow_sync()
            self._notice(time, f"sync {event.sync}")
        return []

    def _key_lock(self, time: float, event: KeyLock) -> list[Timed]:
        """Play in a key from the next answer on; what is planned already is played as it is."""
        locked = self._listener.locked
        if event.sharps == locked:
            return []
        if self._listener.lock(event.sharps):
            self._notice(time, f"key {_name_of(event.sharps)}")
        else:
            self._notice(time, f"the key stays {_name_of(locked)}: this model can't listen in all keys")
        return []

    def _transport(self, time: float, event: Transport) -> list[Timed]:
        jump = self._time.hear_transport(time, event)
        if jump is None:
            return []
        messages = self._signal(time, Signal.STOPPED)
        self._call.is_stopped = not self._time.rolls
        self._listener.move_grid(jump)
        self._call.move(jump)
        self._playing.set_out(time)
        return messages

    def _check_clock(self, time: float) -> list[Timed]:
        self._notice(time, self._time.check(time))
        return []

    def _notice(self, time: float, text: str | None) -> None:
        if text is not None and self._on_notice is not None:
            self._on_notice(time, text)

    # What the performer steers

    def _steer(self, time: float, control: Control) -> list[Timed]:
        name, value = control.name, control.value
        if name == "answer":
            return self._signal(time, Signal.ANSWER_NOW)
        if name == "panic":
            return self._panic(time)
        if name == "mode":
            return self._change_mode(time, cast(Mode, value))
        if name == "mute":
            return self._playing.mute(bool(value), time)
        if name == "hold":
            self.holds = bool(value)
        elif name == "tap":
            bpm = self._time.tap(time)
            if bpm is not None:
                self._listener.take_tempo(bpm)
        else:
            self._composer.restyle(self._composer.style.with_control(control))
        return []

    def _change_mode(self, time: float, mode: Mode) -> list[Timed]:
        if mode == self.mode:
            return []
        messages = self._signal(time, Signal.CHANGED)
        self.mode = mode
        # A phrase that ended in another mode had its answer there.
        end = self._listener.phrase_end()
        if end is not None and end <= time:
            self._call.close()
        self._notice(time, f"mode {mode}")
        return messages

    def _panic(self, time: float) -> list[Timed]:
        self._call.close()  # silence, and no answer to what was being played
        self._notice(time, "panic")
        return self._let_go(time) + self._replies.all_off(time)

    def _let_go(self, time: float) -> list[Timed]:
        messages = self._signal(time, Signal.CHANGED)
        self._release(time, self._keyboard.lift())
        self._listener.let_go(time)
        return messages + self._end_all(time)

    def _end_all(self, time: float) -> list[Timed]:
        return self._playing.end_all(time) + self._keyboard.end_all(time)

    # What is played

    def _next_note(self, time: float, signal: Signal) -> list[Timed]:
        self._plan.clear()
        if not (self._playing.may_answer(time) and self._composer.wants_to_play()):
            return []
        note, found = self._replies.next_note(self._call.velocity)
        if self._when == "now" or signal is Signal.ANSWER_NOW:
            # How long it lasts is drawn when it has left: nobody waits for that.
            self._unsettled = (time, note, found)
            return self._playing.play(time, note, float("inf"))
        step = (self._listener.onset or 0) + found.steps
        self._plan.add([Planned(step, self._composer.length(found), note)], step)
        self._composer.turn_page()
        return []

    def _settle(self) -> None:
        """Do what was left for later when a message had to leave at once."""
        self._listener.settle()
        if self._unsettled is None:
            return
        time, note, found = self._unsettled
        self._unsettled = None
        length = self._composer.length(found)
        self._composer.turn_page()
        self._playing.end_at(note, time + length * self._time.tempo.step_seconds)

    def _answer(self, time: float, signal: Signal) -> list[Timed]:
        self._plan.clear()
        self._plan.add(*self._replies.answer(time, self._call.call, at_once=signal is Signal.ANSWER_NOW))
        self._call.close()
        return []

    def _go_on(self, time: float, signal: Signal) -> list[Timed]:
        at_once, goes_on = signal is Signal.ANSWER_NOW, signal is Signal.ANSWER_ENDS
        planned = self._replies.go_on(time, self._call.call, at_once, is_first=not goes_on)
        # The next note is made up half a step after this one has left, which needn't wait for that; not sooner, for
        # what the knobs say until then.
        made_up = planned.step + 0.5 if planned else self._replies.next_step - 0.5
        self._plan.add([planned] if planned else [], made_up)
        self._call.close()
        return []

    def _fall_silent(self, time: float, _signal: Signal) -> list[Timed]:
        self._plan.clear()
        return self._playing.fall_silent(time)

    def _end_phrase(self, time: float) -> list[Timed]:
        if self._call.is_stopped:  # who stops the transport wants silence
            self._call.close()
            return []
        return self._signal(time, Signal.PHRASE_ENDS)

    def _play_planned(self, time: float) -> list[Timed]:
        planned = self._plan.take()
        if planned is None:
            return self._signal(time, Signal.ANSWER_ENDS)
        tempo = self._time.tempo
        return self._playing.play(time, planned.note, tempo.time_of(planned.step + planned.length))


def _name_of(sharps: int | None) -> str:
    return "by listening" if sharps is None else signature_name(sharps)
