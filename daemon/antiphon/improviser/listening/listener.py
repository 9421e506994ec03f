"""The listener: hears notes and their times, finds the melody among them, its steps, its register and its key.

On a grid that the performer hears, a note's step is the nearest; otherwise it is counted from the previous onset.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from antiphon.improviser.listening.distribution import NextNoteDistribution
from antiphon.improviser.listening.harmony import Harmony
from antiphon.improviser.listening.hypotheses import Hypotheses
from antiphon.improviser.listening.inter_onset import LOST, InterOnset, nearest
from antiphon.improviser.listening.key_posterior import KeyPosterior, flat_posterior
from antiphon.improviser.listening.lookahead import Lookahead, fresh_lookahead
from antiphon.improviser.listening.register import octave_shift
from antiphon.improviser.listening.state import HeardNote, ListenerState, NoteHypothesis, WithdrawnNote
from antiphon.improviser.listening.voices import LONGEST_ROLL, Voices
from antiphon.improviser.memory.learner import Learner, Recall
from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.stored import begun_with
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.beat import Beat
from antiphon.improviser.tempo.division import Division
from antiphon.improviser.tempo.inferred_bar import BarGuess, InferredBar
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.context import Context
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon.melody.swing import STRAIGHT, played
from antiphon.melody.vocabulary import Vocabulary
from antiphon.melody.window import HELD, RESTED, tokens_in

REHEARD = 128
"""Steps, eight bars of 4/4, that a model reads when it takes another's place: that takes some 20 ms."""
FARTHEST_LAG = 0.4
"""Steps; an onset that is farther from its step was counted wrongly, or is of another rhythm."""
LONGEST_LINE = 512
"""Steps of the melody that are kept, for a model that reads windows or takes another's place."""

SOON = 0.02
"""Seconds after a note, in which a beat doesn't count as the next: the note's own may be a little behind it."""

STRAY = 0.25
"""Steps; a beat that is farther from every step of the grid moves the grid: its steps are counted by a wrong tempo."""


