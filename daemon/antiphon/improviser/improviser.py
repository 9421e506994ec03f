"""The improviser: one object that hears events and answers with timed messages. It knows no port, clock or thread.

    receive(time, event) → messages that are due up to the event, and those that answer it
    advance(time)        → messages that have become due
    next_time()          → when to call advance again
    prepare()            → does a little of what will be needed soon; whether there is more
    snapshot()           → all that a display shows; next_note_distribution() → which note is likely to come
    interrupt(time)      → what ends where a port is lost; resume(since, time) → what is due after a pause
    close(time)          → the last note-offs

Whoever drives it, a live shell by the clock or a renderer by a file, calls these in the order of time.

The way of one note that is answered at once, in the order in which to read it:

 1. here: `receive` → `_note_on`: is the note heard, and passed on?
 2. `listening/listener.py`, `note_on`: if it is of the melody (`listening/voices.py`), its time becomes a step
    (`listening/onset.py`), and its pitch lies in a register
 3. `listening/hypotheses.py`, `of`: its symbol in each key, how likely each key is then, and all that it leaves behind
 4. `listening/lookahead.py`, `at`: what was predicted at that step, in twelve keys; `row`: the context to play from
 5. `turns.py`, `signal`: the table in `modes.py` says what is to be done, and `_next_note` does it
 6. `answering/next_notes.py`, `draw`: was the answer drawn before the note came?
 7. `answering/next_note.py`, `next_note`: if not, (position, history, random stream, surroundings) → (note, history)
 8. `output/playing.py`, `play`: the note-on leaves now; its note-off is due later, and comes from `advance`

Two small functions stand under these: `read_on` in `melody/context.py`, (token, state) → (probabilities, state), where
all probabilities come from, and `draw` in `melody/sampling.py`, (probabilities, random stream) → token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

from antiphon.improviser.accompanying.accompanist import Accompanist
from antiphon.improviser.answering.replies import Replies
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import Event, KeyLock, SwingChange, SyncChange, TempoChange, Timed
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.filter import InputFilter
from antiphon.improviser.input.loopback import LoopbackFilter
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.distribution import NextNoteDistribution
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import HeardNote, WithdrawnNote
from antiphon.improviser.models import Models
from antiphon.improviser.modes import Signal, Turn
from antiphon.improviser.output.metronome import Click, Metronome
from antiphon.improviser.output.playing import Due, Playing
from antiphon.improviser.remarks import Remarks
from antiphon.improviser.snapshot import Snapshot
from antiphon.improviser.steering import Steering
from antiphon.improviser.tempo.link_session import LinkTimeline
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.improviser.turns import Manners, Turns
from antiphon.melody.grid import Tempo
from antiphon.midi.messages import ControlChange, Expression, NoteOff, NoteOn, Transport
from antiphon.midi.protocol import ALL_NOTES_OFF, ALL_SOUND_OFF
from antiphon.parameters import Mode, When


@dataclass(frozen=True)
class Options:
    """How an improviser takes part, to begin with."""

    mode: Mode = "next-note"
    when: When = "now"
    """In `next-note`: at once, or at the moment when the model expects the note."""
    channel: int = 2
    """The answer's, 1…16."""
    accompaniment_channel: int = 4
    """The accompaniment's, 1…16."""
    style: Style = field(default_factory=Style)
    seed: int | None = None
    """The same playing and seed give the same answers; None is new every time."""
    phrase_silence: float | None = None
    """Beats of silence that end a phrase; None lets its pace say how much that takes."""
    tune_silence: float = 0.0
    """Beats of silence, the performer's and its own, after which another tune begins; 0: never."""
    key: int | None = None
    """The key signature that is played in, in sharps, −5…6; None finds it by listening."""
    click: Click | None = None
    """How the metronome sounds; None is a metronome that is off."""


