"""Phrases: a melody that goes on, drawn phrase by phrase as its form plans them, each from many candidates.

A phrase is drawn ahead, a step of the model at a time, while the one before it sounds. It is drawn anew from where it
stands if the style or the key changes meanwhile. One that hasn't begun is also drawn anew if the performer, whom a held
melody doesn't stop, plays something that is learned: so it is the same whenever it was drawn. Before each phrase the
model reads the performer's call and the last phrase, and not all that was played: so it stays among lengths that it
knows from songs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from antiphon.improviser.answering.candidates import Candidates
from antiphon.improviser.answering.form import NAMED, Form, Plan, first_steps, window_around
from antiphon.improviser.answering.opening import Opening
from antiphon.improviser.answering.ranking import triad_of
from antiphon.improviser.answering.request import CallMelody, Request
from antiphon.improviser.answering.scale_mask import Classes
from antiphon.improviser.answering.styled_model import StyledModel
from antiphon.melody.context import Context, read_on, unread
from antiphon.melody.grid import STEPS_PER_BEAT, Note, Place, read, spell
from antiphon.melody.reasons import FormedPhrase
from antiphon.melody.vocabulary import Vocabulary

SHORT_PHRASE, LONG_PHRASE = 2, 4
"""Bars of a phrase: where the call has as few, and where it is longer, or bars are short."""
SHORTEST_PHRASE = 32
"""Steps of a phrase, at least: eight beats."""
LONGEST_REFERENCE = 64
"""Steps of the call that the model reads before each phrase: each takes a step of the model."""
BREATH = 2
"""Steps by which a phrase's last note is cut short, so that the phrase breathes, where it is longer than a beat; where
not, one step."""
FEWEST_NOTES, MOST_NOTES = 0.18, 0.33
"""Notes a step: 2.9 and 5.3 in a bar of 4/4, as nine of ten songs have."""


class Manner(NamedTuple):
    """How a phrase is played; if that changes, it is drawn anew."""

    styled: StyledModel
    semitones: int
    """From the model's pitches to those that are played."""
    agreed: Classes | None
    """The pitch classes that the likely keys agree on; None where the key is sure."""


@dataclass(frozen=True, eq=False)
class _Draft:
    """A phrase that is being drawn, or has been."""

    manner: Manner
    form: Form
    """Before it."""
    plan: Plan
    request: Request
    candidates: Candidates
    changes: int
    """Of the mixture, when it was begun."""

    @property
    def triad(self) -> tuple[int, ...]:
        """Pitch classes of the tonic triad that the candidates lean to; what hasn't been drawn yet is drawn first."""
        return triad_of(self.manner.styled.vocabulary, self.candidates.finish()[0])

    def chosen(self) -> tuple[Note, ...]:
        """Return the candidate that is the best phrase; what hasn't been drawn yet is drawn first.

        The rule, each point outweighing all that follow: the model ended its last note, and that closes; the fewest of
        its own bars have been heard before; it has as many notes as songs have; its last note is long enough for a
        breath; it needs no more bits than the median; it ends openly, or on the tonic, as is planned.
        """
        vocabulary, request = self.manner.styled.vocabulary, self.request
        tokens, found = self.candidates.finish()
        ended = found[-1]
        tonic = (request.triad or triad_of(vocabulary, tokens))[0]
        ranks = []
        for row in range(tokens.shape[1]):
            notes = tuple(read(vocabulary.symbols[token] for token in tokens[: ended.place, row]))
            last = notes[-1] if notes else Note(None, 1)
            density = sum(note.pitch is not None for note in notes) / ended.place
            rank = (
                ended.own[row] and ended.closes[row],
                -self.form.heard_of(notes, request.opening),
                FEWEST_NOTES <= density <= MOST_NOTES,
                last.steps >= STEPS_PER_BEAT + BREATH,
                ended.bits[row] <= ended.median_bits,
                last.pitch is not None and (last.pitch % 12 == tonic) != self.plan.is_open,
            )
            ranks.append((*rank, -row, notes))
        return max(ranks, key=lambda each: each[:-1])[-1]


