"""Answers: how many of a bundle's answers close, over the first two bars of songs, and how long choosing takes.

An answer closes if its last note starts on a beat, lasts at least a quarter note, is of the tonic triad of the song's
mode, ends where a bar ends (less the call's upbeat), and is the model's own: what it drew next is no hold. The beat is
the song's: quarters, but dotted quarters in 3/8, 6/8 and 9/8; bars of twelve steps are told apart by the song's notes
(`antiphon.improviser.answering.bars.beat_of`). A dotted beat needn't be filled: an upbeat may take its last eighth.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from antiphon.improviser.answering.candidates import CANDIDATES, choose_answer
from antiphon.improviser.answering.ranking import Answer
from antiphon.improviser.answering.request import Request
from antiphon.melody.bundle import Bundle
from antiphon.melody.model import LiteModel, StepModel
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.audition.calls import CALL_BARS, Phrase, Question, question, refusal
from antiphon_trainer.audition.plain_sampling import plain_phrases
from antiphon_trainer.corpus.songs import Song


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a bundle's answers. Shares are of the calls."""

    calls: int
    skipped: dict[str, int]
    """Reason → songs that give no call."""
    candidates: int
    """Answers that are sampled at once; if none of them closes, they go back a bar and are sampled again from there."""
    one_turn: float
    """Answers for which one closed without going back."""
    temperature: float
    closes: float
    says_closes: float
    """Answers that the improviser takes for closed; it doesn't know the mode, and finds the beat in the call alone."""
    bits: float
    """Mean bits per step of the answers."""
    median_bits: float
    """Mean, over the answers, of their candidates' median bits per step."""
    no_worse: float
    """Answers that need no more bits per step than their candidates' median."""
    copies: float
    """Answers that only repeat the call."""
    bars: dict[int, int]
    """Length in bars → answers."""
    notes_a_bar: float
    """Mean notes per bar of the answers."""
    plain_closes: float
    """Plain sampling, one draw, ended at the call's length."""
    plain_copies: float
    plain_notes_a_bar: float
    until_end_closes: float
    """Plain sampling, ended where the model ends the song."""
    until_end_bars: float
    """The mean length of plain sampling that is ended by the model."""
    song_closes: float
    """The songs themselves, ended at the call's length, where they are that long."""
    milliseconds_p50: float
    """Milliseconds to sample and choose an answer; the longest answers are as long as the call."""
    milliseconds_p99: float

    def lines(self) -> list[str]:
        """Return the figures as text, a line for each."""
        skipped = ", ".join(f"{count} {why}" for why, count in sorted(self.skipped.items())) or "none"
        lengths = ", ".join(f"{count} of {bars}" for bars, count in sorted(self.bars.items()))
        return [
            f"answers to {self.calls} calls: the first {CALL_BARS} bars of each song (skipped: {skipped})",
            f"  that close            {self.closes:6.1%}  (at least 90 %; the improviser says {self.says_closes:.1%})",
            f"    candidates          {self.candidates:6}  at temperature {self.temperature:g}; "
            f"{1 - self.one_turn:.1%} went back a bar",
            f"    plain sampling      {self.plain_closes:6.1%}  ended at the call's length; "
            f"{self.until_end_closes:.1%} where the model ends, after {self.until_end_bars:.1f} bars",
            f"    the songs           {self.song_closes:6.1%}  ended at the call's length",
            f"  bits per step         {self.bits:6.3f}  (at most the candidates' median, {self.median_bits:.3f}; "
            f"so in {self.no_worse:.1%})",
            f"  that copy the call    {self.copies:6.1%}  (plain sampling {self.plain_copies:.1%})",
            f"  notes per bar         {self.notes_a_bar:6.2f}  (plain sampling {self.plain_notes_a_bar:.2f})",
            f"  bars                  {lengths}",
            f"  choosing takes        {self.milliseconds_p50:6.1f}  ms p50, {self.milliseconds_p99:.1f} ms p99 "
            "(at most 75)",
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        return msgspec.structs.asdict(self)


def measure(bundle: Bundle, songs: Sequence[Song], seed: int, temperature: float = 1.0) -> Answers:
    """Let a bundle answer the first bars of songs, each from a fresh state and with the metre.

    Args:
        bundle: a `stream` bundle.
        songs: those without two bars in one metre, or without a mode, are skipped.
        seed: of the draws.
        temperature: of the draws.
    """
    model = LiteModel(bundle, (1, CANDIDATES))
    refusals = [refusal(song) for song in songs]
    questions = [question(model, bundle.vocabulary, song) for song, why in zip(songs, refusals, strict=True) if not why]
    generator = np.random.default_rng(seed)
    answers, seconds = answered(model, bundle.vocabulary, questions, generator, temperature)
    plain, until_end = plain_phrases(model, bundle.vocabulary, questions, generator, temperature, CANDIDATES)
    return _summarized(questions, answers, seconds, plain, until_end, Counter(filter(None, refusals)), temperature)


def answered(
    model: StepModel,
    vocabulary: Vocabulary,
    questions: Sequence[Question],
    generator: np.random.Generator,
    temperature: float,
) -> tuple[list[Answer], list[float]]:
    """Answer calls, each with the metre. Return the answers and the seconds that each took.

    Args:
        model: must allow batches of 1 and of `CANDIDATES`.
        vocabulary: of its tokens.
        questions: the calls.
        generator: of the draws.
        temperature: of the draws.
    """
    answers, seconds = [], []
    for each in questions:
        bars = each.bars
        request = Request(each.call, bars.position, bars.length, temperature=temperature)
        start = time.perf_counter()
        answers.append(choose_answer(model, vocabulary, each.context, request, generator))
        seconds.append(time.perf_counter() - start)
    return answers, seconds


def _summarized(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    seconds: Sequence[float],
    plain: Sequence[Phrase],
    until_end: Sequence[Phrase],
    skipped: dict[str, int],
    temperature: float,
) -> Answers:
    phrases = [Phrase(answer.notes, answer.own) for answer in answers]
    songs = [(each, each.goes_on) for each in questions if each.goes_on is not None]
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000 if seconds else (0.0, 0.0)
    return Answers(
        calls=len(questions),
        skipped=skipped,
        candidates=CANDIDATES,
        one_turn=_mean([answer.candidates == CANDIDATES for answer in answers]),
        temperature=temperature,
        closes=_mean([q.closed_by(p) for q, p in zip(questions, phrases, strict=True)]),
        says_closes=_mean([answer.closes for answer in answers]),
        bits=_mean([answer.bits for answer in answers]),
        median_bits=_mean([answer.median_bits for answer in answers]),
        no_worse=_mean([answer.bits <= answer.median_bits for answer in answers]),
        copies=_mean([q.copied_by(p) for q, p in zip(questions, phrases, strict=True)]),
        bars=dict(sorted(Counter(q.bars_of(p) for q, p in zip(questions, phrases, strict=True)).items())),
        notes_a_bar=_mean([q.notes_a_bar(p) for q, p in zip(questions, phrases, strict=True)]),
        plain_closes=_mean([q.closed_by(p) for q, p in zip(questions, plain, strict=True)]),
        plain_copies=_mean([q.copied_by(p) for q, p in zip(questions, plain, strict=True)]),
        plain_notes_a_bar=_mean([q.notes_a_bar(p) for q, p in zip(questions, plain, strict=True)]),
        until_end_closes=_mean([q.closed_by(p) for q, p in zip(questions, until_end, strict=True)]),
        until_end_bars=_mean([p.steps / q.bars.length for q, p in zip(questions, until_end, strict=True)]),
        song_closes=_mean([q.closed_by(p) for q, p in songs]),
        milliseconds_p50=float(p50),
        milliseconds_p99=float(p99),
    )


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 6) if values else 0.0