class Improviser:
    """Hears, keeps time, takes its turn and plays.

    Args:
        models: what listens and what plays.
        options: how it takes part.
        routing: what is heard and what is passed on.
        time: keeps the time; its step is where the metronome sets out.
        on_heard: is told every note that was heard, or that it was none (a display, a test); it must not block.
        on_notice: is told, with the time in seconds, what the performer should know, in words; it must not block.
    """

    def __init__(
        self,
        models: Models,
        options: Options,
        routing: InputRouting,
        time: Timekeeper,
        on_heard: Callable[[HeardNote | WithdrawnNote], None] | None = None,
        on_notice: Callable[[float, str], None] | None = None,
    ) -> None:
        self._time = time
        self._channels = sorted({options.channel, options.accompaniment_channel})
        self._on_heard = on_heard
        self._on_notice = on_notice
        loopback = LoopbackFilter()
        metronome = Metronome(options.click, time.beat, time.bar)
        metronome.set_out(time.tempo.step)
        self._input = InputFilter(routing, loopback)
        self._may_be_melody = routing.may_be_melody
        self._listener = Listener(models.listening, time, options.phrase_silence, options.key, options.tune_silence)
        self._replies = Replies(models, options.style, options.seed, options.channel, self._listener, time)
        self._playing = Playing(time, metronome, loopback)
        self._accompanist = Accompanist(
            models, options.accompaniment_channel, self._listener, time, self._replies, self._playing
        )
        manners = Manners(options.mode, options.when)
        self._turns = Turns(manners, self._listener, time, self._replies, self._accompanist, self._playing)
        self._steering = Steering(time, self._listener, self._turns, self._replies, self._playing, self._notice)
        self._call = self._turns.call
        self._struck = NoteOn(0, 1, 1)
        """The last note that was struck and heard, of the melody or not."""
        self._now = self._done = float("-inf")
        self._remarks = Remarks(self._listener, time, self._notice)
        self._handlers: dict[type, Callable[[float, Any], list[Timed]]] = {
            NoteOn: self._note_on,
            NoteOff: self._take,
            ControlChange: self._take,
            **dict.fromkeys(get_args(Expression), self._take),
            Control: self._control,
            TempoChange: self._steering.tempo,
            SyncChange: self._steering.sync,
            KeyLock: self._steering.key,
            SwingChange: self._steering.swing,
            **dict.fromkeys(get_args(Transport), self._steering.transport),
            LinkTimeline: self._steering.link,
        }

    @property
    def mode(self) -> Mode:
        """How it takes part now."""
        return self._turns.mode

    @property
    def listener(self) -> Listener:
        """What hears the performer, and has learned what was heard."""
        return self._listener

    @property
    def turn(self) -> Turn:
        """Whose turn it is now."""
        return self._turns.turn

    @property
    def bpm(self) -> float:
        """The tempo, in beats (quarter notes) a minute."""
        return self._time.tempo.bpm

    @property
    def tempo(self) -> Tempo:
        """Steps ↔ seconds now."""
        return self._time.tempo

    @property
    def is_shared(self) -> bool:
        """Whether the performer hears the grid: its beat and its bar are then more than a way to count."""
        return self._time.is_shared

    @property
    def sharps(self) -> int | None:
        """The key signature in use, −5…6; None while nothing was heard and none is chosen."""
        listener = self._listener
        return listener.sharps if listener.onset is not None or listener.locked is not None else None

    @property
    def now(self) -> float:
        """The latest time that it was told, in seconds; nothing can happen to it before."""
        return self._now

    def change_models(self, time: float, models: Models) -> list[Timed]:
        """Play and listen with other models from `time` (seconds) on; what was planned is still played.

        The model that listens takes as many rows as the one before; signatures and key model stay as they are.
        """
        messages = self.advance(time)
        self._listener.change_model(models.listening)
        self._replies.change_models(models)
        self._accompanist.change_models(models)
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
        return isinstance(event, ControlChange | Expression) and self._input.ignores(event)

    def advance(self, time: float) -> list[Timed]:
        """Return what has become due up to `time`, in seconds, in the order of time."""
        self._finish()
        self._now = max(self._now, time)
        self._listener.advance(self._now)
        messages: list[Timed] = []
        while due := min(self._due(), key=lambda each: each[0], default=None):
            moment, act = due
            if moment > self._now:
                break
            # A tempo that changes may bring a moment to where time has been already.
            self._done = max(self._done, moment)
            messages += act(self._done)
        self._listener.advance(self._now)  # an answer that starts may have moved the grid
        self._done = max(self._done, self._now)
        return messages

    def next_time(self) -> float | None:
        """Return when to call `advance`, in seconds; None if nothing is to be done until the next event."""
        self._finish()
        times = [moment for moment, _ in self._due()]
        look = self._listener.next_time()
        return min([*times, look] if look is not None else times, default=None)

    def prepare(self) -> bool:
        """Do a little of what an answer will need soon, a step of the model or so. Returns whether there is more to do.

        It changes nothing that is played, only when it is ready.
        """
        self._finish()
        return self._turns.prepare()

    def snapshot(self) -> Snapshot:
        """Return everything that a display shows, as it is now. It changes nothing and asks no model."""
        style, time, listener = self._replies.style, self._time, self._listener
        return Snapshot(
            mode=self.mode,
            turn=self.turn,
            knobs=style.knobs(),
            is_muted=self._playing.is_muted,
            holds=self._steering.holds,
            tempo=time.tempo,
            sync=time.sync,
            bar=time.bar,
            heard_bar=listener.bar_guess() if time.infers_bar and not time.is_shared else None,
            tempo_certainty=listener.tempo_certainty,
            is_shared=time.is_shared,
            health=time.health,
            locked=listener.locked,
            sharps=listener.sharps,
            posterior=listener.posterior,
            learned=listener.memory.learned(listener.semitones),
            swing=style.swing,
            accompaniment=style.accompaniment,
            heard_swing=listener.grid.swing,
            planned=self._playing.plan.coming(time.tempo),
            reason=self._turns.reason,
        )

    def next_note_distribution(self) -> NextNoteDistribution | None:
        """Return what tells how likely each pitch is as the performer's next note; None before the first one.

        Its `prepare` does a little of that, a step of the model, and its `pitches` what is left. Neither changes
        anything that is played.
        """
        self._finish()
        return self._listener.next_note_distribution()

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
        self._playing.plan.clear()
        return messages + self._end_all(self._now)

    def _due(self) -> list[Due]:
        """Return what is due next of each kind, and when; of what falls together, the first is the first to be done."""
        check = self._time.next_check()
        checks = [] if check is None else [(check, self._steering.check_clock)]
        return [*self._playing.due(), *checks, *self._turns.due()]

    def _finish(self) -> None:
        """Do what was put off because a note had to leave at once."""
        self._listener.finish()
        self._turns.finish()

    # What arrives

    def _note_on(self, time: float, event: NoteOn) -> list[Timed]:
        messages, is_heard = self._input.strike(time, event)
        if not is_heard:
            return messages
        if not self._may_be_melody(event):
            self._listener.accompany(time, event.pitch)
            return messages
        if self._turns.turn is Turn.ANSWERING and not self._steering.holds:
            messages += self._turns.signal(time, Signal.PLAYS)
        self._struck = event
        return messages + self._follow(time, self._listener.note_on(time, event.pitch))

    def _follow(self, time: float, heard: HeardNote | WithdrawnNote | None) -> list[Timed]:
        """Take note of what the listener says of the last note that was struck; answer it, if it is to be answered."""
        if heard is None:
            return []
        if self._on_heard is not None:
            self._on_heard(heard)
        if isinstance(heard, WithdrawnNote):
            self._call.withdraw()
            self._replies.feel.withdraw()
            self._turns.withdraw()
            return []
        onset = self._listener.onset or 0
        takes_place = heard.replaces or heard.has_grace
        self._call.join(onset, self._struck, takes_place, onset == self._listener.phrase)
        self._replies.learn_feel(self._struck.velocity, takes_place)
        self._remarks.look(time, heard)
        messages = self._turns.give_way(time, heard.pitch)
        if heard.in_chord or self._turns.turn is Turn.ANSWERING:
            return messages
        return messages + self._turns.signal(time, Signal.PLAYS)

    def _take(self, time: float, event: NoteOff | ControlChange | Expression) -> list[Timed]:
        taken = self._input.take(time, event)
        messages = taken.passed
        if taken.lifted is not None:
            messages += self._follow(time, self._listener.key_up(time, taken.lifted.pitch))
        for note in taken.ended:
            messages += self._follow(time, self._listener.note_off(time, note.pitch))
        return messages

    def _control(self, time: float, control: Control) -> list[Timed]:
        return self._panic(time) if control.name == "panic" else self._steering.control(time, control)

    def _notice(self, time: float, text: str) -> None:
        if self._on_notice is not None:
            self._on_notice(time, text)

    def _panic(self, time: float) -> list[Timed]:
        self._call.close()  # silence, and no answer to what was being played
        self._notice(time, "panic")
        # And whatever an instrument was told before, it is to be silent.
        all_off = (
            ControlChange(number, 0, channel) for channel in self._channels for number in (ALL_SOUND_OFF, ALL_NOTES_OFF)
        )
        return self._let_go(time) + [Timed(time, message) for message in all_off]

    def _let_go(self, time: float) -> list[Timed]:
        messages = self._turns.signal(time, Signal.CHANGED)
        self._input.lift()
        self._listener.let_go(time)
        return messages + self._end_all(time)

    def _end_all(self, time: float) -> list[Timed]:
        return self._playing.end_all(time) + self._input.end_all(time)
