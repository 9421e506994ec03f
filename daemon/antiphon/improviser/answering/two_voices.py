"""Two voices: which pitch fits as a second voice to the performer's, as weights on the model's distribution.

The rules are those of species counterpoint in two voices (J. J. Fux, Gradus ad Parnassum, 1725; K. Jeppesen,
Counterpoint, 1931, English 1939, chapters on the first to third species), as weights and not as prohibitions, so that
something is always left to play:

 - consonance: thirds, sixths and tenths before fifths and octaves, these before the fourth, which is a dissonance where
   no third voice is below it; the unison seldom, for it is no second voice;
 - a dissonance only in passing: on a weak step, reached and left by step;
 - no unisons, fifths or octaves in parallel, and few that both voices reach in the same direction;
 - contrary motion before similar, steps before leaps, and voices that lie within a tenth of each other.

How the model divides its belief between pitches is weighed; when a note starts and how long it lasts stay the model's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.improviser.answering.constraints import WHITE_KEYS
from antiphon.improviser.answering.weighing import Ints, Weights, best_near, shared_anew
from antiphon.melody.model import Floats
from antiphon.melody.vocabulary import LAST_MIDI_NOTE, Vocabulary

TENTH = 16
"""Semitones of a major tenth, by which the voices may lie apart."""
CLASHES = frozenset({1, 2, 6, 10, 11})
"""Intervals in semitones, less octaves, that are dissonant: seconds, the tritone, sevenths."""
BY_INTERVAL = (0.3, 0.003, 0.003, 1.0, 1.0, 0.05, 0.003, 0.5, 0.9, 0.9, 0.003, 0.003)
"""Weight of each interval in semitones, less octaves; an octave counts as its first entry, a unison as `UNISON`."""
UNISON = 0.1
OFTEN = 0.15
"""Share of unisons lately, above which another one counts `RARELY`."""
RARELY = 0.1
TOO_FAR = 0.01
"""Where the voices lie farther apart than a tenth."""
PARALLEL, DIRECT = 0.005, 0.5
"""A perfect interval that follows the same one in parallel, and one that is reached in the same direction."""
CONTRARY = 1.5
"""Where one voice rises and the other falls."""
PASSING = 0.06
"""A dissonance on a weak step that is reached by step; and any leap from a dissonance."""
BY_LEAP = (0.7, 1.0, 1.0, 0.9, 0.9, 0.7, 0.4, 0.7, 0.4, 0.4, 0.15, 0.15, 0.5)
"""Weight of the second voice's own interval from its last note, in semitones up to an octave."""
BEYOND_AN_OCTAVE = 0.1
SHARP = 0.2
"""A minor second or a major seventh, less octaves, with a note that accompanies the performer's melody."""
STAYS = 0.3
"""Share, where the second voice may move together with the performer, of her last note in what it is weighed against;
the rest is the model's distribution of her next note."""
MOVING = 2.0
"""What that is raised to the power of: a mean over all that she may play says less than the note that she plays."""
DOUBT, FLAT = 0.2, 0.35
"""Share of the model's belief between pitches of the key that is raised to this power first. Where it has heard a tune
before, it gives nearly everything to the one note that comes next, which is seldom one that fits now."""
UNISONS_REMEMBERED = 0.1
"""By how much the last moment counts in the share of unisons lately."""
NEAR, NEARNESS = 5, 0.7
"""Semitones by which a planned note may be moved to fit, and what is left of a pitch's weight for each."""

_PERFECT = (0, 7)
_STEP = 2
"""Semitones; at most so many are a step of the scale."""


def _table(weights: tuple[float, ...], beyond: tuple[float, ...]) -> Weights:
    """Return weights for 0 to 127 semitones, which go on with `beyond` for ever."""
    rest = [beyond[each % len(beyond)] for each in range(len(weights), LAST_MIDI_NOTE * 3)]
    return np.array([*weights, *rest], np.float64)


_CONSONANCE = _table((UNISON, *BY_INTERVAL[1:]), BY_INTERVAL)
_CONSONANCE[TENTH + 1 :] *= TOO_FAR
_LEAPS = _table(BY_LEAP, (BEYOND_AN_OCTAVE,))
_CLASHING = np.isin(np.arange(len(_CONSONANCE)) % 12, list(CLASHES))
_PERFECT_OF = np.isin(np.arange(len(_CONSONANCE)) % 12, _PERFECT)


@dataclass(frozen=True)
class Pair:
    """How two voices moved lately."""

    hers: int | None = None
    """The performer's last pitch that sounded together with one of the second voice; None before the first."""
    own: int = 0
    """That pitch of the second voice, in the performer's octave."""
    unisons: float = 0.0
    """Share of the last moments together that were unisons."""

    def met(self, hers: int, own: int) -> Pair:
        """Return the pair after two pitches sounded together."""
        return Pair(hers, own, self.unisons + UNISONS_REMEMBERED * ((hers == own) - self.unisons))


