"""Where a reply to a phrase starts: the step, its place in the bar, and the model's context there.

Where performer and improviser share a grid, the answer waits for the call's place in the bar. Otherwise it starts on
the performer's next downbeat, or, where her bar isn't known, on her next beat, as it was heard; nobody counts the
silence between call and answer, and to the model the answer comes in the call's next bar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.improviser.answering.call import Call
from antiphon.improviser.answering.harmonizing import agreed_by
from antiphon.improviser.answering.request import CallMelody
from antiphon.improviser.answering.respelled import respelled
from antiphon.improviser.answering.scale_mask import Classes
from antiphon.improviser.answering.style import Style
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import Models
from antiphon.improviser.tempo.downbeat import find_downbeat
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.context import Context, Mixture, read_on, unread
from antiphon.melody.grid import Note, Place
from antiphon.melody.window import context_of, tokens_of

LATE_RELEASE = 2
"""Steps; by so much a call's last note may hang over a barline and still end there: fingers lift late."""
LONGEST_CALL = 128
"""Steps of a call, eight bars of 4/4, that its downbeat is found by: each takes a step of the model, 15 ms in all."""
LONGEST_HOLD = 2
"""Bars for which a call's last note counts as held, while the answer waits or a key is stuck: each step of them takes a
step of the model."""


@dataclass(frozen=True)
class ReplyInputs:
    """All that a reply to a call depends on, besides what was heard: what is prepared for some is for these alone."""

    call: Call
    step: int
    """At which the reply starts, on the grid."""
    place: Place | None
    """Of that step in its bar; None where nobody knows the bar."""
    ended: int
    """The step at which the call ended."""
    at_once: bool
    style: Style
    semitones: int
    """From the model's pitches to the performer's."""
    agreed: Classes | None
    """The pitch classes, as played, that the likely keys agree on; None where the key is sure."""

    def melody(self, opening: Opening) -> CallMelody:
        """Return the call in the model's key: each note lasts until the next one, the last until the call ended."""
        call = self.call
        if not call.onsets:
            return CallMelody((), opening.upbeat)
        notes = tuple(
            Note(pitch - self.semitones, following - onset)
            for onset, following, pitch in zip(call.onsets, (*call.onsets[1:], self.ended), call.pitches, strict=True)
            if following > onset
        )
        return CallMelody(notes, opening.upbeat)


@dataclass(frozen=True, eq=False)
class Opening:
    """Where a reply starts."""

    step: int
    """On the grid."""
    place: Place | None
    """In the bar; None where that is unknown."""
    context: Context
    """After everything before it, one row."""
    bar: int
    """Steps in a bar."""
    upbeat: int = 0
    """Steps by which the call began before a barline."""


