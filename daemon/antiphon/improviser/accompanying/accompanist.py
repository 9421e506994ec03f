"""The accompanist: plays a chord, a bass note or both at the beginning of each half bar, under the performer's melody.

What is played is chosen ahead: from what was heard of the half bars before (`chords.py`), from what came next where
the passage was played before (`passages.py`), or what the model expects next, and from the performer's left hand; a
note of hers that comes with the beat, or before it, takes the place of what was expected. It leaves on the beat, never
later: a half bar whose beginning has passed is left out.

It waits until key and beat are believed, and stops where the performer pauses.
"""

from __future__ import annotations

import math

import numpy as np

from antiphon.improviser.accompanying.barlines import Barlines
from antiphon.improviser.accompanying.chords import PERIOD, Chord, HalfBarAhead, Weights, first_belief
from antiphon.improviser.accompanying.passages import HalfBar, Passages, evidence, half_bar
from antiphon.improviser.accompanying.voicing import Voicing, voiced
from antiphon.improviser.answering.chord_tones import heard_chord
from antiphon.improviser.answering.replies import Replies
from antiphon.improviser.events import ROUNDING_SECONDS, Timed
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import Models
from antiphon.improviser.output.playing import Playing
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.midi.messages import NoteOn

KEY_BELIEVED, BEAT_BELIEVED, DOUBTED = 0.9, 0.6, 0.4
"""Probability of the key, and of a beat and of the half bar at their place, from which it plays; and that of any of
them below which it plays no longer."""
PAUSE = 2
"""Beats of silence after which the performer has stopped playing."""
STUCK = 16
"""Beats after which a key that is held is stuck: nobody plays on."""
AHEAD = 1
"""Steps before a half bar in which it is looked at what will be played: where nobody shares the grid, that takes some
steps of the model."""
LATEST = 5e-3
"""Seconds by which a half bar may have begun already, where its beat has been moved a little: less than the 6 ms of a
tone's displacement that are noticed (Friberg and Sundberg, Journal of the Acoustical Society of America 98, 1995)."""
DETACHED = 0.25
"""Steps by which a chord ends before the next."""
SOFTER, MID_BAR = 0.75, 0.9
"""Share of the loudness of the performer's last note, and of that in the middle of a bar."""
AGO = {0: 8, 1: 8, 4: 4, 5: 4}
"""Bar of a period → how many bars ago the same may have been played: a period is played twice, and its second phrase
begins like its first."""
FIRST_HEARD, EXPECTED, FROM_BEFORE, GUESSED, LEFT_HAND = 1.2, 1.0, 1.0, 0.55, 3.0
"""How much counts for the harmony of the half bar to come, in notes: its first note where that was heard, otherwise
what the model expects; a passage that was played before, as if it were heard, or that may return; each pitch class
that the left hand holds."""
REGISTER_BARS = 2
"""Bars of the melody below whose lowest note the accompaniment lies."""
LEAST_ROOM = 3
"""Semitones from there to the accompaniment's highest note, at least."""


