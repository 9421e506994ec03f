"""Ranking: among many sampled answers, and the places where each may end, the one that ends best is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from antiphon.improviser.answering.constraints import Booleans
from antiphon.improviser.answering.motifs import Relatedness, motifs_of
from antiphon.improviser.answering.request import Request, copies
from antiphon.melody.grid import STEPS_PER_BEAT, Note, read
from antiphon.melody.model import Floats, Tokens
from antiphon.melody.reasons import ChosenAnswer
from antiphon.melody.vocabulary import Vocabulary

MAJOR_TRIAD = (0, 4, 7)
"""The tonic triads as pitch classes, the tonic first: C major's …"""
MINOR_TRIAD = (9, 0, 4)
"""… and A minor's."""
_A, _G = 9, 7


@dataclass(frozen=True)
class Answer:
    """A chosen answer."""

    notes: tuple[Note, ...]
    """In the model's key."""
    semitones: int
    """From its pitches to those that are played: the request's, and octaves where the range asked for them."""
    bits: float
    """Mean a step, −log2 of what the model gave each symbol, with no constraint and no temperature."""
    median_bits: float
    """The same of the candidates' median, over as many steps."""
    candidates: int
    """From how many it was chosen, of all turns."""
    own: bool
    """The model itself ended the last note there: it isn't cut off, and is no rest."""
    closes: bool
    """It is its own, and the last note is of the tonic triad, starts on a beat and lasts at least a quarter note."""
    on_tonic: bool
    """The last note is the tonic."""
    related: Relatedness
    """How much of it is of the call."""

    @property
    def reason(self) -> ChosenAnswer:
        """Why it was chosen."""
        ending: Literal["tonic", "triad"] = "tonic" if self.on_tonic else "triad"
        return ChosenAnswer(
            rhythm=self.related.rhythm or 0.0,
            turns=self.related.intervals or 0.0,
            ending=ending if self.closes else "open",
            candidates=self.candidates,
        )


@dataclass(frozen=True, eq=False)
class Endings:
    """All candidates, ended at one place."""

    place: int
    """In steps from the answer's first."""
    own: Booleans
    """Where the model itself ended the last note here, (row,)."""
    closes: Booleans
    """Where that note also is of the tonic triad, starts on a beat and lasts at least a quarter note, (row,)."""
    on_tonic: Booleans
    """Where the last note is the tonic, (row,)."""
    bits: Floats
    """Mean bits a step of each candidate, (row,)."""
    median_bits: float
    """Of those that end no song before."""
    merits: npt.NDArray[np.float64]
    """What they are ranked by, the most important first, the greater the better, (merit, row)."""

    @property
    def content(self) -> bool:
        """Whether some candidate closes here and is no less likely than the median."""
        return bool((self.closes & (self.bits <= self.median_bits)).any())


def endings(request: Request, vocabulary: Vocabulary, tokens: Tokens, bits: Floats) -> list[Endings]:
    """Return what the candidates are worth at each place where an answer may end.

    Args:
        request: what is wanted.
        vocabulary: of the tokens.
        tokens: (step, row), a step more than the longest answer.
        bits: −log2 of the probabilities of the tokens, (step, row).
    """
    triad = request.triad or triad_of(vocabulary, tokens)
    return [_ended(request, vocabulary, tokens, bits, place, triad) for place in request.places]


