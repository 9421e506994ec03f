"""The motifs of an audition: how related answers are to their calls, beside how songs go on after their first bars.

The calls are those of `answers`: the first two bars of songs. Of what follows, the share of its trigrams that the call
has too is counted: three intervals in a row, and three inter-onset times in a row
(`antiphon.improviser.answering.motifs`). A folk song varies and repeats its first phrase; answers should be about as
related to what they answer, neither strangers to it nor copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from antiphon.improviser.answering.candidates import CANDIDATES
from antiphon.improviser.answering.motifs import motifs_of
from antiphon.melody.bundle import Bundle
from antiphon.melody.grid import Note
from antiphon.melody.model import LiteModel
from antiphon_trainer.audition.answers import answered
from antiphon_trainer.audition.calls import Question, question, refusal
from antiphon_trainer.audition.plain_sampling import plain_phrases
from antiphon_trainer.corpus.songs import Song

WITHIN = 0.15
"""Share of the songs' own relatedness by which that of the answers may differ."""


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """How related melodies are to their calls. Shares are means over the melodies that are long enough to have any."""

    intervals: float
    rhythm: float
    copies: float
    """Melodies that only repeat their call."""


class Motifs(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the songs themselves, of a bundle's answers, and of plain sampling."""

    calls: int
    """Songs that go on for as long as their call."""
    songs: Shares
    answers: Shares
    plain: Shares

    def lines(self) -> list[str]:
        """Return the figures as text, a line for each."""
        rows = (("the songs go on", self.songs), ("answers", self.answers), ("plain sampling", self.plain))
        return [
            f"motifs: share of what follows {self.calls} calls that is of the call (answers within {WITHIN:.0%} of the "
            "songs)",
            f"  {'':<18}{'intervals':>11}{'rhythm':>9}{'copies':>9}",
            *(f"  {name:<18}{row.intervals:>11.3f}{row.rhythm:>9.3f}{row.copies:>9.1%}" for name, row in rows),
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        figures: dict[str, Any] = msgspec.to_builtins(self)
        return figures


def measure(bundle: Bundle, songs: Sequence[Song], seed: int) -> Motifs:
    """Measure how related a bundle's answers are to their calls.

    Args:
        bundle: a `stream` bundle.
        songs: those that give no call, or are over before as much has followed, are skipped.
        seed: of the draws.
    """
    model, vocabulary = LiteModel(bundle, (1, CANDIDATES)), bundle.vocabulary
    asked = [question(model, vocabulary, song) for song in songs if not refusal(song)]
    asked = [each for each in asked if each.goes_on is not None]
    generator = np.random.default_rng(seed)
    answers, _ = answered(model, vocabulary, asked, generator, temperature=1.0)
    plain, _ = plain_phrases(model, vocabulary, asked, generator, 1.0, CANDIDATES)
    return Motifs(
        calls=len(asked),
        songs=_shares(asked, [each.goes_on.notes for each in asked if each.goes_on is not None]),
        answers=_shares(asked, [answer.notes for answer in answers]),
        plain=_shares(asked, [phrase.notes for phrase in plain]),
    )


def _shares(asked: Sequence[Question], melodies: Sequence[Sequence[Note]]) -> Shares:
    found = [
        motifs_of(notes).related_to(motifs_of(each.call.notes)) for each, notes in zip(asked, melodies, strict=True)
    ]
    return Shares(
        intervals=_mean([each.intervals for each in found if each.intervals is not None]),
        rhythm=_mean([each.rhythm for each in found if each.rhythm is not None]),
        copies=_mean([each.copies(notes) for each, notes in zip(asked, melodies, strict=True)]),
    )


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 6) if values else 0.0