class Phrases:
    """A melody that goes on. Notes are in the model's key.

    Args:
        opening: where it starts.
        call: that it goes on from; it may be empty.
        seed: of the random numbers: the same seed gives the same melody.
    """

    def __init__(self, opening: Opening, call: CallMelody, seed: Sequence[int]) -> None:
        self._opening = opening
        bar = opening.bar
        self._call = call
        self._seed = tuple(seed)
        is_short = bool(call.onsets) and call.last_onset < SHORT_PHRASE * bar and SHORT_PHRASE * bar >= SHORTEST_PHRASE
        self._bars = SHORT_PHRASE if is_short else LONG_PHRASE
        self._first = Form(bar, -call.upbeat % bar)
        self._current: _Draft | None = None
        self._notes: tuple[Note, ...] = ()
        """Of the phrase that stands."""
        self._given = 0
        """How many of them have been given out."""
        self._next: _Draft | None = None
        self._triad: tuple[int, ...] = ()
        """Pitch classes of the tonic triad, found with the first phrase and kept."""
        self.closes = False
        """The melody ends with the phrase that stands."""

    @property
    def is_over(self) -> bool:
        """Whether the melody has ended."""
        return self.closes and self._given == len(self._notes)

    @property
    def reason(self) -> FormedPhrase | None:
        """Why the phrase that stands is as it is; None before the first."""
        if self._current is None:
            return None
        form, plan = self._current.form, self._current.plan
        pitches = [note.pitch for note in self._notes if note.pitch is not None]
        return FormedPhrase(
            form=(*form.names, plan.name)[-NAMED:],
            place="second" if form.count % 2 else "first",
            source=plan.source,
            degrees=plan.degrees,
            ending="closed" if pitches and pitches[-1] % 12 == self._triad[0] else "open",
            is_last=self.closes,
        )

    def prepare(self, manner: Manner) -> bool:
        """Draw one more symbol of the next phrase's candidates. Returns whether there is more to draw."""
        return not self.closes and self._following(manner).candidates.prepare()

    def next_note(self, manner: Manner) -> Note:
        """Return the next note or rest of the melody, which isn't over."""
        if self._given == len(self._notes):
            self._current, self._next = self._following(manner), None
            self._triad = self._triad or self._current.triad
            self._notes, self._given = _breathing(self._current.chosen()), 0
        elif self._current is not None and self._current.manner != manner:
            self._redraw(self._current, manner)
        self._given += 1
        return self._notes[self._given - 1]

    def close(self, manner: Manner) -> None:
        """Let the melody end with a cadence, at the next place for one that is half a bar away or farther."""
        if not self.closes and self._current is not None:
            self.closes = True
            self._redraw(self._current, manner)

    def _following(self, manner: Manner) -> _Draft:
        """Return the next phrase as far as it is drawn; it is begun anew if that has changed."""
        if self._next is None or self._next.manner != manner or self._next.changes != self._changes:
            current = self._current
            form = self._first if current is None else current.form.after(self._notes, current.plan)
            generator = np.random.default_rng([*self._seed, form.count])
            plan = form.planned(generator, *self._window(manner.styled))
            if not _may_play(manner, plan.opening):
                plan = Plan(is_open=plan.is_open)
            self._next = self._drafted(manner, form, form.named(plan), self._bars, generator)
        return self._next

    def _redraw(self, current: _Draft, manner: Manner) -> None:
        """Draw the phrase that stands anew, from its next note on."""
        played = self._notes[: self._given]
        steps = sum(note.steps for note in played)
        plan = replace(current.plan, opening=played, is_open=current.plan.is_open and not self.closes)
        generator = np.random.default_rng([*self._seed, current.form.count, steps])
        earliest = steps + current.form.bar // 2 if self.closes else current.request.places[-1]
        bars = 1
        while (draft := self._drafted(manner, current.form, plan, bars, generator)).request.places[-1] < earliest:
            bars += 1
        self._current, self._next = draft, None
        self._notes = _breathing(draft.chosen())

    @property
    def _changes(self) -> int:
        """How often has changed what was learned of the performer, and is mixed in."""
        mixture = self._opening.context.mixture
        return 0 if mixture is None else mixture.changes

    def _window(self, styled: StyledModel) -> tuple[int, int]:
        numbers = styled.vocabulary.pitch_numbers
        return window_around(self._call.notes, int(numbers[0]), int(numbers[-1]))

    def _drafted(self, manner: Manner, form: Form, plan: Plan, bars: int, generator: np.random.Generator) -> _Draft:
        styled, place = manner.styled, self._opening.place
        settings, is_first = styled.style, form.count == 0
        request = Request(
            call=CallMelody(self._call.notes if is_first else form.last, self._call.upbeat),
            position=form.position if place is None or not is_first else place.position,
            bar=0 if place is None else form.bar,
            shortest=bars,
            longest=bars,
            constraints=settings.constraints,
            semitones=styled.octaved(manner.semitones),
            agreed=manner.agreed,
            density=settings.density,
            temperature=settings.temperature,
            triad=self._triad,
            opening=tuple(_known(styled.vocabulary, note) for note in plan.opening),
            within=self._window(styled),
        )
        context = self._opening.context if is_first else self._context(styled, form)
        candidates = Candidates(styled.model, styled.vocabulary, context, request, generator, settings.candidates)
        return _Draft(manner, form, plan, request, candidates, self._changes)

    def _context(self, styled: StyledModel, form: Form) -> Context:
        """Return the context after the call and the last phrase, one row."""
        vocabulary, bar = styled.vocabulary, form.bar
        last = [_known(vocabulary, note) for note in form.last]
        call = [_known(vocabulary, note) for note in _whole_bars(self._call.notes, bar)]
        tokens = [vocabulary.end, *(vocabulary.tokens[symbol] for symbol in spell([*call, *last]))]
        at = None if self._opening.place is None else Place((form.position + 1 - len(tokens)) % bar, bar)
        context, mixture = unread(styled.model, len(vocabulary), 1), self._opening.context.mixture
        from_last = len(tokens) - sum(note.steps for note in last)
        for number, token in enumerate(np.array(tokens, np.int32)[:, None]):
            context = read_on(styled.model, context, token, at)
            if mixture is not None and number >= from_last:
                mixture = mixture.after(token)
            if number < len(tokens) - 1:
                at = at and at.later(1)
        return context.mixed(mixture, at)


