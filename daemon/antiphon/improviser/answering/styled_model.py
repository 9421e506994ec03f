"""A styled model: a model with the style that it plays in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from antiphon.improviser.answering.constraints import History
from antiphon.improviser.answering.style import Style
from antiphon.improviser.answering.weighing import Weigher
from antiphon.improviser.models import PlayingModel
from antiphon.melody.context import Context, read_on
from antiphon.melody.grid import Place
from antiphon.melody.sampling import RandomStream, draw
from antiphon.melody.vocabulary import LAST_MIDI_NOTE


class StyledModel:
    """A model that plays in a style: what may come next, and how what it plays sounds. It never changes.

    Args:
        playing: the model.
        style: in which it plays.
    """

    def __init__(self, playing: PlayingModel, style: Style) -> None:
        self.model, self.vocabulary = playing.model, playing.vocabulary
        self.style = style
        self.every_token = np.arange(len(self.vocabulary))
        self._density_weights = self.vocabulary.density_weights(style.density)
        self._shift = lru_cache(maxsize=256)(self._shift_of)
        self.allowed = lru_cache(maxsize=1024)(self._allowed_of)
        self.scale = lru_cache(maxsize=256)(self._scale_of)

    def draw(
        self,
        context: Context,
        history: History[int],
        stream: RandomStream,
        semitones: int,
        may_wait: bool,
        weighers: Sequence[Weigher] = (),
    ) -> tuple[int, RandomStream]:
        """Draw a token that the constraints allow.

        Args:
            context: one row.
            history: what was played before.
            stream: of random numbers.
            semitones: from the model's pitches to those that are played.
            may_wait: whether a hold or a rest may come, too.
            weighers: weigh the pitches one after the other.

        Returns:
            The token, and the stream after it.
        """
        constraints = self.style.constraints
        rested = min(history.rested, constraints.longest_rest)
        over_repeated = history.last if history.times >= constraints.repetitions else -1
        probabilities = context.probabilities[0]
        for weigher in weighers:
            probabilities = weigher.weighed(probabilities)
        if self.style.density < 1 and may_wait:
            probabilities = probabilities * self._density_weights
        allowed = self.allowed(semitones, rested, over_repeated, may_wait)
        return draw(probabilities, allowed, self.style.temperature, stream)

    def read(self, context: Context, token: int, place: Place | None) -> tuple[Context, Place | None]:
        """Return the context after a token that stands at `place`, and the place after it."""
        after = place and place.later(1)
        return read_on(self.model, context, np.array([token], np.int32), after), after

    def played(self, pitch: int, semitones: int) -> int:
        """Return a pitch of the model as it is played: in the performer's key, the style's octave and its range."""
        return within_midi(pitch + self._shift(semitones))

    def _scale_of(self, semitones: int) -> npt.NDArray[np.intp]:
        """Return the pitches of the key signature that may be played, as played, rising."""
        constraints = replace(self.style.constraints, in_scale=True)
        semitones = self.octaved(semitones)
        mask = constraints.mask(self.vocabulary, semitones)
        numbers = self.vocabulary.pitch_numbers[mask[self.vocabulary.pitch_tokens]]
        # With a narrow range, the scale's pitches may lie octaves from where all pitches would.
        shift = semitones + constraints.octaves(self.vocabulary, semitones)
        return np.array(sorted({within_midi(int(pitch) + shift) for pitch in numbers}), np.intp)

    def octaved(self, semitones: int) -> int:
        """Return the semitones from the model's pitches to those that are played, with the style's octave."""
        return semitones + 12 * self.style.octave

    def _allowed_of(self, semitones: int, rested: int, over_repeated: int, may_wait: bool) -> npt.NDArray[np.intp]:
        """Return the tokens that may come next.

        Args:
            semitones: from the model's pitches to those that are played, without the style's octave.
            rested: steps of silence before.
            over_repeated: the token of a pitch that has come as often in a row as it may; −1 where none has.
            may_wait: whether a hold or a rest may come, too.
        """
        vocabulary, constraints, semitones = self.vocabulary, self.style.constraints, self.octaved(semitones)
        times = constraints.repetitions if over_repeated >= 0 else 0
        history = History(*(np.array([each], np.int32) for each in (rested, over_repeated, times)))
        allowed = constraints.allowed(vocabulary, constraints.mask(vocabulary, semitones), history)[0]
        allowed[vocabulary.end] = False
        allowed[[vocabulary.hold, vocabulary.rest]] &= may_wait
        return np.flatnonzero(allowed)

    def _shift_of(self, semitones: int) -> int:
        semitones = self.octaved(semitones)
        return semitones + self.style.constraints.octaves(self.vocabulary, semitones)


def within_midi(pitch: int) -> int:
    """Return a pitch, by octaves if need be, within MIDI's 0…127."""
    while pitch < 0:
        pitch += 12
    while pitch > LAST_MIDI_NOTE:
        pitch -= 12
    return pitch
