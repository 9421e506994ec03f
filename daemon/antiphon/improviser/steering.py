"""Steering: what the performer sets while playing (controls, tempo, sync, key) and what a followed transport does.

Times are in seconds. `panic` isn't here: it ends whatever the improviser has passed on as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from antiphon.improviser.answering.replies import Replies
from antiphon.improviser.events import KeyLock, SwingChange, SyncChange, TempoChange, Timed
from antiphon.improviser.input.controls import Control
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.modes import Signal
from antiphon.improviser.output.playing import Playing
from antiphon.improviser.tempo.link_session import LinkTimeline, Standing
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.improviser.turns import Turns
from antiphon.melody.keys import signature_name
from antiphon.midi.messages import Transport
from antiphon.parameters import Mode


class Steering:
    """Passes on what is set to those whom it concerns. Its methods return what is to be played, or ended, at once.

    Args:
        time: keeps the time.
        listener: hears the performer.
        turns: says whose turn it is.
        replies: makes what is played.
        playing: makes it sound.
        notice: is told, with the time, what the performer should know, in words.
    """

    def __init__(
        self,
        time: Timekeeper,
        listener: Listener,
        turns: Turns,
        replies: Replies,
        playing: Playing,
        notice: Callable[[float, str], None],
    ) -> None:
        self._time = time
        self._listener = listener
        self._turns = turns
        self._replies = replies
        self._playing = playing
        self._notice = notice
        self.holds = False
        """An answer goes on while the performer plays."""

    def control(self, time: float, control: Control) -> list[Timed]:
        """Let a control have another value, or be pressed."""
        name, value = control.name, control.value
        if name == "answer":
            return self._turns.signal(time, Signal.ANSWER_NOW)
        if name == "mode":
            return self._change_mode(time, cast(Mode, value))
        if name == "mute":
            return self._playing.mute(bool(value), time)
        if name == "hold":
            self.holds = bool(value)
        elif name == "tap":
            bpm = self._time.tap(time)
            if bpm is not None:
                self._listener.take_tempo(bpm, time)
        else:
            self._replies.change_style(self._replies.style.with_control(control))
        return []

    def tempo(self, time: float, event: TempoChange) -> list[Timed]:
        """Count with another tempo, unless a clock sets it."""
        if self._time.is_led:
            whose = "Link" if self._time.sync == "link" else "the clock"
            self._notice(time, f"the tempo is {whose}'s; set it there, or choose another sync")
            return []
        self._time.change_tempo(time, event.bpm)
        self._listener.take_tempo(event.bpm, None)
        return []

    def sync(self, time: float, event: SyncChange) -> list[Timed]:
        """Let the tempo follow something else."""
        if event.sync != self._time.sync:
            self._time.change_sync(event.sync)
            self._listener.follow_sync()
            self._notice(time, f"sync {event.sync}")
        return []

    def swing(self, time: float, event: SwingChange) -> list[Timed]:
        """Swing another way from the next answer on."""
        self._replies.change_style(replace(self._replies.style, swing=event.share))
        return []

    def key(self, time: float, event: KeyLock) -> list[Timed]:
        """Play in a key from the next answer on; what is planned already is played as it is."""
        locked = self._listener.locked
        if event.sharps == locked:
            return []
        if self._listener.lock(event.sharps):
            self._notice(time, f"key {_name_of(event.sharps)}")
        else:
            self._notice(time, f"the key stays {_name_of(locked)}: this model can't listen in all keys")
        return []

    def transport(self, time: float, event: Transport) -> list[Timed]:
        """Follow a message of MIDI clock."""
        return self._jump(time, self._time.hear_transport(time, event))

    def link(self, time: float, timeline: LinkTimeline) -> list[Timed]:
        """Follow Ableton Link, and say where its session stands in another way than before."""
        stood = self._time.link
        jump = self._time.hear_link(time, timeline)
        stands = self._time.link
        if stands is not None and stands != stood:
            self._notice(time, f"{_LINK[stands]} {self._time.tempo.bpm:.0f} BPM")
        return self._jump(time, jump)

    def _jump(self, time: float, jump: int | None) -> list[Timed]:
        """Let the turn end where the grid has jumped by some steps, and all else move along."""
        if jump is None:
            return []
        messages = self._turns.signal(time, Signal.STOPPED)
        call = self._turns.call
        call.is_stopped = not self._time.rolls
        self._listener.move_grid(jump)
        call.move(jump)
        self._playing.set_out(time)
        return messages

    def check_clock(self, time: float) -> list[Timed]:
        """Say, once, that a clock which is followed has stopped coming, where it has."""
        text = self._time.check(time)
        if text is not None:
            self._notice(time, text)
        return []

    def _change_mode(self, time: float, mode: Mode) -> list[Timed]:
        if mode == self._turns.mode:
            return []
        messages = self._turns.change_mode(time, mode)
        self._notice(time, f"mode {mode}")
        return messages


_LINK: dict[Standing, str] = {
    "alone": "nobody else is on Link; going on at",
    "together": "in step with Link at",
    "stopped": "Link's transport has stopped; its tempo is",
}


def _name_of(sharps: int | None) -> str:
    return "by listening" if sharps is None else signature_name(sharps)
