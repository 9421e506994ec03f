"""The inter-onset interval, in steps: how long it is, where in it a rest began, and when it has ended the phrase."""

from __future__ import annotations

import math
from typing import NamedTuple

from antiphon.improviser.listening.state import ListenerState
from antiphon.improviser.tempo.division import Division, SetTempo
from antiphon.improviser.tempo.shared_division import SharedDivision
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.improviser.tempo.timekeeping import Timekeeper

LONGEST_NOTE = 16
"""Beats after which a held note's steps are no longer counted: a key may be stuck, a pedal held down."""
UNKNOWN_SILENCE = 2
"""Beats of silence that end a phrase whose pace isn't known, or whose accompaniment goes on. After less, an interval
counts as a duration."""

TELLS_NOTHING = 3.0
"""Seconds; an interval as long as that, two beats at the slowest tempo that is followed, is a rhythm at any tempo."""
LOST = 8
"""Intervals that tell nothing of a tempo, each that does counting for two the other way, until none is known."""


class Counted(NamedTuple):
    """An interval that was counted, and what is known then."""

    steps: int
    """From the last note on; at least 1."""
    follower: TempoFollower | None
    """What the performer's tempo then seems to be."""
    division: Division
    """How the beat is divided, where nobody shares it."""
    shared_division: SharedDivision
    """How it is divided where it is shared."""


