"""The listener: hears notes and their times, finds their steps, their register and their key.

Without a clock, a note's step is counted from the previous onset: an absolute grid at a slightly wrong tempo slips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from antiphon.improviser.key_belief import KeyBelief, no_belief
from antiphon.improviser.path import Path, bits_of
from antiphon.melody.context import Context, fresh, read_on
from antiphon.melody.grid import Tempo
from antiphon.melody.keys import transposition
from antiphon.melody.model import StepModel
from antiphon.melody.vocabulary import Vocabulary
from antiphon.melody.window import HELD, RESTED

CHORD_SECONDS = 0.030
"""Notes that start within this time are one chord; its highest note is the melody."""
LONGEST_NOTE = 16
"""Beats after which a held note is no longer counted (a key that is stuck, a pedal that is held)."""
LONGEST_LINE = 512
"""Steps of the melody that are kept for a model which reads windows."""


@dataclass(frozen=True)
class Heard:
    """A note of the melody, as it was heard."""

    time: float
    """Of its onset, in seconds."""
    step: int
    """From the first onset."""
    pitch: int
    """As played, a MIDI note number."""
    symbol: str
    """In the model's key."""
    sharps: int
    """The key signature in use after hearing it, −5…6."""
    bits: float
    """−log2 of the probability of its time and its pitch, in the mixture of all keys."""
    replaces: bool
    """It is the higher note of a chord, and takes the place of the note heard before."""


@dataclass(frozen=True, eq=False)
class Ear:
    """Everything that hearing depends on, as a value: to take a note back, keep the ear from before it."""

    path: Path
    belief: KeyBelief
    onset: float | None = None
    """Where the last note started, and where it ended, on the tempo's axis, in steps."""
    release: float | None = None
    pitch: int = 0
    step: int = 0
    octave_shift: int = 0
    """Semitones, a multiple of 12, that bring this phrase into the vocabulary."""
    line: tuple[int, ...] = ()
    """The last steps, each a pitch (as played, with the octave shift), `HELD` or `RESTED`."""