class Listener:
    """Hears a melody note by note, whatever is played beside it.

    Args:
        listening: the model that listens.
        time: keeps the performer's.
        phrase_silence: beats of silence that end a phrase; None lets its pace say how much that takes.
        locked: the key signature that is in use to begin with, in sharps; None finds it by listening.
        tune_silence: beats of silence after which another tune begins; 0 is never.
    """

    def __init__(
        self,
        listening: ListeningModel,
        time: Timekeeper,
        phrase_silence: float | None,
        locked: int | None = None,
        tune_silence: float = 0.0,
    ) -> None:
        self._listening = listening
        self._signatures = signatures = listening.signatures
        self.transpositions = np.array([transposition(sharps) for sharps in signatures], np.intp)
        """Semitones from the performer's pitches to the model's in each key that it listens in, (key,)."""
        self._time = time
        self._wait = InterOnset(time, phrase_silence)
        self._hypotheses = Hypotheses(listening, time, self._wait)
        row = 0 if len(signatures) == 1 else None if locked is None else signatures.index(locked)
        key_model = listening.key_model if len(signatures) > 1 else None
        self._state = ListenerState(
            lookahead=fresh_lookahead(listening.model, listening.vocabulary, len(signatures)),
            key_posterior=flat_posterior(len(signatures), row),
            key_state=None if key_model is None else key_model.initial_state(),
            bar=InferredBar(time.beat),
            follower=self._new_follower(),
        )
        self._learner = Learner(begun_with(listening.learned, listening.vocabulary, listening.start_weights))
        self._learners = {listening.vocabulary.symbols: self._learner}
        """By the symbols that each is spelled in: where a model comes back, so does what was learned with it."""
        self._voices = Voices()
        self.harmony = Harmony()
        """What the accompaniment has sounded lately."""
        self.beat = Beat(time.tempo.bpm)
        """Where the performer's beats fall. Every key that goes down tells of it, be it of the melody or not."""
        self._accompaniment: set[int] = set()
        """The keys of the accompaniment that are down."""
        self._tune_silence = tune_silence
        self.own_until = -math.inf
        """Until when the improviser itself has sounded, in seconds: that is no silence."""
        self._before = self._state
        self._onset_time = self._onset_before = -math.inf
        self.lag: float | None = None
        """Steps by which the last onset came behind where it was to be; None where nobody knows where that was."""
        self.interval = 1
        """Steps from the note before to the last one."""
        self._prepared = 1
        """The steps after the last onset up to which predictions are prepared."""
        self.hypothesis: NoteHypothesis | None = None
        """The one that has come true with the last note; None where the key or the model has changed since."""
        self._distribution: tuple[Lookahead, KeyPosterior, NextNoteDistribution] | None = None

    def note_on(self, time: float, pitch: int) -> HeardNote | WithdrawnNote | None:
        """Hear a key go down. Returns None where that is no note of the melody, and the one before it still is."""
        self.beat = self.beat.struck(time, pitch)
        found = self._voices.strike(time, pitch)
        if found.withdraws:
            self._withdraw()
        if not found.is_melody:
            self._accompany(time, pitch)
            return WithdrawnNote(time) if found.withdraws else None
        return self._hear(time, pitch, replaces=found.withdraws, in_chord=found.in_chord)

    def accompany(self, time: float, pitch: int) -> None:
        """Hear a note of the accompaniment."""
        self.beat = self.beat.struck(time, pitch)
        self._accompany(time, pitch)

    def key_up(self, time: float, pitch: int) -> HeardNote | WithdrawnNote | None:
        """Hear a key come up, whose note may sound on by the pedal.

        Returns:
            A note that is heard only now, or that the last one is withdrawn: it was seen as the key came up.
        """
        self._accompaniment.discard(pitch)
        doubt = self._voices.lift(time, pitch)
        if doubt is None:
            return None
        if not doubt.is_heard:
            return self._hear(doubt.time, doubt.pitch)
        self._withdraw()
        return WithdrawnNote(time)

    def next_note_distribution(self) -> NextNoteDistribution | None:
        """Return what tells how likely each pitch is as the performer's next note; None before the first note."""
        state, found = self._state, self._distribution
        if state.onset is None:
            return None
        if found is None or found[0] is not state.lookahead or found[1] is not state.key_posterior:
            semitones = -self.transpositions - state.octave_shift
            distribution = NextNoteDistribution(
                state.lookahead, self._listening.vocabulary, state.key_posterior, semitones, self.recall
            )
            self._distribution = found = state.lookahead, state.key_posterior, distribution
        return found[2]

    def note_off(self, time: float, pitch: int) -> HeardNote | WithdrawnNote | None:
        """Hear the end of a note, whose key comes up now if it isn't up. Returns what `key_up` does."""
        correction = self.key_up(time, pitch)
        state = self._state
        if state.onset is not None and state.release is None and pitch == state.pitch:
            self._state = replace(state, release=self._time.tempo.step_at(time))
        return correction

    def change_model(self, listening: ListeningModel) -> None:
        """Listen with another model from now on, as if it had heard the last `REHEARD` steps itself.

        The key signatures and the key model stay as they are: the model takes as many rows as the one before.
        """
        symbols, share = listening.vocabulary.symbols, self._learner.share
        if symbols not in self._learners:  # what was learned is spelled in the other's tokens
            self._learners[symbols] = Learner(
                begun_with(listening.learned, listening.vocabulary, listening.start_weights)
            )
        self._learner.keep()
        self._learner = self._learners[symbols]
        self._learner.share = share
        self._listening = listening
        self._hypotheses.change_model(listening)
        model, vocabulary = listening.model, listening.vocabulary
        lookahead = fresh_lookahead(model, vocabulary, len(self._signatures))
        for tokens in tokens_in(vocabulary, self._state.line[-REHEARD:], self.transpositions):
            lookahead = Lookahead(model, vocabulary, lookahead.at(1, None).context, tokens)
        heard = self._state.heard.forgotten()
        self._learner.keep()
        self._state = self._before = replace(self._state, lookahead=lookahead, heard=heard)
        self._prepared = 1
        self.hypothesis = None

    def take_memory(self, memory: Memory) -> None:
        """Learn what is heard into this memory from now on."""
        self._learner = self._learners[self._listening.vocabulary.symbols] = Learner(memory, self._learner.share)

    def memory_in(self, vocabulary: Vocabulary) -> Memory | None:
        """Return what was learned that is spelled in a vocabulary; None where no model of it has listened."""
        learner = self._learners.get(vocabulary.symbols)
        return None if learner is None else learner.memory

    def let_go(self, time: float) -> None:
        """Count the last note as ended and all keys as up, whatever became of them."""
        self._voices.lift_all()
        self._accompaniment.clear()
        self.note_off(time, self._state.pitch)

    def move_grid(self, steps: int) -> None:
        """Follow a grid that has jumped by `steps`: what was heard keeps its distance."""
        self._state, self._before = self._state.moved(steps), self._before.moved(steps)

    def take_tempo(self, bpm: float) -> None:
        """Take note of a tempo, in beats a minute, that the performer has tapped or set."""
        self.beat = self.beat.tapped(bpm)
        if self._state.follower is not None:
            self._state = replace(self._state, follower=self._state.follower.tapped(bpm), division=Division())

    def follow_sync(self) -> None:
        """Follow the performer's tempo, or no longer: the timekeeper has begun to follow something else."""
        follower = self._new_follower()
        self._state = replace(self._state, follower=follower, division=Division())
        self._before = replace(self._before, follower=follower, division=Division())

    def lock(self, sharps: int | None) -> bool:
        """Take a key signature, −5…6, for the one that is played in; None: the one that was heard meanwhile, again.

        Returns:
            Whether that can be done: who listens in one key alone stays there.
        """
        if len(self._signatures) == 1 or (sharps is not None and sharps not in self._signatures):
            return sharps in self._signatures
        row = None if sharps is None else self._signatures.index(sharps)
        self._state, self._before = self._state.locked(row), self._before.locked(row)
        self.hypothesis = None
        return True

    @property
    def phrase(self) -> int:
        """The step at which the phrase started to which the last note belongs."""
        return self._state.phrase

    @property
    def swing(self) -> float:
        """Share of the beat before an eighth off the beat, as the performer plays it; 0.5 is straight."""
        return self._state.shared_division.swing if self._time.is_shared else self._state.division.share

    @property
    def swings(self) -> bool:
        """Whether the performer swings, which tells the beat as well."""
        return self.swing != STRAIGHT

    @property
    def beat_at(self) -> int:
        """A step at which a beat lies, as far as it is known; where it isn't, the phrase's first."""
        state = self._state
        if self._time.is_shared:
            return 0
        if state.division.swings:
            return (state.onset or 0) - round(state.division.place * self._time.beat)
        return state.phrase

    @property
    def onset(self) -> int | None:
        """The step of the last onset; None before the first."""
        return self._state.onset

    @property
    def pitch(self) -> int:
        """The last note's, as played."""
        return self._state.pitch

    @property
    def accompaniment(self) -> tuple[int, ...]:
        """The pitches of the accompaniment that are held."""
        return tuple(sorted(self._accompaniment))

    @property
    def onset_time(self) -> float:
        """When the last note started, in seconds; −∞ before the first."""
        return self._onset_time

    @property
    def release(self) -> float | None:
        """Where on the grid the last note ended; None while it is held."""
        return self._state.release

    def phrase_end(self) -> float | None:
        """Return when the phrase ends if nothing more is played, in seconds; None while a note is held."""
        return self._wait.phrase_end(self._state)

    def next_beat(self, time: float) -> int:
        """Return the step of the first beat at `time` (seconds) or later: an answer may start there.

        Where the performer hears the grid, its beats are hers; otherwise her own count, as soon as there are any.
        """
        grid = self._time
        if self.swings and not grid.is_shared:  # the long one of each pair is on a beat
            return grid.next_step(time, grid.beat, self.beat_at)
        beat = None if grid.is_shared else self.beat.next(time)
        if beat is None:
            return grid.next_step(time, grid.beat)
        return max(grid.next_step(time, 1), nearest(grid.tempo.step_at(beat.time)))

    def next_beat_time(self, time: float) -> float:
        """Return when an answer starts there, in seconds: on its step, but with the beat where that is far from it."""
        grid = self._time
        step = self.next_beat(time)
        on_step = grid.tempo.time_of(step)
        beat = None if grid.is_shared else self.beat.next(time)
        strays = beat is not None and abs(beat.time - on_step) > STRAY * grid.tempo.step_seconds
        return beat.time if beat is not None and strays else on_step

    def bar_guess(self) -> BarGuess | None:
        """Return the bar that the playing shows, in beats of the grid; None before the second note."""
        return self._state.bar.guess()

    def beat_certainty(self, time: float) -> float:
        """Return how probable it is that a beat of hers is where `next_beat` says: 1 on a grid that she hears."""
        if self._time.is_shared:
            return 1.0
        beat = self.beat.next(time)
        return 0.0 if beat is None else beat.certainty

    @property
    def knows_tempo(self) -> bool:
        """Whether the playing tells its tempo, or none is followed."""
        return self._state.follower is None or self._state.silent_intervals < LOST

    @property
    def sharps(self) -> int:
        """The key signature in use, −5…6."""
        return self._signatures[self._row]

    @property
    def locked(self) -> int | None:
        """The key signature that was chosen, in sharps; None where it is found by listening."""
        row = self._state.key_posterior.locked
        return None if row is None else self._signatures[row]

    @property
    def posterior(self) -> tuple[float, ...]:
        """How likely each key signature is, from −5 to 6 sharps, (12,), summing to 1."""
        likely = dict(zip(self._signatures, self._state.key_posterior.shown.tolist(), strict=True))
        return tuple(likely.get(sharps, 0.0) for sharps in SIGNATURES)

    @property
    def key_posterior(self) -> KeyPosterior:
        """How likely each of the keys is that it listens in."""
        return self._state.key_posterior

    @property
    def context(self) -> Context:
        """What was heard up to the last onset, in the key in use, with what was learned mixed in: one row."""
        return self._state.lookahead.row(self._row).mixed(self.recall, self._state.lookahead.place_at(1))

    @property
    def recall(self) -> Recall | None:
        """What was learned, after what was heard up to the last onset; None where the key in use has just changed."""
        return self._learner.recall(self._state.heard, self._row)

    def context_after(self, hypothesis: NoteHypothesis) -> Context:
        """Return the context that there will be if a hypothesis of the note to come comes true: one row."""
        row = hypothesis.key_posterior.row
        recall = self._learner.recall(self._state.heard.after(hypothesis.steps, starts_phrase=False), row)
        return hypothesis.lookahead.row(row).mixed(recall, hypothesis.lookahead.place_at(1))

    def finish(self) -> None:
        """Finish hearing the last note, in all keys, where its answer needed only the one in use, and learn it."""
        self.beat.finish()
        self._state.lookahead.finish()
        self._learner.follow(self._state.heard, self._row)

    def recalled(self, note: HeardNote) -> HeardNote:
        """Return the last note that was heard with what it cost in the key in use with the memory mixed in."""
        self.finish()
        row = self._row
        if self.hypothesis is None or note.key_posterior.row != row or not self._learner.share:
            return note
        costs = note.costs.copy()
        costs[row] = self._learner.bits(len(self.hypothesis.steps))[1]
        return replace(note, costs=costs)

    @property
    def memory(self) -> Learner:
        """What was learned of the performer."""
        return self._learner

    @property
    def line(self) -> list[int]:
        """The melody up to the last onset, a step each: a pitch in the model's key, `HELD` or `RESTED`."""
        semitones = int(self.transpositions[self._row])
        return [each if each in (HELD, RESTED) else each + semitones for each in self._state.line]

    @property
    def semitones(self) -> int:
        """From a pitch of the model to the same in the performer's key and register."""
        return -int(self.transpositions[self._row]) - self._state.octave_shift

    def next_time(self) -> float | None:
        """Return when to call `advance`, in seconds, or None while no phrase lives."""
        state = self._state
        if state.onset is None or self._prepared >= self._wait.longest(state):
            return None
        return self._time.tempo.time_of(state.onset + self._prepared + 0.5)

    def advance(self, time: float) -> None:
        """Prepare the predictions for the steps that come near by `time`, in seconds. Changes nothing that is heard."""
        due = self.next_time()
        while due is not None and due <= time:
            self._prepared += 1
            self._state.lookahead.at(self._prepared, self._wait.rest_at(self._state, self._prepared))
            due = self.next_time()

    def prepare(self) -> NoteHypothesis | None:
        """Make the hypothesis of a note that is likely to come now; if it comes, hearing it is a look-up.

        Returns:
            The hypothesis; None when all likely notes have theirs.
        """
        return self._hypotheses.prepare(self._state, self._prepared)

    def _new_follower(self) -> TempoFollower | None:
        tempo = self._time.tempo
        return TempoFollower(tempo.bpm, tempo.steps_per_beat) if self._time.sync == "auto" else None

    @property
    def _row(self) -> int:
        return self._state.key_posterior.row

    def _accompany(self, time: float, pitch: int) -> None:
        self._hear_harmony(time, pitch)
        self._accompaniment.add(pitch)
        self._play_on(time)

    def _hear_harmony(self, time: float, pitch: int) -> None:
        """Take a note of the accompaniment for part of the harmony, and for evidence of the key."""
        share = 1 / (1 + self.harmony.at(time)[pitch % 12])
        self.harmony = self.harmony.after(time, pitch)
        classes = (pitch + self.transpositions) % 12
        self._state, self._before = self._state.accompanied(classes, share), self._before.accompanied(classes, share)

    def _withdraw(self) -> None:
        """Take the last note back, which was the accompaniment's: all else is as it was before it."""
        time, pitch = self._onset_time, self._state.pitch
        if self._voices.is_down(pitch):
            self._accompaniment.add(pitch)
        self._state, self._onset_time = self._before, self._onset_before
        self._hear_harmony(time, pitch)
        self._learner.follow(self._state.heard, self._row)
        self._prepared = 1
        self._hypotheses.clear()
        self.hypothesis = None
        state = self._state
        if state.onset is not None:
            self._lay_grid(self._onset_time)
        self._play_on(time)

    def _play_on(self, time: float) -> None:
        """Take note of an accompaniment that goes on while the melody may have ended; a chord's notes say nothing."""
        end = self.phrase_end()
        if time - self._onset_time > LONGEST_ROLL and (end is None or time < end):
            self._state = replace(self._state, is_accompanied=True)

    def _hear(self, time: float, pitch: int, replaces: bool = False, in_chord: bool = False) -> HeardNote:
        self._before, self._onset_before, self._onset_time = self._state, self._onset_time, time
        before = self._state
        counted = self._wait.count(before, time, self._onset_before)
        steps, follower = counted.steps, counted.follower
        starts_phrase = self._wait.starts_phrase(before, time)
        starts_tune = starts_phrase and self._starts_tune(before, time)
        shift = before.octave_shift
        if starts_phrase:  # where a key was chosen, it is that one alone
            row = before.key_posterior.locked
            semitones = self.transpositions if row is None else self.transpositions[row : row + 1]
            shift = octave_shift(pitch, self._listening.vocabulary, semitones)
        if before.onset is None or (self._wait.is_apart(before, time) and not self._time.is_shared):
            onset = round(self._time.tempo.step_at(time))
        elif self._time.is_shared:
            # However long the wait was: `steps` stops counting at the end of a phrase, the bar doesn't.
            onset = max(before.onset + 1, self._wait.shared_step(before, time))
        else:
            onset = before.onset + steps
        asked = (self._at_a_tune(before), 1) if starts_tune else (before, steps)
        hypothesis = self._hypotheses.of(*asked, pitch, shift, self._time.place(onset))
        self._hypotheses.clear()
        self.hypothesis = hypothesis
        self._state = ListenerState(
            lookahead=hypothesis.lookahead,
            key_posterior=hypothesis.key_posterior,
            key_state=hypothesis.key_state,
            onset=onset,
            phrase=onset if starts_phrase else before.phrase,
            bar=before.bar if before.onset is None else before.bar.after(steps),
            follower=follower,
            silent_intervals=self._wait.silent_intervals(before, time, self._onset_before),
            pace=before.pace.after(time - self._onset_before, starts_phrase),
            division=counted.division,
            shared_division=counted.shared_division,
            pitch=pitch,
            step=0 if before.onset is None else before.step + steps,
            octave_shift=shift,
            heard=before.heard.after(hypothesis.steps, starts_phrase),
            line=(*before.line, *self._between(steps), pitch + shift)[-LONGEST_LINE:],
        )
        self._prepared = 1
        self.interval = steps
        self.lag = None if starts_phrase and not self._time.is_shared else self._lag_at(time)
        self._lay_grid(time)
        return HeardNote(
            time=time,
            step=self._state.step,
            pitch=pitch,
            symbol=self._listening.vocabulary.symbols[hypothesis.tokens[self._row]],
            sharps=self._signatures[self._row],
            replaces=replaces,
            in_chord=in_chord,
            ends_triplet=(counted.shared_division if self._time.is_shared else counted.division).ends_triplet,
            key_posterior=before.key_posterior,
            costs=hypothesis.costs,
        )

    def _starts_tune(self, before: ListenerState, time: float) -> bool:
        """Return whether a phrase that begins at `time`, in seconds, begins another tune: after a long silence.

        In 1 of 4,376 songs a rest is as long as eight beats. To begin anew within a song costs 21 bits, and to miss
        where another begins 13 (validation songs): so it pays where three of five such silences end a tune.
        """
        if not self._tune_silence or before.release is None:
            return False
        since = max(self._time.tempo.time_of(before.release), self.own_until)
        steps = self._time.tempo.step_at(time) - self._time.tempo.step_at(since)
        return steps >= self._tune_silence * self._time.tempo.steps_per_beat

    def _at_a_tune(self, before: ListenerState) -> ListenerState:
        """Return the state at the beginning of a tune: what was heard is no context of it, only the key stays."""
        listening = self._listening
        lookahead = fresh_lookahead(listening.model, listening.vocabulary, len(self._signatures))
        return replace(before, lookahead=lookahead, onset=None)

    def _lag_at(self, time: float) -> float | None:
        """Return by how many steps the last onset, at `time` in seconds, is behind where it was to be."""
        onset, beat = self._state.onset or 0, self._time.beat
        if not self._time.is_shared:
            there = onset + self._state.division.lag
        else:
            there = beat * played(onset / beat, self.swing) if self._time.is_simple else onset
        lag = self._time.tempo.step_at(time) - there
        is_near = self._time.is_shared or self.interval <= beat
        return lag if is_near and abs(lag) < FARTHEST_LAG else None

    def _lay_grid(self, time: float) -> None:
        """Lay the grid under the last onset, at `time` in seconds; one that swings isn't played where it is written."""
        state = self._state
        bpm = state.follower.bpm if state.follower else None
        self._time.hear_onset(time, (state.onset or 0) + state.division.lag, bpm)

    def _between(self, steps: int) -> list[int]:
        """Return the line's entries between the last onset and a note that comes `steps` after it."""
        between = [HELD] * (steps - 1)
        rest_at = self._wait.rest_at(self._state, steps)
        if rest_at is not None:
            between[rest_at - 1] = RESTED
        return between
