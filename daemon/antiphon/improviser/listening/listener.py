"""The listener: hears notes and their times, finds the melody among them, its steps, its register and its key.

On a grid that the performer hears, a note's step is the nearest; otherwise it is counted from the previous onset.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from antiphon.improviser.listening.distribution import NextNoteDistribution
from antiphon.improviser.listening.graces import Graces
from antiphon.improviser.listening.harmony import Harmony
from antiphon.improviser.listening.heard_grid import HeardGrid
from antiphon.improviser.listening.hypotheses import Hypotheses
from antiphon.improviser.listening.inter_onset import LOST, InterOnset
from antiphon.improviser.listening.key_posterior import KeyPosterior, flat_posterior
from antiphon.improviser.listening.learners import Learners
from antiphon.improviser.listening.lookahead import Lookahead, fresh_lookahead
from antiphon.improviser.listening.onset import onset_at, state_after
from antiphon.improviser.listening.register import octave_shift
from antiphon.improviser.listening.state import HeardNote, ListenerState, NoteHypothesis, WithdrawnNote
from antiphon.improviser.listening.voices import LONGEST_ROLL, Voices
from antiphon.improviser.memory.learner import Learner, Recall
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.beat import Beat
from antiphon.improviser.tempo.division import Division
from antiphon.improviser.tempo.inferred_bar import BarGuess, InferredBar
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.context import Context
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon.melody.window import HELD, RESTED, tokens_in

REHEARD = 128
"""Steps, eight bars of 4/4, that a model reads when it takes another's place: that takes some 20 ms."""


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
        self._wait = InterOnset(time, phrase_silence, tune_silence)
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
        self.learners = Learners(listening)
        """What was learned of the performer."""
        self._voices = Voices()
        self.harmony = Harmony()
        """What the accompaniment has sounded lately."""
        self.beat = Beat(time.tempo.bpm)
        """Where the performer's beats fall. Every key that goes down tells of it, be it of the melody or not."""
        self._accompaniment: set[int] = set()
        """The keys of the accompaniment that are down."""
        self.own_until = -math.inf
        """Until when the improviser itself has sounded, in seconds: that is no silence."""
        self._before = self._state
        self._onset_time = self._onset_before = -math.inf
        self._graces = Graces()
        self.lag: float | None = None
        """Steps by which the last onset came behind where it was to be; None where nobody knows where that was."""
        self.interval = 1
        """Steps from the note before to the last one."""
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
        if found.withdraws:
            return self._hear(time, pitch, replaces=True, in_chord=found.in_chord)
        has_grace = self._has_grace(time, pitch)
        self._graces = Graces(self._graces.number + 1) if has_grace else Graces()
        if not has_grace:
            return self._hear(time, pitch)
        self._take_back()
        return replace(self._hear(time, pitch), has_grace=True)

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
        self._listening = listening
        self._hypotheses.change_model(listening)
        model, vocabulary = listening.model, listening.vocabulary
        lookahead = fresh_lookahead(model, vocabulary, len(self._signatures))
        for tokens in tokens_in(vocabulary, self._state.line[-REHEARD:], self.transpositions):
            lookahead = Lookahead(model, vocabulary, lookahead.at(1, None).context, tokens)
        heard = self._state.heard.forgotten()
        self.learners.change_model(listening)
        self._state = self._before = replace(self._state, lookahead=lookahead, heard=heard)
        self.hypothesis = None

    def let_go(self, time: float) -> None:
        """Count the last note as ended and all keys as up, whatever became of them."""
        self._voices.lift_all()
        self._accompaniment.clear()
        self.note_off(time, self._state.pitch)

    def move_grid(self, steps: int) -> None:
        """Follow a grid that has jumped by `steps`: what was heard keeps its distance."""
        self._state, self._before = self._state.moved(steps), self._before.moved(steps)

    def take_tempo(self, bpm: float, tap: float | None) -> None:
        """Take note of a tempo, in beats a minute, that the performer has set, or tapped: `tap` is the last tap's time,
        in seconds."""
        self.beat = self.beat.tapped(bpm, tap)
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
    def grid(self) -> HeardGrid:
        """Where the performer's beats lie, and how she divides them."""
        return HeardGrid(self._state, self._time, self.beat)

    @property
    def onset(self) -> int | None:
        """The step of the last onset; None before the first."""
        return self._state.onset

    @property
    def step(self) -> int:
        """The last note's step, counted from the first onset."""
        return self._state.step

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

    def bar_guess(self) -> BarGuess | None:
        """Return the bar that the playing shows, in beats of the grid; None before the second note."""
        return self._state.bar.guess()

    @property
    def tempo_certainty(self) -> float | None:
        """How probable the tempo is that is heard, 0 to 1; None where none is followed."""
        follower = self._state.follower
        return None if follower is None else follower.certainty

    @property
    def why_no_tempo(self) -> str | None:
        """Why the playing tells no tempo, in words; None where it does, or where none is followed."""
        follower = self._state.follower
        if follower is None:
            return None
        if self._state.silent_intervals >= LOST:
            return "your notes are too far apart to tell a tempo"
        return "your playing shows no beat" if follower.evidence.is_lost else None

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
        return self.learners.current.recall(self._state.heard, self._row)

    def context_after(self, hypothesis: NoteHypothesis) -> Context:
        """Return the context that there will be if a hypothesis of the note to come comes true: one row."""
        row = hypothesis.key_posterior.row
        recall = self.learners.current.recall(self._state.heard.after(hypothesis.steps, starts_phrase=False), row)
        return hypothesis.lookahead.row(row).mixed(recall, hypothesis.lookahead.place_at(1))

    def finish(self) -> None:
        """Finish hearing the last note, in all keys, where its answer needed only the one in use, and learn it."""
        self.beat.finish()
        self._state.lookahead.finish()
        self.learners.current.follow(self._state.heard, self._row)

    def recalled(self, note: HeardNote) -> HeardNote:
        """Return the last note that was heard with what it cost in the key in use with the memory mixed in."""
        self.finish()
        row = self._row
        if self.hypothesis is None or note.key_posterior.row != row or not self.learners.current.share:
            return note
        costs = note.costs.copy()
        costs[row] = self.learners.current.bits(len(self.hypothesis.steps))[1]
        return replace(note, costs=costs)

    @property
    def memory(self) -> Learner:
        """What was learned of the performer."""
        return self.learners.current

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
        return self._hypotheses.next_time(self._state)

    def advance(self, time: float) -> None:
        """Prepare the predictions for the steps that come near by `time`, in seconds. Changes nothing that is heard."""
        self._hypotheses.advance(self._state, time)

    def prepare(self) -> NoteHypothesis | None:
        """Make the hypothesis of a note that is likely to come now; if it comes, hearing it is a look-up.

        Returns:
            The hypothesis; None when all likely notes have theirs.
        """
        return self._hypotheses.prepare(self._state)

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
        self._take_back()
        self._hear_harmony(time, pitch)
        self._play_on(time)

    def _take_back(self) -> None:
        """Let all be as it was before the last note."""
        self._state, self._onset_time = self._before, self._onset_before
        self.learners.current.follow(self._state.heard, self._row)
        self._hypotheses.clear()
        self.hypothesis = None
        if self._state.onset is not None:
            self._lay_grid(self._onset_time)

    def _has_grace(self, time: float, pitch: int) -> bool:
        """Return whether the last note was a grace of one that comes at `time`, in seconds."""
        if self._state.onset is None or self._state.onset == self._state.phrase:
            return False
        before, seconds = self._onset_time - self._onset_before, time - self._onset_time
        return self._graces.lean(before, seconds, pitch - self._state.pitch, self._time.tempo.step_seconds)

    def _play_on(self, time: float) -> None:
        """Take note of an accompaniment that goes on while the melody may have ended; a chord's notes say nothing."""
        end = self.phrase_end()
        if time - self._onset_time > LONGEST_ROLL and (end is None or time < end):
            self._state = replace(self._state, is_accompanied=True)

    def _hear(self, time: float, pitch: int, replaces: bool = False, in_chord: bool = False) -> HeardNote:
        self._before, self._onset_before, self._onset_time = self._state, self._onset_time, time
        before = self._state
        onset = onset_at(self._wait, before, time, self._onset_before)
        steps = onset.counted.steps
        shift = self._octave_shift(pitch) if onset.starts_phrase else before.octave_shift
        starts_tune = onset.starts_phrase and self._wait.starts_tune(before, time, self.own_until)
        asked = (self._at_a_tune(before), 1) if starts_tune else (before, steps)
        hypothesis = self._hypotheses.of(*asked, pitch, shift, self._time.place(onset.step))
        self._hypotheses.clear()
        self.hypothesis = hypothesis
        self._state = state_after(before, onset, hypothesis, shift)
        self.interval = steps
        self.lag = None if onset.starts_phrase and not self._time.is_shared else self.grid.lag(time, steps)
        self._lay_grid(time)
        division = onset.counted.shared_division if self._time.is_shared else onset.counted.division
        return HeardNote(
            time=time,
            step=self._state.step,
            pitch=pitch,
            symbol=self._listening.vocabulary.symbols[hypothesis.tokens[self._row]],
            sharps=self._signatures[self._row],
            replaces=replaces,
            in_chord=in_chord,
            ends_triplet=division.ends_triplet,
            key_posterior=before.key_posterior,
            costs=hypothesis.costs,
        )

    def _octave_shift(self, pitch: int) -> int:
        """Return the semitones, octaves, that bring a phrase into the vocabulary that begins with a pitch."""
        row = self._state.key_posterior.locked  # where a key was chosen, it is that one alone
        semitones = self.transpositions if row is None else self.transpositions[row : row + 1]
        return octave_shift(pitch, self._listening.vocabulary, semitones)

    def _at_a_tune(self, before: ListenerState) -> ListenerState:
        """Return the state at the beginning of a tune: what was heard is no context of it, only the key stays."""
        listening = self._listening
        lookahead = fresh_lookahead(listening.model, listening.vocabulary, len(self._signatures))
        return replace(before, lookahead=lookahead, onset=None)

    def _lay_grid(self, time: float) -> None:
        """Lay the grid under the last onset, at `time` in seconds; one that swings isn't played where it is written."""
        state = self._state
        bpm = state.follower.bpm if state.follower else None
        self._time.hear_onset(time, (state.onset or 0) + state.division.lag, bpm)
