"""Setups: an improviser in any of its settings, with a model that needs no training, for tests in virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from antiphon.improviser.answering.call import Call
from antiphon.improviser.answering.constraints import WHITE_KEYS
from antiphon.improviser.answering.next_note import NextNote
from antiphon.improviser.answering.replies import Replies
from antiphon.improviser.answering.style import Style
from antiphon.improviser.improviser import Improviser, Options
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import ListeningModel, Models, PlayingModel
from antiphon.improviser.output.metronome import Click
from antiphon.improviser.output.plan import Planned
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.melody.keys import SIGNATURES
from antiphon.melody.metre import COMMON_TIME, TimeSignature
from antiphon.melody.vocabulary import Vocabulary, vocabulary_of
from antiphon.midi.messages import NoteOn
from antiphon.parameters import Mode, Sync, When
from tests.daemon.stub_model import VOCABULARY, StubModel

NARROW = vocabulary_of(str(pitch) for pitch in (60, 62, 64, 67, 69, 72))
"""A pentatonic octave: what is played and asked for mostly lies outside."""
PLAYING_MODELS = tuple(PlayingModel(StubModel(vocabulary), vocabulary) for vocabulary in (VOCABULARY, NARROW))
SHORTEST = 0.26
"""Steps; of a sixteenth that swings in full two thirds are left, less two lags of the feel."""
CHANNEL, THRU_CHANNEL, ACCOMPANIMENT_CHANNEL, CLICK_CHANNEL = 2, 3, 4, 10


@dataclass(frozen=True)
class Setup:
    """What an improviser is built with; see `config.toml`."""

    seed: int = 1
    mode: Mode = "next-note"
    when: When = "now"
    sync: Sync = "fixed"
    bpm: float = 120.0
    metre: TimeSignature = COMMON_TIME
    phrase_silence: float = 2.0
    style: Style = field(default_factory=Style)
    hands: InputRouting = field(default_factory=lambda: InputRouting(thru_channel=THRU_CHANNEL))
    click: bool = False
    signatures: tuple[int, ...] = SIGNATURES
    voice: int = 0

    def improviser(self) -> tuple[Improviser, WatchedReplies]:
        """Return an improviser at the start of a performance, and what tells which notes it chose."""
        options = Options(
            self.mode,
            self.when,
            CHANNEL,
            ACCOMPANIMENT_CHANNEL,
            self.style,
            self.seed,
            self.phrase_silence,
            click=Click(CLICK_CHANNEL, 76, 77) if self.click else None,
        )
        time = Timekeeper(Tempo(self.bpm), self.sync, self.metre, is_heard=self.click)
        watched: list[WatchedReplies] = []

        def replies(*arguments: Any) -> WatchedReplies:
            watched.append(WatchedReplies(*arguments))
            return watched[-1]

        with patch("antiphon.improviser.improviser.Replies", replies):
            player = Improviser(models_of(self.voice, self.signatures), options, self.hands, time)
        return player, watched[-1]


def models_of(number: int, signatures: tuple[int, ...] = SIGNATURES) -> Models:
    """Return models of which the playing one, of that number in `PLAYING_MODELS`, listens too."""
    playing = PLAYING_MODELS[number]
    return Models(ListeningModel(playing.model, playing.vocabulary, signatures), playing)


class WatchedReplies(Replies):
    """Replies whose notes are looked at when they are chosen: each lies in the range that is asked for then."""

    def __init__(
        self, models: Models, style: Style, seed: int | None, channel: int, listener: Listener, time: Timekeeper
    ) -> None:
        super().__init__(models, style, seed, channel, listener, time)
        self.count = 0
        """Replies so far."""
        self._chosen: dict[int, Planned] = {}
        self._last: list[Planned] = []
        self._vocabulary, self._heard = models.playing.vocabulary, listener

    def change_models(self, models: Models) -> None:
        super().change_models(models)
        self._vocabulary = models.playing.vocabulary

    def next_note(self, velocity: int, at_once: bool) -> tuple[NoteOn, NextNote]:
        note, found = super().next_note(velocity, at_once)
        self._look_at([Planned(found.steps, 1, note)])
        return note, found

    def answer(self, time: float, call: Call, at_once: bool) -> tuple[list[Planned], int]:
        notes, end = super().answer(time, call, at_once)
        self._look_at(notes)
        return notes, end

    def go_on(self, time: float, call: Call, at_once: bool, is_first: bool) -> Planned | None:
        planned = super().go_on(time, call, at_once, is_first)
        self._look_at([planned] if planned else [])
        return planned

    def fit(self, time: float, step: float, planned: NoteOn) -> NoteOn:
        note = super().fit(time, step, planned)
        if note is not planned:
            before = self._last
            self._look_at([Planned(0, 1, note)])
            self._last = [*before, *self._last]
        return note

    def chose(self, note: NoteOn) -> bool:
        """Return whether a note, this very object, is of the replies since `forget_earlier`, or of the one before."""
        return id(note) in self._chosen

    def forget_earlier(self) -> None:
        """Forget all replies but the last."""
        if len(self._chosen) > len(self._last):
            self._chosen = {id(each.note): each for each in self._last}

    def _look_at(self, notes: list[Planned]) -> None:
        self._last = notes
        self._chosen.update((id(each.note), each) for each in notes)
        self.count += 1
        if notes:
            style, semitones = self.style, self._heard.semitones
            limits = style.constraints
            wanted = playable(self._vocabulary, semitones, limits.lowest, limits.highest, limits.in_scale)
            for each in notes:
                assert each.note.pitch in wanted, f"{each} is outside {style} (semitones {semitones})"
                assert each.length >= SHORTEST, each


_PLAYABLE: dict[tuple[object, ...], frozenset[int]] = {}


def playable(vocabulary: Vocabulary, semitones: int, lowest: int, highest: int, in_scale: bool) -> frozenset[int]:
    """Return the pitches that may be played: in range and, where it is asked for, scale, as far as the model has any.

    Args:
        vocabulary: the model's.
        semitones: from its pitches to those that are played; octaves don't matter.
        lowest: one end of the range.
        highest: its other end.
        in_scale: whether only white keys of the model may be played.
    """
    key = (vocabulary.symbols, semitones % 12, lowest, highest, in_scale)
    if key not in _PLAYABLE:
        if len(_PLAYABLE) > 10_000:
            _PLAYABLE.clear()
        low, high = sorted((lowest, highest))
        classes = {int(number) % 12 for number in vocabulary.pitch_numbers}
        _PLAYABLE[key] = frozenset(range(128))
        for scale in (classes & set(WHITE_KEYS) if in_scale else classes, classes):
            found = [pitch for pitch in range(low, high + 1) if (pitch - semitones) % 12 in scale]
            if found:
                _PLAYABLE[key] = frozenset(found)
                break
    return _PLAYABLE[key]