def _may_play(manner: Manner, notes: Sequence[Note]) -> bool:
    """Return whether range and scale allow all of some notes."""
    styled = manner.styled
    mask = styled.style.constraints.mask(styled.vocabulary, styled.octaved(manner.semitones))
    known = (_known(styled.vocabulary, note).pitch for note in notes)
    return all(pitch is None or bool(mask[styled.vocabulary.pitches[pitch]]) for pitch in known)


def _breathing(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """Return a phrase whose last note ends early: by a sixteenth, or more where it is longer than a beat."""
    if not notes or notes[-1].pitch is None or notes[-1].steps < STEPS_PER_BEAT:
        return notes
    breath = BREATH if notes[-1].steps > STEPS_PER_BEAT else 1
    return (*notes[:-1], Note(notes[-1].pitch, notes[-1].steps - breath), Note(None, breath))


def _whole_bars(notes: tuple[Note, ...], bar: int) -> tuple[Note, ...]:
    """Return the first bars of a melody, the last of them filled by its last note."""
    notes = first_steps(notes, max(1, LONGEST_REFERENCE // bar) * bar)
    missing = -sum(note.steps for note in notes) % bar
    return (*notes[:-1], Note(notes[-1].pitch, notes[-1].steps + missing)) if notes else ()


def _known(vocabulary: Vocabulary, note: Note) -> Note:
    """Return a note, or where the model lacks its pitch one with the nearest that it knows."""
    if note.pitch is None:
        return note
    return Note(int(vocabulary.symbols[vocabulary.fold(np.array([note.pitch], np.intp))[0]]), note.steps)