class Listener:
    """Hears a melody note by note.

    Args:
        model: a model that takes one row for each signature.
        vocabulary: its vocabulary.
        signatures: the key signatures that are possible, in sharps; one alone is a fixed key.
        tempo: of the performer.
        phrase_silence: beats of silence that end a phrase.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        signatures: tuple[int, ...],
        tempo: Tempo,
        phrase_silence: float,
    ) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._signatures = signatures
        self._transpositions = np.array([transposition(sharps) for sharps in signatures], np.intp)
        self._tempo = tempo
        self._beat_steps = max(1, round(tempo.steps_per_beat))
        self._longest_steps = round(LONGEST_NOTE * tempo.steps_per_beat)
        self._silence_steps = round(phrase_silence * tempo.steps_per_beat)
        start = Path(model, vocabulary, fresh(model, vocabulary.end, len(signatures)))
        self._ear = Ear(start, no_belief(len(signatures)))
        self._before = self._ear
        self._onset_time = -math.inf
        self._prepared = 1

    def note_on(self, time: float, pitch: int) -> Heard | None:
        """Hear a note. Returns None for one that is not of the melody: a chord's lower note."""
        if time - self._onset_time > CHORD_SECONDS:
            self._before, self._onset_time = self._ear, time
            return self._hear(time, pitch, replaces=False)
        if pitch <= self._ear.pitch:
            return None
        self._ear = self._before
        return self._hear(self._onset_time, pitch, replaces=True)

    def note_off(self, time: float, pitch: int) -> None:
        """Hear the end of a note."""
        ear = self._ear
        if ear.onset is not None and ear.release is None and pitch == ear.pitch:
            self._ear = replace(ear, release=self._tempo.step_at(time))

    def change_tempo(self, time: float, bpm: float) -> None:
        """Count with another tempo from now on."""
        self._tempo = self._tempo.changed(bpm, time)

    @property
    def step_seconds(self) -> float:
        """Length of a step at the present tempo, in seconds."""
        return self._tempo.step_seconds

    @property
    def context(self) -> Context:
        """What was heard up to the last onset, in the key in use: one row."""
        return self._ear.path.onset.row(self._row)

    @property
    def line(self) -> list[int]:
        """The melody up to the last onset, a step each: a pitch in the model's key, `HELD` or `RESTED`."""
        semitones = int(self._transpositions[self._row])
        return [each if each in (HELD, RESTED) else each + semitones for each in self._ear.line]

    def as_played(self, pitch: int) -> int:
        """Bring a pitch of the model into the performer's key and register, within MIDI's 0…127."""
        played = pitch - int(self._transpositions[self._row]) - self._ear.octave_shift
        while played < 0:
            played += 12
        while played > 127:
            played -= 12
        return played

    def next_time(self) -> float | None:
        """Return when to call `look_ahead`, in seconds, or None while no phrase lives."""
        ear = self._ear
        if ear.onset is None or self._prepared >= self._longest_wait():
            return None
        return self._tempo.time_of(ear.onset + self._prepared + 0.5)

    def look_ahead(self) -> None:
        """Prepare what is expected a step later, so that hearing a note there is a look-up. Changes nothing else."""
        self._prepared += 1
        self._ear.path.at(self._prepared, self._rest_at(self._prepared))

    @property
    def _row(self) -> int:
        return self._ear.belief.in_use or 0

    def _hear(self, time: float, pitch: int, replaces: bool) -> Heard:
        ear = self._ear
        steps = self._steps_since_onset(time)
        shift = self._octave_shift(pitch) if self._starts_phrase(time) else ear.octave_shift
        expectation = ear.path.at(steps, self._rest_at(steps))
        tokens = self._vocabulary.fold(pitch + shift + self._transpositions)
        rows = np.arange(len(tokens))
        probabilities = expectation.context.probabilities
        pitch_bits = bits_of(probabilities[rows, tokens])
        # Bad timing must not speak about the key: the evidence is the pitch, given that a note starts.
        starts_bits = bits_of(probabilities[:, self._vocabulary.pitch_tokens].sum(axis=1))
        all_bits = expectation.bits + pitch_bits
        surprise = all_bits.min() - math.log2(ear.belief.expected @ np.exp2(all_bits.min() - all_bits))
        onset = read_on(self._model, expectation.context, tokens.astype(np.int32))
        self._ear = Ear(
            path=Path(self._model, self._vocabulary, onset),
            belief=ear.belief.after(pitch_bits - starts_bits),
            onset=self._tempo.step_at(time),
            pitch=pitch,
            step=0 if ear.onset is None else ear.step + steps,
            octave_shift=shift,
            line=(*ear.line, *self._between(steps), pitch + shift)[-LONGEST_LINE:],
        )
        self._prepared = 1
        return Heard(
            time=time,
            step=self._ear.step,
            pitch=pitch,
            symbol=self._vocabulary.symbols[tokens[self._row]],
            sharps=self._signatures[self._row],
            bits=float(surprise),
            replaces=replaces,
        )

    def _between(self, steps: int) -> list[int]:
        """Return the steps between the last onset and a note that comes `steps` after it."""
        between = [HELD] * (steps - 1)
        rest_at = self._rest_at(steps)
        if rest_at is not None:
            between[rest_at - 1] = RESTED
        return between

    def _steps_since_onset(self, time: float) -> int:
        ear = self._ear
        if ear.onset is None:
            return 1
        return min(max(1, _nearest(self._tempo.step_at(time) - ear.onset)), self._longest_wait())

    def _longest_wait(self) -> int:
        """Return the steps after an onset at which counting stops: a phrase has ended, or a key is stuck."""
        released = self._steps_held()
        return self._longest_steps if released is None else released + self._silence_steps

    def _rest_at(self, steps: int) -> int | None:
        """Return the step after the onset in which a rest began, for a note that comes `steps` after the onset.

        Fingers lift early: a gap shorter than a beat counts as held.
        """
        released = self._steps_held()
        return released if released is not None and steps - released >= self._beat_steps else None

    def _steps_held(self) -> int | None:
        ear = self._ear
        if ear.onset is None or ear.release is None:
            return None
        return min(max(1, _nearest(ear.release - ear.onset)), self._longest_steps)

    def _starts_phrase(self, time: float) -> bool:
        ear = self._ear
        if ear.onset is None:
            return True
        return ear.release is not None and self._tempo.step_at(time) - ear.release >= self._silence_steps

    def _octave_shift(self, pitch: int) -> int:
        """Return the least shift by octaves that brings a phrase's first note into the vocabulary, in every key."""
        lowest, highest = int(self._vocabulary.pitch_numbers[0]), int(self._vocabulary.pitch_numbers[-1])
        below = lowest - (pitch + int(self._transpositions.min()))
        above = pitch + int(self._transpositions.max()) - highest
        if below > 0:
            return 12 * math.ceil(below / 12)
        return -12 * math.ceil(above / 12) if above > 0 else 0


def _nearest(steps: float) -> int:
    return math.floor(steps + 0.5)
