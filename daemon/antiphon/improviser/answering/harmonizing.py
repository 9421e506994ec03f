"""Harmonizing: what a note of Antiphon's is to fit: the key as far as it is known, the performer's note, her left hand.

Where harmony doesn't count in the style, only the key does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from antiphon.improviser.answering.chord_tones import Chord, ChordTones, chord_tone, heard_chord
from antiphon.improviser.answering.scale_mask import Classes, ScaleMask, agreed_classes
from antiphon.improviser.answering.styled_model import StyledModel
from antiphon.improviser.answering.two_voices import Counterpart, Pair, SecondVoice, fitted
from antiphon.improviser.answering.weighing import Weigher
from antiphon.improviser.listening.key_posterior import KeyPosterior
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import NoteHypothesis
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Place
from antiphon.melody.vocabulary import Vocabulary


@dataclass(frozen=True)
class Surroundings:
    """What a note is to fit."""

    semitones: int
    """From the model's pitches to those that are played."""
    agreed: Classes | None = None
    """The pitch classes, as played, that the likely keys agree on; None where the key is sure."""
    counterpart: Counterpart | None = None
    """The performer's note that it is heard with; None where there is none, or harmony doesn't count."""
    chord: Chord | None = None
    """What accompanies it; None where nothing does, or harmony doesn't count."""

    def weighers(self, vocabulary: Vocabulary, harmony: float) -> list[Weigher]:
        """Return what weighs a model's pitches so that those are played that fit.

        Args:
            vocabulary: the model's.
            harmony: how much counterpart and chord count, 0…1.
        """
        found: list[Weigher] = []
        if self.agreed is not None:
            found.append(ScaleMask(vocabulary, self.agreed, self.semitones))
        if self.counterpart is not None:
            found.append(SecondVoice(vocabulary, self.counterpart, self.semitones, harmony))
        if self.chord is not None:
            found.append(ChordTones(vocabulary, self.chord, self.semitones, harmony))
        return found


def agreed_by(listener: Listener, posterior: KeyPosterior | None = None) -> Classes | None:
    """Return the pitch classes, as played, that the likely keys agree on; None where the key is sure.

    Args:
        listener: listens in some keys.
        posterior: how likely each of them is; None is what it believes now.
    """
    return agreed_classes((posterior or listener.key_posterior).shown, listener.transpositions)


class Harmonizer:
    """Knows what sounds, or will sound, together with a note, and how the two voices moved.

    Args:
        listener: hears the performer.
        time: the grid.
    """

    def __init__(self, listener: Listener, time: Timekeeper) -> None:
        self._listener = listener
        self._time = time
        self._pair = Pair()

    def melody(self) -> Surroundings:
        """Return what a note is to fit that is planned ahead: nobody knows yet what it will sound with."""
        return Surroundings(self._listener.semitones, agreed_by(self._listener))

    def now(self, harmony: float, at_once: bool) -> Surroundings:
        """Return what the next note to the last one that was heard is to fit.

        Args:
            harmony: how much it counts, 0…1.
            at_once: it sounds together with the note that it answers, and not when the model expects it.
        """
        listener = self._listener
        place = self._time.place(listener.onset or 0)
        if not at_once:  # the note before this one was for the moment that has come
            self._pair = self._pair.met(listener.pitch, self._pair.own)
        counterpart = self._counterpart(harmony, listener.pitch, place, moves=not at_once)
        chord = self._chord(harmony, listener.onset_time) if not at_once or self._is_strong(place) else None
        return Surroundings(listener.semitones, agreed_by(listener), counterpart, chord)

    def after(self, harmony: float, hypothesis: NoteHypothesis) -> Surroundings:
        """Return what the next note is to fit, at once, if a hypothesis of the note to come comes true."""
        place = hypothesis.place
        counterpart = self._counterpart(harmony, hypothesis.pitch, place, moves=False)
        chord = self._chord(harmony, self._listener.onset_time) if self._is_strong(place) else None
        return Surroundings(
            hypothesis.semitones, agreed_by(self._listener, hypothesis.key_posterior), counterpart, chord
        )

    def play(self, own: int, at_once: bool) -> None:
        """Take note of the next note that is played.

        Args:
            own: its pitch in the performer's octave.
            at_once: it sounds together with the last note that was heard, not with the one to come.
        """
        self._pair = self._pair.met(self._listener.pitch, own) if at_once else replace(self._pair, own=own)

    def fit(self, styled: StyledModel, time: float, planned: int, is_on_beat: bool) -> int:
        """Return the pitch that a planned one is played as now: one near it that fits to the performer's note, if she
        holds one, or, on a beat, to her left hand.

        Args:
            styled: the model that plays, and its style.
            time: now, in seconds.
            planned: the pitch.
            is_on_beat: the note starts on a beat.
        """
        listener, harmony = self._listener, styled.style.harmony
        place = self._time.place(listener.onset or 0)
        counterpart = self._counterpart(harmony, listener.pitch, place, moves=False)
        if counterpart is None or listener.onset is None:
            return planned
        scale = styled.scale(listener.semitones)
        if listener.release is not None:
            chord = self._chord(harmony, time) if is_on_beat else None
            return planned if chord is None else chord_tone(planned, scale, chord, harmony)
        pitch = fitted(planned, scale, counterpart, harmony)
        self._pair = self._pair.met(listener.pitch, pitch)
        return pitch

    def _chord(self, harmony: float, time: float) -> Chord | None:
        """Return what accompanies a note that starts at `time`, in seconds; None where that doesn't count."""
        return heard_chord(self._listener.harmony, time, self._listener.accompaniment) if harmony else None

    def _counterpart(self, harmony: float, pitch: int, place: Place | None, moves: bool) -> Counterpart | None:
        """Return what a note sounds with: a pitch of the performer's whose note stands at `place`; None where that
        doesn't count."""
        if not harmony:
            return None
        return Counterpart(pitch, self._pair, self._is_strong(place), moves, self._listener.accompaniment)

    def _is_strong(self, place: Place | None) -> bool:
        """Return whether a note stands on a beat; where nobody knows the beat, each may."""
        return place is None or place.position % self._time.beat == 0
