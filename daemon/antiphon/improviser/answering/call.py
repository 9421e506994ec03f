"""The call: the phrase that the performer plays, as far as it has come, and whether it still waits for its answer."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from antiphon.midi.messages import NoteOn

MOST_NOTES = 512
"""Notes of a call that are kept, of a phrase that never ends, as where a pedal is stuck: the first one, which says how
the phrase lies in its bars, and the last ones. It is twice as many as the longest answer, 16 bars of 4/4, has steps."""


@dataclass(frozen=True)
class Call:
    """A phrase of the performer. Steps are the grid's.

    `onsets` are the steps of its notes, `pitches` their pitches as played, `velocities` how loud each was, 1…127.
    """

    onsets: tuple[int, ...] = ()
    pitches: tuple[int, ...] = ()
    velocities: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.onsets)

    @property
    def start(self) -> int:
        """The step of its first note."""
        return self.onsets[0]

    def with_note(self, step: int, pitch: int, velocity: int, replaces: bool) -> Call:
        """Return the call with one more note, or with another in the last one's place."""
        kept = len(self) - 1 if replaces and self.onsets else len(self)

        def grown(column: tuple[int, ...], value: int) -> tuple[int, ...]:
            before = column[:kept] if kept < MOST_NOTES else (column[0], *column[2:kept])
            return (*before, value)

        return Call(grown(self.onsets, step), grown(self.pitches, pitch), grown(self.velocities, velocity))

    def without_last(self) -> Call:
        """Return the call without its last note."""
        return Call(self.onsets[:-1], self.pitches[:-1], self.velocities[:-1])

    def moved(self, steps: int) -> Call:
        """Return the call on a grid that has jumped by `steps`."""
        return replace(self, onsets=tuple(onset + steps for onset in self.onsets))

    def like(self, steps: int, length: int) -> tuple[int, int]:
        """Return the step of the call's note that sounds at the same place in the phrase, and how loud it was.

        Args:
            steps: from the answer's first step on.
            length: of the call, in steps; an answer that is longer goes through the call's contour again.
        """
        if not self.onsets:
            return 0, _WITHOUT_A_CALL
        place = self.start + steps % max(1, length)
        note = max(0, bisect_right(self.onsets, place) - 1)
        return self.onsets[note], self.velocities[note]


class OpenCall:
    """The call as it is being played, and whether it still waits for its answer."""

    def __init__(self) -> None:
        self.call = Call()
        self.velocity = _WITHOUT_A_CALL
        """Of the latest note, 1…127."""
        self.is_stopped = False
        """Since its last note the transport was stopped, and not started again (as at a loop's end)."""
        self._is_over = False

    @property
    def is_open(self) -> bool:
        """Whether there is a call that nobody has answered."""
        return bool(self.call) and not self._is_over

    def join(self, step: int, note: NoteOn, replaces: bool, starts_phrase: bool) -> None:
        """Let a note join the call; the first of a phrase, or the first after an answer, begins another.

        Args:
            step: the note's, on the grid.
            note: as it was played.
            replaces: it takes the last one's place, which was none of the melody.
            starts_phrase: it is its phrase's first.
        """
        if self._is_over or (starts_phrase and not replaces):
            self.call, self._is_over = Call(), False
        self.call = self.call.with_note(step, note.pitch, note.velocity, replaces)
        self.velocity = note.velocity
        self.is_stopped = False

    def withdraw(self) -> None:
        """Take the last note back, which was none of the melody."""
        if not self._is_over:
            self.call = self.call.without_last()

    def close(self) -> None:
        """Let the next note begin another call: this one is answered, or won't be."""
        self._is_over = True

    def move(self, steps: int) -> None:
        """Follow a grid that has jumped by `steps`."""
        self.call = self.call.moved(steps)


_WITHOUT_A_CALL = 80
