"""The listener: hears notes and their times, finds their steps, their register and their key.

On a grid that the performer hears, a note's step is the nearest; otherwise it is counted from the previous onset.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from antiphon.improviser.listening.inter_onset import InterOnset, nearest
from antiphon.improviser.listening.key_posterior import KeyPosterior, flat_posterior
from antiphon.improviser.listening.lookahead import Expectation, Lookahead, fresh_lookahead
from antiphon.improviser.listening.next_note import NextNoteDistribution, Pitches
from antiphon.improviser.listening.state import HeardNote, ListenerState, NoteHypothesis
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.context import Context
from antiphon.melody.grid import STEPS_PER_BEAT, Place
from antiphon.melody.key_model import NO_INTERVAL, KeyModel, KeyNote, interval_classes, wait_classes
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon.melody.model import Floats, StepModel
from antiphon.melody.vocabulary import Vocabulary
from antiphon.melody.window import HELD, RESTED, tokens_in

CHORD_SECONDS = 0.030
"""Notes that start within this time are one chord; its highest note is the melody."""
ROUNDING_SECONDS = 1e-6
"""What a difference of two times may be off, as sums of floats are: a limit that is met is met at any time of a set."""
GUESSES = 4
"""Notes that are heard before they come, at each step."""
REHEARD = 128
"""Steps that a model reads when it takes another's place: eight bars, in some 20 ms."""
LONGEST_LINE = 512
"""Steps of the melody that are kept for a model which reads windows."""
_SIDES = np.arange(12)
"""Transpositions: the key model's side `n` hears what is played `n` semitones higher."""