def chosen(request: Request, vocabulary: Vocabulary, tokens: Tokens, found: Sequence[Endings]) -> Answer:
    """Choose among candidates and the places where they may end.

    The rule, each point outweighing all that follow: the model ended a note there, and no song before; it closes
    (`Answer.closes`); it needs no more bits a step than the candidates' median; it is as long as the call; its last
    note is the tonic; that note starts on a barline, or in the middle of a bar. Of those that are alike in all this the
    one that shares most turns of three intervals with the call is taken, and of those that are alike in this too the
    first, which makes it a draw from the model, given that it ends well; the likeliest would be the dullest. One that
    copies the call is passed over.
    """
    rows = tokens.shape[1]

    def notes_of(pair: int) -> tuple[Note, ...]:
        index, row = divmod(pair, rows)
        return tuple(read(vocabulary.symbols[token] for token in tokens[: found[index].place, row]))

    merits = np.concatenate([each.merits for each in found], axis=1)
    order = [int(pair) for pair in np.lexsort(-merits[::-1])]
    alike = int((merits[:, order] == merits[:, order[:1]]).all(axis=0).sum())  # they stand first
    call = motifs_of(request.call.notes)
    related = {pair: motifs_of(notes_of(pair)).related_to(call).intervals or 0.0 for pair in order[:alike]}
    order[:alike] = sorted(related, key=lambda pair: -related[pair])
    for pair in (*order, order[0]):  # the best after all, if every one is a copy
        notes = notes_of(pair)
        if not copies(notes, request.call, request.bars.length):
            break
    index, row = divmod(pair, rows)
    ended = found[index]
    return Answer(
        notes=notes,
        semitones=request.semitones + request.constraints.octaves(vocabulary, request.semitones),
        bits=float(ended.bits[row]),
        median_bits=ended.median_bits,
        candidates=rows,
        own=bool(ended.own[row]),
        closes=bool(ended.closes[row]),
        on_tonic=bool(ended.on_tonic[row]),
        related=motifs_of(notes).related_to(call),
    )


def triad_of(vocabulary: Vocabulary, tokens: Tokens) -> tuple[int, ...]:
    """Return the tonic triad of the mode that the candidates lean to, as pitch classes, the tonic first.

    Nobody says whether the performer is in C major or in A minor. The model knows, from all that was heard: where its
    candidates hold A longer than G, they are in minor. (Over first two bars this finds the mode of 96 % of the songs:
    71 % of those in minor, 99 % of those in major. The call's own notes, with the best threshold, gave 95 %. Most that
    it misses still end well: C and E are of both triads.)

    Args:
        vocabulary: of the tokens.
        tokens: (step, row).
    """
    steps = np.arange(len(tokens))[:, None]
    onset = np.maximum.accumulate(np.where(tokens != vocabulary.hold, steps, 0))
    sounding = np.take_along_axis(tokens, onset, axis=0)
    steps_of = np.bincount(sounding.ravel(), minlength=len(vocabulary))[vocabulary.pitch_tokens]
    lasting = np.bincount(vocabulary.pitch_numbers % 12, weights=steps_of, minlength=12)
    return MINOR_TRIAD if lasting[_A] > lasting[_G] else MAJOR_TRIAD


def _ended(
    request: Request, vocabulary: Vocabulary, tokens: Tokens, bits: Floats, place: int, triad: tuple[int, ...]
) -> Endings:
    """Return what the candidates are worth if they end at `place`."""
    rows = np.arange(tokens.shape[1])
    held = tokens[:place] == vocabulary.hold
    onset = np.where(held, 0, np.arange(place)[:, None]).max(axis=0)
    last = tokens[onset, rows]
    complete = ~(tokens[:place] == vocabulary.end).any(axis=0)
    own = complete & (tokens[place] != vocabulary.hold) & (last != vocabulary.rest)
    strength = request.bars.strength(onset)
    stable = np.isin(last, _tokens_of(vocabulary, triad))
    closes = own & stable & (strength >= 0) & (place - onset >= STEPS_PER_BEAT)
    mean_bits = bits[:place].mean(axis=0)
    median = float(np.median(mean_bits[complete])) if complete.any() else float("inf")
    tonic = np.isin(last, _tokens_of(vocabulary, triad[:1]))
    merits = [own, closes, mean_bits <= median, np.full(len(rows), place), tonic, strength]
    return Endings(place, own, closes, tonic, mean_bits, median, np.array(merits, np.float64))


def _tokens_of(vocabulary: Vocabulary, classes: tuple[int, ...]) -> npt.NDArray[np.intp]:
    return vocabulary.pitch_tokens[np.isin(vocabulary.pitch_numbers % 12, classes)]