class Openings:
    """Finds where replies start.

    Args:
        models: what listens and what plays.
        listener: has heard the performer.
        time: the grid.
    """

    def __init__(self, models: Models, listener: Listener, time: Timekeeper) -> None:
        self.models = models
        self._listener = listener
        self._time = time
        self._found: tuple[ReplyInputs, Opening] | None = None
        """The last one."""

    def change_models(self, models: Models) -> None:
        """Find them with other models from now on."""
        self.models = models
        self._found = None

    def inputs(self, time: float, call: Call, at_once: bool, style: Style) -> ReplyInputs:
        """Return all that a reply depends on that is asked for at `time`, in seconds.

        Args:
            time: now.
            call: what is replied to; it may be empty.
            at_once: the reply starts on the next step, not when the call's place in its bar, or a beat, comes round.
            style: in which it is played.
        """
        grid, heard = self._time, self._listener.grid
        barline = heard.barline(time) if call.onsets else None
        if at_once:
            step = grid.next_step(time, 1)
        elif not call.onsets:
            step = grid.next_step(time, grid.beat)
        elif grid.is_shared:
            step = grid.next_step(time, grid.bar, call.start)
        else:
            step = heard.next_beat(time) if barline is None else barline.step
        ended = self._ended(time) if call.onsets else step
        place = grid.place(step) if barline is None else barline.place(step)
        return ReplyInputs(
            call, step, place, ended, at_once, style, self._listener.semitones, agreed_by(self._listener)
        )

    def lay_grid(self, time: float, inputs: ReplyInputs) -> None:
        """Let the step at which a reply starts come with the performer's beat; `time`, in seconds, is now."""
        if inputs.call.onsets and not (inputs.at_once or self._time.is_shared):
            heard = self._listener.grid
            self._time.move_under(heard.next_beat_time(time), heard.next_beat(time))

    def length(self, call: Call, time: float) -> int:
        """Return how long a call is, in steps, at `time` in seconds; of an empty one, a bar."""
        return self._ended(time) - call.start if call.onsets else self._time.bar

    def find(self, inputs: ReplyInputs) -> Opening:
        """Return where a reply starts, found before or now."""
        if self._found is None or self._found[0] != inputs:
            self._found = inputs, self._find(inputs)
        return self._found[1]

    def is_on_beat(self, step: float) -> bool:
        """Return whether a step of the last reply is on a beat, as its opening has them."""
        if self._found is None:
            return False
        opening = self._found[1]
        position = 0 if opening.place is None else opening.place.position
        return (round(step) - opening.step + position) % self._time.beat == 0

    def context(self) -> Context:
        """Return what was heard up to the last onset as the context of the model that plays, one row."""
        if self.models.shares_context:
            return self._listener.context
        playing, there = self.models.playing, self.models.listening.vocabulary
        context = context_of(playing.model, playing.vocabulary, self._listener.line)
        recall = respelled(self._listener.recall, playing.vocabulary, there)
        return context.mixed(recall, self._time.place((self._listener.onset or 0) + 1))

    def _find(self, inputs: ReplyInputs) -> Opening:
        """Return where a reply starts. It takes a step of the model for each step between call and reply, or more."""
        grid, call, step = self._time, inputs.call, inputs.step
        last = self._listener.onset
        if last is None or not call.onsets:
            return Opening(step, grid.place(step), self.context(), grid.bar)
        if grid.is_shared:
            held = min(step - last - 1, LONGEST_HOLD * grid.bar)
            context = self._hold(self.context(), grid.place(step), held)
            return Opening(step, grid.place(step), context, grid.bar, -call.start % grid.bar)
        if inputs.place is not None:
            return self._find_in_bar(inputs, inputs.place, last)
        bars = max(1, math.ceil((inputs.ended - LATE_RELEASE - call.start) / grid.bar))
        start = inputs.ended if inputs.at_once else call.start + bars * grid.bar
        playing = self.models.playing
        if not playing.knows_metre:
            return Opening(step, None, self._hold(self.context(), None, max(0, start - last - 1)), grid.bar)
        ended = min(inputs.ended, start)
        tokens = self._tokens(call, ended)
        downbeat = find_downbeat(playing.model, playing.vocabulary, tokens, grid.bar, grid.beat)
        barline = ended - len(tokens) - downbeat.position
        place = Place((start - barline) % grid.bar, grid.bar)
        context = downbeat.context.mixed(self._recall(ended), Place((ended - barline) % grid.bar, grid.bar))
        context = self._hold(context, place, start - ended)
        return Opening(step, place, context, grid.bar, (barline - call.start) % grid.bar)

    def _find_in_bar(self, inputs: ReplyInputs, place: Place, last: int) -> Opening:
        """Return where a reply starts whose place in the performer's bar was heard.

        Nobody counts the silence: to the model the reply comes at its place in the bar in which the call ended, or in
        the next one.

        Args:
            inputs: what is replied to, and when.
            place: of the reply's first step.
            last: the step of the call's last onset.
        """
        call, bar, playing = inputs.call, place.bar, self.models.playing
        earliest = max(last + 1, inputs.ended - LATE_RELEASE)
        start = earliest + (inputs.step - earliest) % bar
        ended, barline = min(inputs.ended, start), inputs.step - place.position
        upbeat = (barline - call.start) % bar
        if not playing.knows_metre:
            context = self._hold(self.context(), None, start - last - 1)
            return Opening(inputs.step, None, context, bar, upbeat)
        tokens = [playing.vocabulary.end, *self._tokens(call, ended)]
        context = unread(playing.model, len(playing.vocabulary), 1)
        first = Place((ended - len(tokens) + 1 - barline) % bar, bar)
        for number, token in enumerate(tokens):
            context = read_on(playing.model, context, np.array([token], np.int32), first.later(number))
        context = context.mixed(self._recall(ended), first.later(len(tokens) - 1))
        return Opening(inputs.step, place, self._hold(context, place, start - ended), bar, upbeat)

    def _ended(self, time: float) -> int:
        """Return the step at which the call's last note ended; where it is still held, the one at `time` (seconds)."""
        release = self._listener.release
        ended = self._time.tempo.step_at(time) if release is None else release
        onset = self._listener.onset or 0
        return min(max(onset + 1, round(ended)), onset + LONGEST_HOLD * self._time.bar)

    def _recall(self, ended: int) -> Mixture | None:
        """Return what was learned of the performer, after the call, which `ended` at that step."""
        recall, hold = self._listener.recall, self.models.playing.vocabulary.hold
        for _ in range(ended - (self._listener.onset or 0) - 1):
            recall = recall and recall.after(np.array([hold], np.int32))
        return recall

    def _tokens(self, call: Call, ended: int) -> npt.NDArray[np.int32]:
        """Return the call's last tokens, a step each, until it `ended`."""
        vocabulary = self.models.playing.vocabulary
        onset = self._listener.onset or 0
        heard = self._listener.line[-min(onset - call.start + 1, LONGEST_CALL) :]
        held = [vocabulary.hold] * (ended - onset - 1)
        return np.array([*tokens_of(vocabulary, heard), *held], np.int32)

    def _hold(self, context: Context, end: Place | None, steps: int) -> Context:
        """Return the context after the last note was held for so many steps, until the step that stands at `end`."""
        playing = self.models.playing
        hold = np.array([playing.vocabulary.hold], np.int32)
        for left in range(steps - 1, -1, -1):
            place = end and Place((end.position - left) % end.bar, end.bar)
            context = read_on(playing.model, context, hold, place)
        return context