class Accompanist:
    """Accompanies a performer. Times are in seconds.

    Args:
        models: what listens and what plays.
        channel: of the accompaniment, 1…16.
        listener: hears the performer.
        time: the grid.
        replies: knows the style.
        playing: makes it sound.
    """

    def __init__(
        self,
        models: Models,
        channel: int,
        listener: Listener,
        time: Timekeeper,
        replies: Replies,
        playing: Playing,
    ) -> None:
        self._channel = channel
        self._listener = listener
        self._time = time
        self._replies = replies
        self._playing = playing
        self.half = time.bar // 2 if time.bar % (2 * time.beat) == 0 else time.bar
        """Steps from one chord to the next: half a bar where that is whole beats, otherwise a bar."""
        self._barlines = Barlines(models, listener, time, self.half)
        self._next: int | None = None
        """The step at which the next half bar begins; None where the performer doesn't play."""
        self._is_ready = False
        """It was looked at what will be played then."""
        self._barline = 0
        """A step at which a bar begins."""
        self._is_believed = False
        self._belief = first_belief()
        self._passages = Passages()
        self._began = 0
        """The step of the performer's first note since she plays."""
        self._voicing: Voicing | None = None
        """Of the last chord."""

    def change_models(self, models: Models) -> None:
        """Ask another model from now on."""
        self._barlines.change_models(models)

    def attend(self, time: float) -> None:
        """Take note that the performer plays: the next half bar will be accompanied, as soon as one is believed."""
        if self._next is None:
            self._set_out(time)
            self._belief, self._voicing, self._is_believed = first_belief(), None, False
            self._passages.begin()
            self._began = self._listener.onset or 0

    def stop(self) -> None:
        """Wait until the performer plays again: she has paused, or the grid has jumped."""
        self._next = None

    def next_time(self) -> float | None:
        """Return when `come` is to be asked; None while the performer doesn't play."""
        if self._next is None:
            return None
        tempo = self._time.tempo
        # A note that the performer plays at the very moment is heard before it.
        begins = tempo.time_of(self._next) + ROUNDING_SECONDS
        due = begins if self._is_ready else begins - AHEAD * tempo.step_seconds
        return min(due, self._pause())

    def come(self, time: float) -> bool | None:
        """Do what is due at `time`. Returns whether a half bar begins (True), or the performer has paused (False)."""
        step, tempo = self._next, self._time.tempo
        assert step is not None  # noqa: S101  who asks has seen next_time
        if self._pause() <= time:
            return False
        if not self._is_ready:
            self._look(time, step)
            return None
        if time - ROUNDING_SECONDS > tempo.time_of(step) + LATEST:
            self._set_out(time)
            self._next = max(self._next or 0, step + self.half)
            return None
        return True

    def play(self, time: float, velocity: int) -> list[Timed]:
        """Accompany the half bar that begins now, unless too little is believed.

        Args:
            time: now.
            velocity: of the performer's last note, 1…127.
        """
        step = self._next or 0
        at_barline = (step - self._barline) % self._time.bar == 0
        chord = self._choose(time, step, at_barline)
        self._next, self._is_ready = step + self.half, False
        if not self._is_believed:
            return []
        voicing = self._voiced(chord)
        self._voicing = voicing or self._voicing
        if voicing is None:
            return []
        louder = min(127, max(1, round(velocity * SOFTER * (1 if at_barline else MID_BAR))))
        end = self._time.tempo.time_of(step + self.half - DETACHED)
        self._listener.own_until = end
        notes = [NoteOn(pitch, louder, self._channel) for pitch in voicing.pitches]
        return self._playing.play_together(time, notes, end)

    def prepare(self) -> bool:
        """Do a little of what a chord will need, a step of the model. Returns whether there is more to do."""
        expected = self._listener.next_note_distribution() if self._next is not None else None
        return expected is not None and expected.prepare()

    def _set_out(self, time: float) -> None:
        """Let the next half bar be the first that begins at `time` or later."""
        barline = 0 if self._time.is_shared else self._barline
        self._next, self._is_ready = self._time.next_step(time, self.half, barline % self.half), False

    def _look(self, time: float, step: int) -> None:
        """Look, a little before a half bar, where it begins and whether it will be accompanied."""
        barline = self._barlines.find()
        self._barline = barline.step
        if (step - barline.step) % self.half:
            self._set_out(time)
            return
        listener = self._listener
        key, beat = max(listener.posterior), min(barline.certainty, listener.grid.beat_certainty(time))
        if self._is_believed:
            self._is_believed = min(key, beat) >= DOUBTED
        else:
            self._is_believed = key >= KEY_BELIEVED and beat >= BEAT_BELIEVED
        self._is_ready = True

    def _pause(self) -> float:
        """Return when the performer will have paused, if nothing more is played."""
        listener, tempo = self._listener, self._time.tempo
        if listener.release is None:
            return tempo.time_of((listener.onset or 0) + STUCK * self._time.beat)
        end = max(tempo.time_of(listener.release), listener.harmony.time)
        return end + PAUSE * self._time.beat * tempo.step_seconds

    def _choose(self, time: float, step: int, at_barline: bool) -> Chord:
        """Return the chord of the half bar that begins at a step; what was heard of the one before is learned."""
        listener, half = self._listener, self.half
        line, last = listener.line, listener.onset or 0
        ended = math.inf if listener.release is None else listener.release
        before = half_bar(line, last, ended, step - half, half)
        self._passages.add(before)
        self._belief = self._belief.hearing(evidence(before, half)).following(at_barline).at_place(self._place(step))
        now = half_bar(line, last, ended, step, 1) if last >= step else ()
        expected = self._ahead(step, now)
        belief = self._belief.hearing(expected[0].evidence + self._left_hand(time))
        return belief.before(expected[1:]).best

    def _place(self, step: int) -> int | None:
        """Return where in its period a half bar is, in half bars of two a bar; None in an upbeat to the first.

        The first period begins at the barline that is nearest to the performer's first note.
        """
        bar = self._time.bar
        first = self._barline + math.floor((self._began - self._barline) / bar + 0.5) * bar
        return None if step < first else (step - first) * 2 // bar % PERIOD

    def _ahead(self, step: int, heard: HalfBar) -> list[HalfBarAhead]:
        """Return what is known of the half bar that begins at a step, and of those behind it.

        Args:
            step: of the beginning.
            heard: its first note, or nothing.
        """
        place = self._place(step)
        ago = AGO.get(place // 2) if place is not None else None
        found = self._passages.expected(None if ago is None else ago * self._time.bar // self.half)
        if found is not None and heard and _first(found.coming[0]) != heard[0].pitch_class:
            found = None
        if found is None:
            return [self._half_bar_ahead(step, self._next_note(heard))]
        weight = FROM_BEFORE if found.is_sure else GUESSED
        return [
            self._half_bar_ahead(step + index * self.half, weight * evidence(notes, self.half))
            for index, notes in enumerate(found.coming)
        ]

    def _half_bar_ahead(self, step: int, counts: Weights) -> HalfBarAhead:
        return HalfBarAhead(counts, (step - self._barline) % self._time.bar == 0, self._place(step))

    def _next_note(self, heard: HalfBar) -> Weights:
        """Return how much each pitch class counts as the first of a half bar, (12,): the one that was heard, or those
        that the model expects."""
        if heard:
            return np.asarray(FIRST_HEARD * np.eye(12)[heard[0].pitch_class], np.float64)
        distribution = self._listener.next_note_distribution()
        if distribution is None:
            return np.zeros(12)
        played = (np.arange(128) - self._listener.semitones) % 12
        return np.asarray(EXPECTED * np.bincount(played, distribution.probabilities(), 12), np.float64)

    def _left_hand(self, time: float) -> Weights:
        """Return how much each pitch class counts that the left hand holds, or else has sounded lately, (12,)."""
        held = self._listener.accompaniment
        if held:
            chord = np.isin(np.arange(12), np.array(held) % 12).astype(np.float64)
        else:
            chord = np.array(heard_chord(self._listener.harmony, time) or np.zeros(12), np.float64)
        return LEFT_HAND * np.roll(chord, -self._listener.semitones)

    def _voiced(self, chord: Chord) -> Voicing | None:
        """Return the notes of a chord, as played; None where there is no room for them."""
        listener, style = self._listener, self._replies.style
        melody = [pitch for pitch in listener.line[-REGISTER_BARS * self._time.bar :] if pitch >= 0]
        below = min(melody, default=128) + listener.semitones - LEAST_ROOM
        low, high = sorted((style.constraints.lowest, style.constraints.highest))
        classes = tuple((each + listener.semitones) % 12 for each in chord.classes)
        has_bass, has_chord = style.accompaniment != "chords", style.accompaniment != "bass"
        return voiced(classes, self._voicing, has_bass, has_chord, (low, min(high, below)))


def _first(notes: HalfBar) -> int | None:
    """Return the pitch class that a half bar begins with; None where that is silence."""
    return notes[0].pitch_class if notes and notes[0].offset == 0 else None
