"""Two voices: which intervals a performer and a second voice make together, and how they move.

What is counted is what species counterpoint asks of two voices (Fux, Gradus ad Parnassum, 1725; Jeppesen,
Counterpoint, 1931): consonance, no perfect intervals in parallel, few unisons, voices that keep near each other, and
contrary motion.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from antiphon_trainer.audition.music.playing import SoundingNote

CLASHES = frozenset({1, 2, 6, 10, 11})
"""Intervals in semitones, less octaves: seconds, sevenths and the tritone."""
PERFECT = frozenset({0, 7})
"""Unison or octave, and the fifth, less octaves."""
TENTH = 16
"""Semitones of a major tenth."""


class Moment(NamedTuple):
    """What sounds together from one note's start or end to the next: seconds, and the two pitches."""

    seconds: float
    player: int
    answer: int


Share = tuple[float, float]
"""What was so, and of how much: seconds, or times."""


def moments(player: Sequence[SoundingNote], answer: Sequence[SoundingNote]) -> Iterator[Moment]:
    """Yield the moments in which both voices sound, in order. In each voice one note sounds at a time."""
    first = second = 0
    while first < len(player) and second < len(answer):
        mine, other = player[first], answer[second]
        start, end = max(mine.on, other.on), min(mine.off, other.off)
        if end > start + _INSTANT:
            yield Moment(end - start, mine.pitch, other.pitch)
        if mine.off <= other.off:
            first += 1
        else:
            second += 1


def figures(player: Sequence[SoundingNote], answer: Sequence[SoundingNote]) -> dict[str, Share]:
    """Return what is counted of two voices, by name."""
    found = list(moments(player, answer))
    whole = sum(each.seconds for each in found)

    def time_of(intervals: frozenset[int]) -> Share:
        return sum(each.seconds for each in found if abs(each.player - each.answer) % 12 in intervals), whole

    pairs = [(before, after) for before, after in itertools.pairwise(found) if _both_move(before, after)]
    parallel = [_is_parallel(before, after) for before, after in pairs]
    rows = [one and two for one, two in itertools.pairwise(parallel)]
    changes = [(one, two) for one, two in itertools.pairwise(found) if one[1:] != two[1:]]
    return {
        "clashes": time_of(CLASHES),
        "major seconds": time_of(frozenset({2})),
        "minor seconds": time_of(frozenset({1})),
        "fourths": time_of(frozenset({5})),
        "unisons": (sum(each.seconds for each in found if each.player == each.answer), whole),
        "farther than a tenth": (sum(each.seconds for each in found if abs(each.player - each.answer) > TENTH), whole),
        "parallels": (sum(parallel), len(pairs)),
        "parallels, three in a row": (sum(rows), len(rows)),
        "contrary motion": (sum(_direction(one, two) < 0 for one, two in pairs), len(pairs)),
        "both move": (len(pairs), len(changes)),
    }


def third_below(player: Sequence[SoundingNote]) -> list[SoundingNote]:
    """Return a diatonic third below a melody in C major or A minor, note for note: a baseline."""
    return [note._replace(pitch=_third_below(note.pitch)) for note in player]


_INSTANT = 1e-6
"""Seconds; what sounds together for less is the rounding of two times."""
_STEP_OF = {0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 5, 10: 5, 11: 6}
"""Pitch class → degree of C major's scale, the one below for those outside."""
_SCALE = (0, 2, 4, 5, 7, 9, 11)


def _third_below(pitch: int) -> int:
    octave, degree = divmod(_STEP_OF[pitch % 12] - 2, 7)
    return pitch // 12 * 12 + octave * 12 + _SCALE[degree]


def _both_move(before: Moment, after: Moment) -> bool:
    return before.player != after.player and before.answer != after.answer


def _direction(before: Moment, after: Moment) -> int:
    """Return 1 where both voices rise or fall, −1 where one rises and the other falls. Both move."""
    return 1 if (after.player > before.player) == (after.answer > before.answer) else -1


def _is_parallel(before: Moment, after: Moment) -> bool:
    """Return whether both voices go the same way from one perfect interval to the same. Both move."""
    one, two = (abs(each.player - each.answer) % 12 for each in (before, after))
    return one == two and one in PERFECT and _direction(before, after) > 0