class Listener:
    """Hears a melody note by note.

    Args:
        model: a model that takes one row for each signature.
        vocabulary: its vocabulary.
        signatures: the key signatures that it listens in, in sharps; where that is one alone, it stays.
        time: keeps the performer's.
        phrase_silence: beats of silence that end a phrase.
        key_model: hears the key beside `model`; not asked where there is one key alone.
        locked: the key signature that is in use to begin with, in sharps; None finds it by listening.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        signatures: tuple[int, ...],
        time: Timekeeper,
        phrase_silence: float,
        key_model: KeyModel | None = None,
        locked: int | None = None,
    ) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._signatures = signatures
        self._transpositions = np.array([transposition(sharps) for sharps in signatures], np.intp)
        self._time = time
        self._wait = InterOnset(time, phrase_silence)
        start = fresh_lookahead(model, vocabulary, len(signatures))
        row = 0 if len(signatures) == 1 else None if locked is None else signatures.index(locked)
        self._rows = np.arange(len(signatures))
        self._key_model = key_model if len(signatures) > 1 else None
        heard_nothing = self._key_model.initial_state() if self._key_model else None
        self._ear = ListenerState(
            start, flat_posterior(len(signatures), row), heard_nothing, follower=self._new_follower()
        )
        self._before = self._ear
        self._onset_time = self._onset_before = -math.inf
        self._prepared = 1
        self.impression: NoteHypothesis | None = None
        """The one that the last note has left."""
        self._impressions: dict[object, NoteHypothesis] = {}
        self._moment: object = None
        self._guesses: list[int] = []
        self._foresight: tuple[Lookahead, NextNoteDistribution] | None = None

    def note_on(self, time: float, pitch: int) -> HeardNote | None:
        """Hear a note. Returns None for one that is not of the melody: a chord's lower note."""
        if time - self._onset_time > CHORD_SECONDS + ROUNDING_SECONDS:
            self._before, self._onset_before, self._onset_time = self._ear, self._onset_time, time
            return self._hear(time, pitch, replaces=False)
        if pitch <= self._ear.pitch:
            return None
        self._ear = self._before
        return self._hear(self._onset_time, pitch, replaces=True)

    def foresee(self) -> bool:
        """Do a little of what `expectation` will need: a step of the model. Returns whether there is more to do."""
        foresight = self._foreseen()
        return foresight is not None and foresight.advance()

    def expectation(self) -> Pitches:
        """Return how likely each pitch is, as played, as the next note; nothing before the first one."""
        foresight = self._foreseen()
        return () if foresight is None else foresight.pitches()

    def _foreseen(self) -> NextNoteDistribution | None:
        """Return what looks for the next note after the last one."""
        ear = self._ear
        if ear.onset is None:
            return None
        if self._foresight is None or self._foresight[0] is not ear.path:
            semitones = -self._transpositions - ear.octave_shift
            self._foresight = ear.path, NextNoteDistribution(ear.path, self._vocabulary, ear.belief.expected, semitones)
        return self._foresight[1]

    def note_off(self, time: float, pitch: int) -> None:
        """Hear the end of a note."""
        ear = self._ear
        if ear.onset is not None and ear.release is None and pitch == ear.pitch:
            self._ear = replace(ear, release=self._time.tempo.step_at(time))

    def change_model(self, model: StepModel, vocabulary: Vocabulary) -> None:
        """Listen with another model from now on, as if it had heard the last `REHEARD` steps itself."""
        self._model, self._vocabulary = model, vocabulary
        path = fresh_lookahead(model, vocabulary, len(self._signatures))
        for tokens in tokens_in(vocabulary, self._ear.line[-REHEARD:], self._transpositions):
            path = Lookahead(model, vocabulary, path.at(1, None).context, tokens)
        self._ear = self._before = replace(self._ear, path=path)
        self._prepared = 1
        self.impression = None

    def let_go(self, time: float) -> None:
        """Count the last note as ended, whatever became of its key."""
        self.note_off(time, self._ear.pitch)

    def move_grid(self, steps: int) -> None:
        """Follow a grid that has jumped by `steps`: what was heard keeps its distance."""
        self._ear, self._before = self._ear.moved(steps), self._before.moved(steps)

    def take_tempo(self, bpm: float) -> None:
        """Believe in a tempo that the performer has shown otherwise than by playing: by tapping it."""
        if self._ear.follower is not None:
            self._ear = replace(self._ear, follower=self._ear.follower.told(bpm))

    def follow_sync(self) -> None:
        """Follow the performer's tempo, or no longer: the timekeeper has begun to follow something else."""
        follower = self._new_follower()
        self._ear, self._before = replace(self._ear, follower=follower), replace(self._before, follower=follower)

    def lock(self, sharps: int | None) -> bool:
        """Take a key signature, −5…6, for the one that is played in; None: the one that was heard meanwhile, again.

        Returns:
            Whether that can be done: who listens in one key alone stays there.
        """
        if len(self._signatures) == 1 or (sharps is not None and sharps not in self._signatures):
            return sharps in self._signatures
        row = None if sharps is None else self._signatures.index(sharps)
        self._ear, self._before = self._ear.locked(row), self._before.locked(row)
        self._impressions.clear()
        self.impression = self._moment = self._foresight = None
        return True

    @property
    def phrase(self) -> int:
        """The step at which the phrase started to which the last note belongs."""
        return self._ear.phrase

    @property
    def onset(self) -> int | None:
        """The step of the last onset; None before the first."""
        return self._ear.onset

    @property
    def release(self) -> float | None:
        """Where on the grid the last note ended; None while it is held."""
        return self._ear.release

    def phrase_end(self) -> float | None:
        """Return when the phrase ends if nothing more is played, in seconds; None while a note is held."""
        return self._wait.phrase_end(self._ear)

    @property
    def sharps(self) -> int:
        """The key signature in use, −5…6."""
        return self._signatures[self._row]

    @property
    def locked(self) -> int | None:
        """The key signature that was chosen, in sharps; None where it is found by listening."""
        row = self._ear.belief.locked
        return None if row is None else self._signatures[row]

    @property
    def posterior(self) -> tuple[float, ...]:
        """How likely each key signature is, from −5 to 6 sharps, (12,), summing to 1."""
        likely = dict(zip(self._signatures, self._ear.belief.shown.tolist(), strict=True))
        return tuple(likely.get(sharps, 0.0) for sharps in SIGNATURES)

    @property
    def context(self) -> Context:
        """What was heard up to the last onset, in the key in use: one row."""
        return self._ear.path.row(self._row)

    def settle(self) -> None:
        """Finish hearing the last note, in all keys where an answer needed one."""
        self._ear.path.settle()

    @property
    def line(self) -> list[int]:
        """The melody up to the last onset, a step each: a pitch in the model's key, `HELD` or `RESTED`."""
        semitones = int(self._transpositions[self._row])
        return [each if each in (HELD, RESTED) else each + semitones for each in self._ear.line]

    @property
    def semitones(self) -> int:
        """From a pitch of the model to the same in the performer's key and register."""
        return -int(self._transpositions[self._row]) - self._ear.octave_shift

    def next_time(self) -> float | None:
        """Return when to call `look_ahead`, in seconds, or None while no phrase lives."""
        ear = self._ear
        if ear.onset is None or self._prepared >= self._wait.longest(ear):
            return None
        return self._time.tempo.time_of(ear.onset + self._prepared + 0.5)

    def look_ahead(self) -> None:
        """Prepare what is expected a step later, so that hearing a note there is a look-up. Changes nothing else."""
        self._prepared += 1
        self._ear.path.at(self._prepared, self._wait.rest_at(self._ear, self._prepared))

    def _new_follower(self) -> TempoFollower | None:
        tempo = self._time.tempo
        return TempoFollower(tempo.bpm, tempo.steps_per_beat) if self._time.sync == "auto" else None

    @property
    def _row(self) -> int:
        return self._ear.belief.row

    def _hear(self, time: float, pitch: int, replaces: bool) -> HeardNote:
        ear = self._ear
        steps, follower = self._wait.steps(ear, time, self._onset_before)
        starts_phrase = self._wait.starts_phrase(ear, time)
        shift = self._octave_shift(pitch) if starts_phrase else ear.octave_shift
        if ear.onset is None or (starts_phrase and not self._time.is_shared):
            onset = round(self._time.tempo.step_at(time))
        elif self._time.is_shared:
            # However long the wait was: `steps` stops counting at the end of a phrase, the bar doesn't.
            onset = max(ear.onset + 1, nearest(self._time.tempo.step_at(time)))
        else:
            onset = ear.onset + steps
        self._time.hear_onset(time, onset, follower.bpm if follower else None)
        place = self._time.place(onset)
        impression = self._impression_of(steps, pitch, shift, place)
        self._impressions.clear()
        self.impression = impression
        self._ear = ListenerState(
            path=impression.path,
            belief=impression.belief,
            key_state=impression.key_state,
            onset=onset,
            phrase=onset if starts_phrase else ear.phrase,
            follower=follower,
            pitch=pitch,
            step=0 if ear.onset is None else ear.step + steps,
            octave_shift=shift,
            line=(*ear.line, *self._between(steps), pitch + shift)[-LONGEST_LINE:],
        )
        self._prepared = 1
        return HeardNote(
            time=time,
            step=self._ear.step,
            pitch=pitch,
            symbol=self._vocabulary.symbols[impression.tokens[self._row]],
            sharps=self._signatures[self._row],
            replaces=replaces,
            belief=ear.belief,
            costs=impression.costs,
        )

    def anticipate(self) -> NoteHypothesis | None:
        """Hear a note that is likely to come now, without believing that it did; None when all likely ones were heard.

        If it comes, hearing it is a look-up.
        """
        ear, step = self._ear, self._prepared
        if ear.onset is None:
            return None
        moment = (ear.path, step, self._wait.rest_at(ear, step))
        if moment != self._moment:
            self._moment = moment
            self._impressions.clear()
            self._guesses = self._likely_pitches(step)
        if not self._guesses:
            return None
        return self._impression_of(step, self._guesses.pop(), ear.octave_shift, self._time.place(ear.onset + step))

    def _likely_pitches(self, step: int) -> list[int]:
        """Return the pitches, as played, that are likeliest `step` steps after the last onset; the likeliest last."""
        expected = self._ear.path.at(step, self._wait.rest_at(self._ear, step)).context.probabilities[self._row]
        likeliest = expected[self._vocabulary.pitch_tokens].argsort()[-GUESSES:]
        return [int(pitch) + self.semitones for pitch in self._vocabulary.pitch_numbers[likeliest]]

    def _impression_of(self, steps: int, pitch: int, shift: int, place: Place | None) -> NoteHypothesis:
        """Return what a note leaves behind, made before or now."""
        rest_at = self._wait.rest_at(self._ear, steps)
        key = (self._ear.path, steps, rest_at, pitch, shift, place)
        found = self._impressions.get(key)
        if found is None:
            expectation = self._ear.path.at(steps, rest_at)
            tokens = self._vocabulary.fold(pitch + shift + self._transpositions)
            belief, key_state = self._believe(pitch, steps, expectation, tokens)
            found = self._impressions[key] = NoteHypothesis(
                tokens=tokens,
                belief=belief,
                key_state=key_state,
                path=Lookahead(self._model, self._vocabulary, expectation.context, tokens.astype(np.int32), place),
                costs=expectation.bits + expectation.token_bits[self._rows, tokens],
                semitones=-int(self._transpositions[belief.row]) - shift,
                place=place,
            )
        return found

    def _believe(
        self, pitch: int, steps: int, expectation: Expectation, tokens: npt.NDArray[np.intp]
    ) -> tuple[KeyPosterior, Floats | None]:
        """Return the belief after a note that comes `steps` after the last onset, and the key model's memory."""
        ear = self._ear
        # Bad timing must not speak about the key: the evidence is the pitch, given that a note starts. Nor must the
        # register: octaves are summed.
        bits = expectation.class_bits[self._rows, self._vocabulary.pitch_classes[tokens]]
        if self._key_model is None or ear.key_state is None:
            return ear.belief.after(bits), None
        sixteenths = steps * STEPS_PER_BEAT / self._time.beat if ear.onset is not None else 0
        note = KeyNote(
            degrees=((pitch + _SIDES) % 12).astype(np.int32),
            interval=NO_INTERVAL if ear.onset is None else int(interval_classes(pitch - ear.pitch)),
            wait=int(wait_classes(math.ceil(sixteenths), self._wait.rest_at(ear, steps) is not None)),
        )
        sides, key_state = self._key_model.hear(note, ear.key_state)
        return ear.belief.after(bits, sides[self._transpositions % 12].astype(np.float64)), key_state

    def _between(self, steps: int) -> list[int]:
        """Return the steps between the last onset and a note that comes `steps` after it."""
        between = [HELD] * (steps - 1)
        rest_at = self._wait.rest_at(self._ear, steps)
        if rest_at is not None:
            between[rest_at - 1] = RESTED
        return between

    def _octave_shift(self, pitch: int) -> int:
        """Return the least shift by octaves that brings a phrase's first note into the vocabulary, in every key.

        Where a key was chosen, it is that one alone.
        """
        lowest, highest = int(self._vocabulary.pitch_numbers[0]), int(self._vocabulary.pitch_numbers[-1])
        row = self._ear.belief.locked
        semitones = self._transpositions if row is None else self._transpositions[row : row + 1]
        below = lowest - (pitch + int(semitones.min()))
        above = pitch + int(semitones.max()) - highest
        if below > 0:
            return 12 * math.ceil(below / 12)
        return -12 * math.ceil(above / 12) if above > 0 else 0
