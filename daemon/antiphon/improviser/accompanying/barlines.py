"""Barlines: where they are on the performer's grid; where nobody shares it, the model tells by the metre that is set.

It is `tempo/downbeat.py`, which finds where a phrase began in its bar, asked as the phrase goes on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from antiphon.improviser.answering.opening import LONGEST_CALL
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import Models
from antiphon.improviser.tempo.downbeat import Positions, unread_positions
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.window import tokens_of


class Barline(NamedTuple):
    """Where a barline is."""

    step: int
    """On the grid; others are whole bars away."""
    certainty: float
    """Probability that half bars begin where it says."""


class Barlines:
    """Finds the barlines.

    Args:
        models: what listens and what plays.
        listener: has heard the performer.
        time: the grid.
        half: steps from one chord to the next.
    """

    def __init__(self, models: Models, listener: Listener, time: Timekeeper, half: int) -> None:
        self._models = models
        self._listener = listener
        self._time = time
        self._half = half
        self._began: tuple[int, int] | None = None
        """The step at which what was read began, and the grid's step from which the listener counts."""
        self._positions: Positions | None = None
        """Of what was read."""

    def change_models(self, models: Models) -> None:
        """Ask another model from now on."""
        self._models, self._positions = models, None

    def find(self) -> Barline:
        """Return a barline. Of what nobody shares, it reads what was played since it was asked last: it may take a step
        of the model for each step of that."""
        listener, bar = self._listener, self._time.bar
        if self._time.is_shared:
            return Barline(0, 1.0)
        onset = listener.onset
        if onset is None or not self._models.playing.knows_metre:
            return Barline(listener.phrase, 0.0)
        self._read(onset)
        began, positions = self._began, self._positions
        assert began is not None and positions is not None  # noqa: S101  it has just read
        by_half = positions.probabilities.reshape(-1, self._half)
        place = int(by_half.sum(0).argmax())
        position = int(by_half[:, place].argmax()) * self._half + place
        return Barline((began[0] - position) % bar, float(by_half[:, place].sum()))

    def _read(self, onset: int) -> None:
        """Read what was played up to the last onset, at that step; its own note may be taken back yet."""
        listener, playing = self._listener, self._models.playing
        counted = onset - listener.step
        if self._positions is None or self._began is None or self._began[1] != counted:
            self._began = max(listener.phrase, onset - LONGEST_CALL), counted
            self._positions = unread_positions(playing.model, playing.vocabulary, self._time.bar, self._time.beat)
        positions = self._positions
        unread = onset - self._began[0] - positions.steps
        if unread > LONGEST_CALL:
            positions = replace(positions, steps=positions.steps + unread - LONGEST_CALL)
            unread = LONGEST_CALL
        line = listener.line
        if unread > 0:
            for token in tokens_of(playing.vocabulary, line[-unread - 1 : -1]):
                positions = positions.after(token)
        self._positions = positions