@dataclass(frozen=True)
class Counterpart:
    """What a second voice is drawn against."""

    pitch: int
    """The performer's, as played."""
    pair: Pair
    is_strong: bool = True
    """Her note starts on a beat, or nobody knows where the beats are."""
    moves: bool = False
    """The second voice's note is for a later moment, at which she may have moved on."""
    beside: tuple[int, ...] = ()
    """Pitches that accompany her melody and are held."""


def clash(one: int, other: int) -> bool:
    """Return whether two pitches are dissonant together."""
    return abs(one - other) % 12 in CLASHES


def weights(own: Ints, hers: Ints, counterpart: Counterpart) -> Weights:
    """Return how well pitches of a second voice fit to pitches of the performer, (hers, own), each above 0.

    Args:
        own: pitches to choose from, in the performer's octave, (own,).
        hers: what she plays, or may play, at the same moment, (hers,).
        counterpart: how the voices moved up to then; its own pitch isn't looked at.
    """
    pair = counterpart.pair
    apart = np.abs(own - hers[:, None])
    found: Weights = _CONSONANCE[apart]
    if pair.unisons > OFTEN:
        found = np.where(apart == 0, found * RARELY, found)
    for pitch in counterpart.beside:
        found = found * np.where(np.isin(np.abs(own - pitch) % 12, (1, 11)), SHARP, 1.0)
    if pair.hers is None:
        return found
    leap = np.abs(own - pair.own)
    found = found * _LEAPS[leap]
    if not counterpart.is_strong:
        found = np.where(_CLASHING[apart] & (leap > 0) & (leap <= _STEP), PASSING, found)
    if clash(pair.hers, pair.own):
        found = found * np.where(leap <= _STEP, 1.0, PASSING)
    directions = np.sign(own - pair.own) * np.sign(hers - pair.hers)[:, None]
    before = abs(pair.hers - pair.own)
    if before % 12 in _PERFECT:
        found = np.where((directions > 0) & (apart % 12 == before % 12), found * PARALLEL, found)
    found = np.where((directions > 0) & _PERFECT_OF[apart], found * DIRECT, found)
    return np.where(directions < 0, found * CONTRARY, found)


class SecondVoice:
    """Weighs the model's distributions of a note that is to sound beside the performer's.

    Args:
        vocabulary: of the distributions.
        counterpart: what it sounds beside.
        semitones: from the model's pitches to the performer's, without the second voice's own octave.
        harmony: how much the weights count, 0…1; they are raised to its power.
    """

    def __init__(self, vocabulary: Vocabulary, counterpart: Counterpart, semitones: int, harmony: float) -> None:
        self._tokens = vocabulary.pitch_tokens
        self._harmony = harmony
        self._in_scale = np.isin(vocabulary.pitch_numbers % 12, WHITE_KEYS)
        own = vocabulary.pitch_numbers + semitones
        self._still = weights(own, np.array([counterpart.pitch], np.intp), counterpart)[0]
        self._moving = np.log(weights(own, own, counterpart)) if counterpart.moves else None
        """Of what she may play, (hers, own); weights multiply, so their logarithms have a mean."""

    def weighed(self, probabilities: Floats) -> Floats:
        """Return a distribution over tokens, (V,), in which pitches that fit have gained from those that don't.

        All pitches together keep their share, and so do hold, rest and end.
        """
        pitches = probabilities[self._tokens].astype(np.float64)
        whole = pitches.sum()
        if whole <= 0:
            return probabilities
        fit = self._still
        if self._moving is not None:
            expected = (1 - STAYS) / whole * (pitches @ self._moving)
            fit = np.exp(MOVING * (STAYS * np.log(fit) + expected))
        flat = pitches**FLAT * self._in_scale
        doubt = DOUBT * self._harmony if flat.sum() > 0 else 0.0
        unsure = (1 - doubt) * pitches + doubt * whole * flat / max(flat.sum(), np.finfo(np.float64).tiny)
        return shared_anew(probabilities, self._tokens, unsure * fit**self._harmony)


def fitted(pitch: int, candidates: Ints, counterpart: Counterpart, harmony: float) -> int:
    """Return the pitch that a planned one is played as where the performer's note sounds: itself, or one near it.

    Args:
        pitch: as planned.
        candidates: what may be played in its place, (own,).
        counterpart: what it is to sound beside.
        harmony: how much that counts, 0…1.
    """
    near = candidates[np.abs(candidates - pitch) <= NEAR]
    fit = weights(near, np.array([counterpart.pitch], np.intp), counterpart)[0]
    return best_near(pitch, near, fit**harmony, NEARNESS)