class InterOnset:
    """Counts the steps from the last note that was heard to the next; it remembers nothing itself.

    Args:
        time: keeps the performer's.
        phrase_silence: beats of silence that end a phrase; None lets its pace say how much that takes.
        tune_silence: beats of silence after which another tune begins; 0 is never.
    """

    def __init__(self, time: Timekeeper, phrase_silence: float | None, tune_silence: float = 0.0) -> None:
        self._time = time
        steps_per_beat = time.tempo.steps_per_beat
        self._longest_steps = round(LONGEST_NOTE * steps_per_beat)
        self._is_set = phrase_silence is not None
        self._silence_steps = round((phrase_silence or UNKNOWN_SILENCE) * steps_per_beat)
        """Those that are set; or those that it takes where the pace says nothing."""
        self._tune_steps = tune_silence * steps_per_beat

    def count(self, state: ListenerState, time: float, onset: float) -> Counted:
        """Return the steps from the last note to one at `time`, and what that tells of tempo and beat.

        Args:
            state: after the last note.
            time: in seconds.
            onset: the last note's, in seconds.
        """
        follower, division, shared = state.follower, state.division, state.shared_division
        if self._time.is_shared and self._time.is_simple:
            shared = shared.after(self._time.tempo.step_at(time) / self._time.beat)
        if state.onset is None:
            return Counted(1, follower, division, shared)
        if self._time.is_shared:
            steps = self.shared_step(state, time) - state.onset
        elif self.is_apart(state, time):
            steps = nearest(self._time.tempo.step_at(time) - state.onset)
            division = division.resumed(time - onset)
        else:
            steps, follower, division = self._count_alone(state, time, onset)
        if follower is not None and self.silent_intervals(state, time, onset) >= LOST:
            follower = TempoFollower(follower.set_bpm or follower.bpm, follower.steps_per_beat, steps)
        return Counted(min(max(1, steps), self.longest(state)), follower, division, shared)

    def step_of(self, state: ListenerState, time: float, steps: int) -> int:
        """Return the step on the grid of a note at `time`, in seconds, `steps` after the last one as they count."""
        if state.onset is None or (self.is_apart(state, time) and not self._time.is_shared):
            return round(self._time.tempo.step_at(time))
        if self._time.is_shared:
            # However long the wait was: `steps` stops counting at the end of a phrase, the bar doesn't.
            return max(state.onset + 1, self.shared_step(state, time))
        return state.onset + steps

    def shared_step(self, state: ListenerState, time: float) -> int:
        """Return the step that an onset at `time`, in seconds, was meant for, where the beat is shared."""
        step = self._time.tempo.step_at(time)
        if self._time.is_simple:
            step = state.shared_division.meant(step / self._time.beat) * self._time.beat
        return nearest(step)

    def _count_alone(
        self, state: ListenerState, time: float, onset: float
    ) -> tuple[int, TempoFollower | None, Division]:
        """Count an interval within a phrase where nobody shares the beat."""
        tempo, follower = self._time.tempo, state.follower
        counter = SetTempo(tempo.bpm, tempo.steps_per_beat) if follower is None else follower
        # The tempo that is set may have changed since the last onset: then its steps are what was counted meanwhile.
        seconds = (tempo.step_at(time) - (state.onset or 0) - state.division.lag) * tempo.step_seconds
        interval = seconds if follower is None else time - onset
        if self._time.is_simple:
            division, counter = state.division.after(interval, counter)
            steps = division.steps
        else:
            division, counter = state.division, counter.after(interval)
            steps = counter.steps
        return steps, None if isinstance(counter, SetTempo) else counter, division

    def silent_intervals(self, state: ListenerState, time: float, onset: float) -> int:
        """Return how many intervals, of the last ones, tell nothing of the tempo once a note has come at `time`.

        Args:
            state: after the last note.
            time: in seconds.
            onset: the last note's, in seconds.
        """
        if state.onset is None:
            return 0
        tells = not self.is_apart(state, time) and time - onset < TELLS_NOTHING
        return max(0, state.silent_intervals - 2) if tells else min(LOST, state.silent_intervals + 1)

    def longest(self, state: ListenerState) -> int:
        """Return the steps after an onset at which counting stops: a phrase has ended, or a key is stuck."""
        held = self._held(state)
        return self._longest_steps if held is None else held + math.ceil(self._counted_steps(state))

    def rest_at(self, state: ListenerState, steps: int) -> int | None:
        """Return the step after the onset in which a rest began, for a note that comes `steps` after the onset.

        Fingers lift early: a gap shorter than a beat counts as held.
        """
        held = self._held(state)
        return held if held is not None and steps - held >= self._time.quarter else None

    def starts_phrase(self, state: ListenerState, time: float) -> bool:
        """Return whether a note at `time`, in seconds, is the first of a phrase."""
        end = self.phrase_end(state)
        return state.onset is None or (end is not None and time >= end)

    def starts_tune(self, state: ListenerState, time: float, own_until: float) -> bool:
        """Return whether a phrase that begins at `time`, in seconds, begins another tune: after a long silence.

        In 1 of 4,376 songs a rest is as long as eight beats. To begin anew within a song costs 21 bits, and to miss
        where another begins 13 (validation songs): so it pays where three of five such silences end a tune.

        Args:
            state: after the last note.
            time: in seconds.
            own_until: until when the improviser itself has sounded, in seconds: that is no silence.
        """
        if not self._tune_steps or state.release is None:
            return False
        tempo = self._time.tempo
        since = max(tempo.time_of(state.release), own_until)
        return tempo.step_at(time) - tempo.step_at(since) >= self._tune_steps

    def is_apart(self, state: ListenerState, time: float) -> bool:
        """Return whether a note at `time`, in seconds, comes after a silence so long that it is no part of a rhythm."""
        if state.onset is None or state.release is None:
            return state.onset is None
        return time >= self._time.tempo.time_of(state.release + self._counted_steps(state))

    def phrase_end(self, state: ListenerState) -> float | None:
        """Return when the phrase ends if nothing more is played, in seconds; None while a note is held."""
        if state.release is None:
            return None
        return self._time.tempo.time_of(state.release + self._steps_to_end(state, state.release))

    def _steps_to_end(self, state: ListenerState, release: float) -> float:
        """Return the steps of silence after the last note's end that end the phrase."""
        if self._is_set:
            return self._silence_steps
        step = self._time.tempo.step_seconds
        steps = state.pace.silence((release - (state.onset or 0)) * step) / step
        return steps if state.pace.is_known and not state.is_accompanied else max(steps, self._silence_steps)

    def _counted_steps(self, state: ListenerState) -> float:
        """Return the steps of silence up to which an interval counts as a duration."""
        if state.release is None:
            return self._silence_steps
        return max(self._silence_steps, self._steps_to_end(state, state.release))

    def _held(self, state: ListenerState) -> int | None:
        """Return the steps for which the last note was held; None while it is, or before the first."""
        if state.onset is None or state.release is None:
            return None
        return min(max(1, nearest(state.release - state.onset)), self._longest_steps)


def nearest(steps: float) -> int:
    """Return the step that is nearest; halfway, the later one."""
    return math.floor(steps + 0.5)
