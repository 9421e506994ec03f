"""Preferences: what listeners preferred, as shares with intervals and as one strength for each kind of melody."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import numpy as np

from antiphon.errors import UserError
from antiphon.files import read_file
from antiphon_trainer.audition.listeners.page import ORIGINS, Origins

ANSWERS_BYTES = 1 << 20
"""Bytes of a listener's answers, and of the origins; a hundred excerpts have 10 kB."""
NORMAL_95 = 1.96
"""Standard deviations, of which 95 % of a normal distribution lie within."""
DRAWS, ROUNDS = 1000, 200
"""Bootstrap samples of the listeners; steps of the iteration for the strengths, which has settled long before."""
PRIOR = 0.5
"""Wins of each against each that nobody gave, so that who has lost always has a strength, too."""


T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True):
    """What a listener preferred of an excerpt."""

    excerpt: int
    preferred: Literal["a", "b", "same"]
    known: bool = False
    """The listener knew the tune, so that it doesn't count."""


class Answers(msgspec.Struct, frozen=True):
    """What a listener saved."""

    page: str
    listener: str
    experience: str
    """Years of playing or singing, at least: 0, 1, 3 or 10."""
    answers: tuple[Answer, ...]


class Preferred(msgspec.Struct, frozen=True):
    """How often one kind of melody was preferred to another; where no difference was heard, each has a half."""

    first: str
    second: str
    wins: float
    count: int

    @property
    def share(self) -> float:
        """Of the answers, 0…1."""
        return self.wins / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927)."""
        squared, share, count = NORMAL_95**2, self.share, self.count
        middle = (share + squared / (2 * count)) / (1 + squared / count)
        half = NORMAL_95 / (1 + squared / count) * math.sqrt(share * (1 - share) / count + squared / (4 * count**2))
        return middle - half, middle + half


def read_answers(folder: Path) -> tuple[Origins, list[Answers]]:
    """Read the origins of a page, and all answers to it that lie beside it; those of other pages are passed over.

    Raises:
        UserError: there are no origins or no answers, or a file can't be read.
    """
    origins = _read(folder / ORIGINS, Origins)
    found = {}
    for path in sorted(folder.glob("*.json")):
        if path.name != ORIGINS:
            answers = _read(path, Answers)
            if answers.page == origins.page:
                found[answers.listener] = answers  # who saved twice counts once
    if not found:
        raise UserError(f"{folder}: there are no answers to its page; put the files that listeners saved into it")
    return origins, list(found.values())


def _read(path: Path, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(read_file(path, ANSWERS_BYTES), type=type_)
    except (msgspec.DecodeError, OSError) as error:
        raise UserError(f"{path}: can't be read as {type_.__name__.lower()} ({error})") from None


def preferences(origins: Origins, listeners: Sequence[Answers]) -> list[Preferred]:
    """Return how often each kind was preferred to each other one, for all pairs that somebody compared."""
    won = _won(origins, listeners)
    pairs = combinations(_kinds(origins), 2)
    counts = ((a, b, won.get((a, b), 0.0), won.get((b, a), 0.0)) for a, b in pairs)
    return [Preferred(a, b, wins, round(wins + lost)) for a, b, wins, lost in counts if wins + lost]


def strengths(origins: Origins, listeners: Sequence[Answers], seed: int = 1) -> dict[str, tuple[float, float, float]]:
    """Return each kind's strength, as its chance against one of mean strength, and its 95 % interval.

    The mean is that of the kinds that it was compared with, directly or by way of others.

    The model is that of R. A. Bradley and M. E. Terry (Biometrika 39, 1952), fitted by D. R. Hunter's iteration (Ann.
    Stat. 32, 2004). The interval is a bootstrap's, over listeners: what one person says again and again is one opinion.
    """
    found: dict[str, tuple[float, float, float]] = {}
    for kinds in _compared_kinds(origins):
        found |= _strengths(kinds, origins, listeners, seed)
    return found


def _strengths(
    kinds: Sequence[str], origins: Origins, listeners: Sequence[Answers], seed: int
) -> dict[str, tuple[float, float, float]]:
    generator = np.random.default_rng(seed)
    fitted = _fitted(kinds, _won(origins, listeners))
    drawn = []
    for _ in range(DRAWS):
        again = [listeners[number] for number in generator.integers(len(listeners), size=len(listeners))]
        drawn.append(_fitted(kinds, _won(origins, again)))
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    values = zip(fitted.tolist(), low.tolist(), high.tolist(), strict=True)
    return dict(zip(kinds, values, strict=True))


def _compared_kinds(origins: Origins) -> list[list[str]]:
    """Return the kinds in groups of which no two were compared, so that their strengths can't be either."""
    groups: list[set[str]] = []
    for each in origins.origins:
        touching = [group for group in groups if each.a in group or each.b in group]
        groups = [group for group in groups if group not in touching] + [{each.a, each.b}.union(*touching)]
    return sorted(sorted(group) for group in groups)


def _kinds(origins: Origins) -> list[str]:
    return sorted({kind for each in origins.origins for kind in (each.a, each.b)})


def _won(origins: Origins, listeners: Sequence[Answers]) -> dict[tuple[str, str], float]:
    """Return how often one kind (first) was preferred to another (second)."""
    won: dict[tuple[str, str], float] = {}
    for a, b, share in _judged(origins, listeners):
        won[a, b] = won.get((a, b), 0.0) + share
        won[b, a] = won.get((b, a), 0.0) + 1 - share
    return won


def _judged(origins: Origins, listeners: Sequence[Answers]) -> Iterator[tuple[str, str, float]]:
    """Yield the two kinds of each comparison, and 1 if the first was preferred, 0 if the second was, else a half."""
    for listener in listeners:
        for answer in listener.answers:
            if not answer.known and 0 <= answer.excerpt < len(origins.origins):
                origin = origins.origins[answer.excerpt]
                yield origin.a, origin.b, {"a": 1.0, "b": 0.0, "same": 0.5}[answer.preferred]


def _fitted(kinds: Sequence[str], won: dict[tuple[str, str], float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return each kind's chance against one of (geometric) mean strength, (kind,)."""
    wins = np.array([[won.get((a, b), 0.0) + PRIOR * (a != b) for b in kinds] for a in kinds])
    games, strength = wins + wins.T, np.ones(len(kinds))
    for _ in range(ROUNDS):
        strength = wins.sum(1) / (games / (strength[:, None] + strength)).sum(1)
        strength /= np.exp(np.log(strength).mean())
    return np.asarray(strength / (1 + strength), np.float64)
