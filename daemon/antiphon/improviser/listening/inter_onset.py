"""The inter-onset interval, in steps: how long it is, where in it a rest began, and when it has ended the phrase."""

from __future__ import annotations

import math

from antiphon.improviser.listening.state import ListenerState
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.improviser.tempo.timekeeping import Timekeeper

LONGEST_NOTE = 16
"""Beats after which a held note's steps are no longer counted: a key may be stuck, a pedal held down."""


class InterOnset:
    """Counts the steps from the last note that was heard to the next; it remembers nothing itself.

    Args:
        time: keeps the performer's.
        phrase_silence: beats of silence that end a phrase.
    """

    def __init__(self, time: Timekeeper, phrase_silence: float) -> None:
        self._time = time
        steps_per_beat = time.tempo.steps_per_beat
        self._longest_steps = round(LONGEST_NOTE * steps_per_beat)
        self._silence_steps = round(phrase_silence * steps_per_beat)

    def steps(self, state: ListenerState, time: float, onset: float) -> tuple[int, TempoFollower | None]:
        """Return the steps from the last note to one at `time`, and what the performer's tempo then seems to be.

        Args:
            state: after the last note.
            time: in seconds.
            onset: the last note's, in seconds.
        """
        if state.onset is None:
            return 1, state.follower
        steps = max(1, nearest(self._time.tempo.step_at(time) - state.onset))
        follower = state.follower
        if follower is not None and not self.starts_phrase(state, time):
            follower = follower.after(time - onset)
            steps = follower.steps
        return min(steps, self.longest(state)), follower

    def longest(self, state: ListenerState) -> int:
        """Return the steps after an onset at which counting stops: a phrase has ended, or a key is stuck."""
        held = self._held(state)
        return self._longest_steps if held is None else held + self._silence_steps

    def rest_at(self, state: ListenerState, steps: int) -> int | None:
        """Return the step after the onset in which a rest began, for a note that comes `steps` after the onset.

        Fingers lift early: a gap shorter than a beat counts as held.
        """
        held = self._held(state)
        return held if held is not None and steps - held >= self._time.beat else None

    def starts_phrase(self, state: ListenerState, time: float) -> bool:
        """Return whether a note at `time`, in seconds, is the first of a phrase."""
        if state.onset is None:
            return True
        return state.release is not None and self._time.tempo.step_at(time) - state.release >= self._silence_steps

    def phrase_end(self, state: ListenerState) -> float | None:
        """Return when the phrase ends if nothing more is played, in seconds; None while a note is held."""
        return None if state.release is None else self._time.tempo.time_of(state.release + self._silence_steps)

    def _held(self, state: ListenerState) -> int | None:
        """Return the steps for which the last note was held; None while it is, or before the first."""
        if state.onset is None or state.release is None:
            return None
        return min(max(1, nearest(state.release - state.onset)), self._longest_steps)


def nearest(steps: float) -> int:
    """Return the step that is nearest; halfway, the later one."""
    return math.floor(steps + 0.5)
