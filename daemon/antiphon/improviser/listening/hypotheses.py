"""Note hypotheses: what a note would leave behind, made before it comes, so that hearing it is a look-up, or after."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.inter_onset import InterOnset
from antiphon.improviser.listening.key_posterior import KeyPosterior
from antiphon.improviser.listening.lookahead import Prediction
from antiphon.improviser.listening.state import ListenerState, NoteHypothesis
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import STEPS_PER_BEAT, Place
from antiphon.melody.key_model import NO_INTERVAL, TRANSPOSITIONS, KeyNote, interval_classes, wait_classes
from antiphon.melody.keys import transposition
from antiphon.melody.model import Floats

GUESSES = 4
"""Notes that are heard before they come, at each step: of 1,891 notes of held-out songs, 85 % were among them."""
_TRANSPOSITIONS = np.arange(TRANSPOSITIONS)


class Hypotheses:
    """Makes hypotheses, and keeps those of the note to come by all that they depend on.

    Args:
        listening: the model that listens.
        time: keeps the performer's.
        wait: counts the steps between two notes.
    """

    def __init__(self, listening: ListeningModel, time: Timekeeper, wait: InterOnset) -> None:
        self._listening = listening
        self._time = time
        self._wait = wait
        self._semitones = np.array([transposition(sharps) for sharps in listening.signatures], np.intp)
        """From the performer's pitches to the model's in each key, (key,)."""
        self._rows = np.arange(len(listening.signatures))
        self._key_model = listening.key_model if len(listening.signatures) > 1 else None
        self._kept: dict[Hashable, NoteHypothesis] = {}
        self._prepared = 1
        """The steps after the last onset up to which predictions are prepared."""
        self._guessed_at: Hashable = None
        self._guesses: list[int] = []

    def of(self, state: ListenerState, steps: int, pitch: int, shift: int, place: Place | None) -> NoteHypothesis:
        """Return what a note leaves behind, made before or now.

        Args:
            state: before the note.
            steps: from the last onset to the note's.
            pitch: as played.
            shift: semitones, octaves that bring the note's phrase into the vocabulary.
            place: of the note in its bar; None where the metre is unknown.
        """
        rest_at = self._wait.rest_at(state, steps)
        key = (state.lookahead, state.key_posterior, steps, rest_at, pitch, shift, place)
        found = self._kept.get(key)
        if found is None:
            vocabulary = self._listening.vocabulary
            prediction = state.lookahead.at(steps, rest_at)
            tokens = vocabulary.fold(pitch + shift + self._semitones)
            posterior, key_state = self._key_after(state, pitch, steps, prediction, tokens)
            found = self._kept[key] = NoteHypothesis(
                tokens=tokens,
                steps=state.lookahead.steps(steps, rest_at, tokens.astype(np.int32)),
                key_posterior=posterior,
                key_state=key_state,
                lookahead=state.lookahead.after(steps, rest_at, tokens.astype(np.int32), place),
                costs=prediction.bits + prediction.token_bits[self._rows, tokens],
                semitones=-int(self._semitones[posterior.row]) - shift,
                place=place,
                pitch=pitch,
            )
        return found

    def next_time(self, state: ListenerState) -> float | None:
        """Return when to call `advance`, in seconds, or None while no phrase lives."""
        if state.onset is None or self._prepared >= self._wait.longest(state):
            return None
        return self._time.tempo.time_of(state.onset + self._prepared + 0.5)

    def advance(self, state: ListenerState, time: float) -> None:
        """Prepare the predictions for the steps that come near by `time`, in seconds."""
        due = self.next_time(state)
        while due is not None and due <= time:
            self._prepared += 1
            state.lookahead.at(self._prepared, self._wait.rest_at(state, self._prepared))
            due = self.next_time(state)

    def prepare(self, state: ListenerState) -> NoteHypothesis | None:
        """Make one more hypothesis of a note that is likely to come at the step that is prepared.

        Returns:
            The hypothesis; None before the first onset, and when all likely notes have had theirs.
        """
        if state.onset is None:
            return None
        step = self._prepared
        moment = (state.lookahead, state.key_posterior, step, self._wait.rest_at(state, step))
        if moment != self._guessed_at:
            self._guessed_at = moment
            self._kept.clear()
            self._guesses = self._likely_pitches(state, step)
        if not self._guesses:
            return None
        return self.of(state, step, self._guesses.pop(), state.octave_shift, self._time.place(state.onset + step))

    def clear(self) -> None:
        """Drop all hypotheses: a note has come, and the next one is another."""
        self._prepared = 1
        self._kept.clear()

    def change_model(self, listening: ListeningModel) -> None:
        """Make them with another model's predictions from now on; signatures and key model stay."""
        self._listening = listening
        self.clear()

    def _likely_pitches(self, state: ListenerState, step: int) -> list[int]:
        """Return the pitches, as played, that are likeliest `step` steps after the last onset; the likeliest last."""
        vocabulary, row = self._listening.vocabulary, state.key_posterior.row
        expected = state.lookahead.at(step, self._wait.rest_at(state, step)).probabilities[row]
        likeliest = expected[vocabulary.pitch_tokens].argsort()[-GUESSES:]
        semitones = -int(self._semitones[row]) - state.octave_shift
        return [int(pitch) + semitones for pitch in vocabulary.pitch_numbers[likeliest]]

    def _key_after(
        self, state: ListenerState, pitch: int, steps: int, prediction: Prediction, tokens: npt.NDArray[np.intp]
    ) -> tuple[KeyPosterior, Floats | None]:
        """Return the posterior over keys, and the key model's state, after a note `steps` after the last onset."""
        # Bad timing must not speak about the key: the evidence is the pitch, given that a note starts. Nor must the
        # register: octaves are summed.
        classes = self._listening.vocabulary.pitch_classes[tokens]
        bits = prediction.class_bits[self._rows, classes]
        if self._key_model is None or state.key_state is None:
            return state.key_posterior.after(bits), None
        sixteenths = steps * STEPS_PER_BEAT / self._time.quarter if state.onset is not None else 0
        note = KeyNote(
            degrees=((pitch + _TRANSPOSITIONS) % 12).astype(np.int32),
            interval=NO_INTERVAL if state.onset is None else int(interval_classes(pitch - state.pitch)),
            wait=int(wait_classes(math.ceil(sixteenths), self._wait.rest_at(state, steps) is not None)),
        )
        probabilities, key_state = self._key_model.hear(note, state.key_state)
        heard = probabilities[self._semitones % 12].astype(np.float64)
        return state.key_posterior.after(bits, heard, classes), key_state
