"""An onset: which step a note of the melody falls on, what it begins, and the listener's state after it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from antiphon.improviser.listening.inter_onset import Counted, InterOnset
from antiphon.improviser.listening.state import ListenerState, NoteHypothesis
from antiphon.melody.window import HELD, RESTED

LONGEST_LINE = 512
"""Steps of the melody that are kept, for a model that reads windows or takes another's place."""


class Onset(NamedTuple):
    """Where a note lies."""

    step: int
    """On the timekeeper's grid."""
    counted: Counted
    """The interval from the last onset."""
    seconds: float
    """From the last onset; ∞ before there was one."""
    rest_at: int | None
    """The step after the last onset in which a rest began; None where that note was held."""
    silent_intervals: int
    """How many intervals, of the last ones, told nothing of the tempo."""
    starts_phrase: bool


def onset_at(wait: InterOnset, before: ListenerState, time: float, last: float) -> Onset:
    """Return where a note lies.

    Args:
        wait: counts the interval from the last note to it.
        before: the state after the last note.
        time: of the note, in seconds.
        last: the last note's onset, in seconds; −∞ before the first.
    """
    counted = wait.count(before, time, last)
    return Onset(
        step=wait.step_of(before, time, counted.steps),
        counted=counted,
        seconds=time - last,
        rest_at=wait.rest_at(before, counted.steps),
        silent_intervals=wait.silent_intervals(before, time, last),
        starts_phrase=wait.starts_phrase(before, time),
    )


def state_after(before: ListenerState, onset: Onset, hypothesis: NoteHypothesis, shift: int) -> ListenerState:
    """Return the state after a note.

    Args:
        before: the state before it.
        onset: where the note lies.
        hypothesis: what the note leaves behind.
        shift: semitones, octaves that bring the note's phrase into the vocabulary.
    """
    steps, pitch = onset.counted.steps, hypothesis.pitch
    between = [HELD] * (steps - 1)
    if onset.rest_at is not None:
        between[onset.rest_at - 1] = RESTED
    is_first = before.onset is None
    return ListenerState(
        lookahead=hypothesis.lookahead,
        key_posterior=hypothesis.key_posterior,
        key_state=hypothesis.key_state,
        onset=onset.step,
        phrase=onset.step if onset.starts_phrase else before.phrase,
        bar=before.bar if is_first else before.bar.after(onset.step - (before.onset or 0)),
        follower=onset.counted.follower,
        silent_intervals=onset.silent_intervals,
        pace=before.pace.after(onset.seconds, onset.starts_phrase),
        division=onset.counted.division,
        shared_division=onset.counted.shared_division,
        pitch=pitch,
        step=0 if is_first else before.step + steps,
        octave_shift=shift,
        heard=before.heard.after(hypothesis.steps, onset.starts_phrase),
        line=(*before.line, *between, pitch + shift)[-LONGEST_LINE:],
    )
