"""The wait between two notes, in steps: how long it is, where in it a rest began, and when it has ended the phrase."""

from __future__ import annotations

import math

from antiphon.improviser.listening.state import ListenerState
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.improviser.tempo.timekeeping import Timekeeper

LONGEST_NOTE = 16
"""Beats after which a held note is no longer counted (a key that is stuck, a pedal that is held)."""


class InterOnset:
    """Counts the wait after the last note that an ear has heard; it remembers nothing itself.

    Args:
        time: keeps the performer's.
        phrase_silence: beats of silence that end a phrase.
    """

    def __init__(self, time: Timekeeper, phrase_silence: float) -> None:
        self._time = time
        steps_per_beat = time.tempo.steps_per_beat
        self._longest_steps = round(LONGEST_NOTE * steps_per_beat)
        self._silence_steps = round(phrase_silence * steps_per_beat)

    def steps(self, ear: ListenerState, time: float, onset: float) -> tuple[int, TempoFollower | None]:
        """Return the steps from the last note to one at `time`, and what the performer's tempo then seems to be.

        Args:
            ear: has heard the last note.
            time: in seconds.
            onset: the last note's, in seconds.
        """
        if ear.onset is None:
            return 1, ear.follower
        steps = max(1, nearest(self._time.tempo.step_at(time) - ear.onset))
        follower = ear.follower
        if follower is not None and not self.starts_phrase(ear, time):
            follower = follower.after(time - onset)
            steps = follower.steps
        return min(steps, self.longest(ear)), follower

    def longest(self, ear: ListenerState) -> int:
        """Return the steps after an onset at which counting stops: a phrase has ended, or a key is stuck."""
        held = self._held(ear)
        return self._longest_steps if held is None else held + self._silence_steps

    def rest_at(self, ear: ListenerState, steps: int) -> int | None:
        """Return the step after the onset in which a rest began, for a note that comes `steps` after the onset.

        Fingers lift early: a gap shorter than a beat counts as held.
        """
        held = self._held(ear)
        return held if held is not None and steps - held >= self._time.beat else None

    def starts_phrase(self, ear: ListenerState, time: float) -> bool:
        """Return whether a note at `time`, in seconds, is the first of a phrase."""
        if ear.onset is None:
            return True
        return ear.release is not None and self._time.tempo.step_at(time) - ear.release >= self._silence_steps

    def phrase_end(self, ear: ListenerState) -> float | None:
        """Return when the phrase ends if nothing more is played, in seconds; None while a note is held."""
        return None if ear.release is None else self._time.tempo.time_of(ear.release + self._silence_steps)

    def _held(self, ear: ListenerState) -> int | None:
        """Return the steps for which the last note was held; None while it is, or before the first."""
        if ear.onset is None or ear.release is None:
            return None
        return min(max(1, nearest(ear.release - ear.onset)), self._longest_steps)


def nearest(steps: float) -> int:
    """Return the step that is nearest; halfway, the later one."""
    return math.floor(steps + 0.5)
