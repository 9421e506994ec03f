"""Where a phrase ends that nobody marks: a breath in fast playing, and none of the gaps in slow or detached playing."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.improviser import Improviser, Options
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.pace import LONGEST_SILENCE, SHORTEST_SILENCE
from antiphon.improviser.listening.state import WithdrawnNote
from antiphon.improviser.models import ListeningModel, Models, PlayingModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.midi.messages import NoteOn
from antiphon.parameters import PLAY, Mode, Sync
from antiphon.settings import read_settings, session_settings
from tests.daemon.players import check_sounding, ons, play
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import Played, as_events

LINE = (65, 67, 69, 72, 70, 69, 65, 62, 65, 67, 70, 69, 67, 64)
JITTER = 0.012
"""Standard deviation of an onset, in seconds, that a hand has who plays evenly."""
SEEDS = st.integers(0, 10_000)


class Heard(NamedTuple):
    """What was heard of notes."""

    starts: list[int]
    """The indices of the notes that begin a phrase."""
    steps: list[int]
    """From each note to the next."""


def hear(notes: Played, silence: float | None = None, sync: Sync = "auto", bpm: float = 100.0) -> Heard:
    hearing = Listener(ListeningModel(StubModel(), VOCABULARY, (0,)), Timekeeper(Tempo(bpm), sync), silence)
    starts, steps = list[bool](), list[int]()
    for time, event in as_events(notes):
        note = (hearing.note_on if isinstance(event, NoteOn) else hearing.note_off)(time, event.pitch)
        if note is None:
            continue
        assert not isinstance(note, WithdrawnNote)
        starts.append(hearing.onset == hearing.phrase)
        steps.append(note.step)
    assert len(starts) == len(notes)
    return Heard([index for index, is_start in enumerate(starts) if is_start], [b - a for a, b in pairwise(steps)])


def line(beats: Sequence[float], bpm: float, legato: float = 0.92, rests: dict[int, float] | None = None) -> Played:
    """Return a line of notes, each so many beats long, with rests of so many beats behind some of them."""
    notes, time = Played(), 1.0
    for index, length in enumerate(beats):
        notes.append((time, time + length * legato * 60 / bpm, LINE[index % len(LINE)]))
        time += (length + (rests or {}).get(index, 0)) * 60 / bpm
    return notes


def played_by_hand(notes: Played, seed: int, semitones: int = 0) -> Played:
    chance = np.random.default_rng(seed)
    moved = [(on + float(chance.normal(0, JITTER)), off, pitch + semitones) for on, off, pitch in notes]
    return [(on, max(off, on + 0.02), pitch) for on, off, pitch in moved]


EIGHTHS = (0.5, 0.5, 0.5, 0.5, 1, 0.5, 1, 0.5, 0.5, 0.5, 0.5, 1, 0.5, 1)


@settings(max_examples=40, deadline=None)
@given(bpm=st.integers(120, 260), semitones=st.integers(-8, 8), seed=SEEDS)
def test_the_breath_of_a_fast_player_ends_the_phrase(bpm: int, semitones: int, seed: int) -> None:
    rest = max(1.5, 0.5 * bpm / 60)
    notes = played_by_hand(line(EIGHTHS, bpm, rests={6: rest}), seed, semitones)
    assert hear(notes).starts == [0, 7]


@settings(max_examples=40, deadline=None)
@given(bpm=st.integers(40, 72), semitones=st.integers(-8, 8), seed=SEEDS)
def test_the_breath_of_a_slow_player_does_not(bpm: int, semitones: int, seed: int) -> None:
    adagio = (1, 0.5, 0.5, 1, 1, 0.75, 0.5, 0.5, 1, 1, 1, 1)
    notes = played_by_hand(line(adagio, bpm, rests={5: 1.25}), seed, semitones)
    assert hear(notes).starts == [0]


@settings(max_examples=30, deadline=None)
@given(
    bpm=st.integers(46, 132),
    beats=st.sampled_from([(1,) * 14, (0.5,) * 14, EIGHTHS, (1, 1, 2, 1, 1, 2, 1.5, 0.5, 1, 1, 2)]),
    legato=st.floats(0.25, 1.0),
    seed=SEEDS,
)
def test_detached_notes_are_one_phrase(bpm: int, beats: Sequence[float], legato: float, seed: int) -> None:
    assert hear(played_by_hand(line(beats, bpm, legato), seed)).starts == [0]


@settings(max_examples=30, deadline=None)
@given(bpm=st.integers(70, 140), ratio=st.floats(1.02, 1.4), legato=st.floats(0.2, 0.95))
def test_no_phrase_ends_inside_a_ritardando(bpm: int, ratio: float, legato: float) -> None:
    """Each note is longer than the one before, by as much, until they last a second and a half."""
    lengths = [0.5] * 10
    while lengths[-1] * ratio * 60 / bpm < 1.5:
        lengths.append(lengths[-1] * ratio)
    assert hear(line(lengths, bpm, legato)).starts == [0]


def test_however_fast_the_notes_are_a_phrase_ends_after_a_third_of_a_second_and_no_sooner() -> None:
    for silence, starts in ((0.9 * SHORTEST_SILENCE, [0]), (1.1 * SHORTEST_SILENCE, [0, 12])):
        trill = [(1 + n * 0.07, 1.06 + n * 0.07, 72 + n % 2) for n in range(12)]
        assert hear([*trill, (trill[-1][1] + silence, 3, 72)]).starts == starts


def test_however_slow_the_notes_are_a_phrase_ends_after_three_seconds() -> None:
    for silence, starts in ((0.9 * LONGEST_SILENCE, [0]), (1.1 * LONGEST_SILENCE, [0, 8])):
        slow = [(1 + n * 4.0, 4.5 + n * 4.0, LINE[n]) for n in range(8)]
        assert hear([*slow, (slow[-1][1] + silence, 40, 72)]).starts == starts


def test_two_notes_are_a_phrase_only_after_a_longer_silence() -> None:
    assert hear(line((0.5,) * 12, 120, rests={6: 2, 8: 1.2})).starts == [0, 7]
    assert hear(line((0.5,) * 12, 120, rests={6: 2, 10: 1.2})).starts == [0, 7, 11]


def test_a_ritardando_ends_where_it_is_played_out() -> None:
    slowing = [0.5] * 10 + [0.5 * 1.25**n for n in range(1, 5)]
    notes = line([*slowing, 0.5, 0.5], 100, 0.8, rests={len(slowing) - 1: 4.0})
    assert hear(notes).starts == [0, len(slowing)]


def test_where_nothing_is_known_of_the_pace_two_beats_end_the_phrase() -> None:
    beat = 60 / 100
    for silence, starts in ((1.9 * beat, [0]), (2.1 * beat, [0, 2])):
        notes = [(1.0, 1.15, 60), (1.2, 1.4, 62), (1.4 + silence, 2 + silence, 64)]
        assert hear(notes, sync="fixed").starts == starts


def test_the_interval_across_a_breath_is_counted() -> None:
    breath = line((0.5,) * 16, 150, rests={9: 1.5})
    heard = hear(breath, bpm=150)
    assert heard.starts == [0, 10]
    assert heard.steps == [2] * 9 + [8] + [2] * 5


def test_while_the_left_hand_goes_on_a_breath_of_the_right_one_is_none() -> None:
    melody = [(on, off, pitch + 12) for on, off, pitch in line(EIGHTHS, 160, rests={6: 1.5})]
    bass = [(1 + n * 0.1875, 1.17 + n * 0.1875, 43 + 4 * (n % 2)) for n in range(40)]
    beside = [note for note in bass if note[0] < melody[-1][1]]

    def starts(notes: Played) -> int:
        hearing = Listener(ListeningModel(StubModel(), VOCABULARY, (0,)), Timekeeper(Tempo(160.0), "auto"), None)
        phrases = set[int]()
        for time, event in as_events(notes):
            (hearing.note_on if isinstance(event, NoteOn) else hearing.note_off)(time, event.pitch)
            if time > melody[4][0]:  # what the first notes belong to is found out by then
                phrases.add(hearing.phrase)
        return len(phrases)

    assert starts(melody) == 2
    assert starts([*melody, *beside]) == 1


@pytest.mark.parametrize("silence", [1.0, 4.0])
def test_a_silence_that_is_set_counts_in_beats_whatever_the_pace(silence: float) -> None:
    for rest, starts in ((silence - 0.1, [0]), (silence + 0.1, [0, 7])):
        notes = line((0.5,) * 12, 100, legato=1.0, rests={6: rest})
        assert hear(notes, silence, sync="fixed").starts == starts


def call_and_response(notes: Played, mode: Mode = "call-response") -> list[float]:
    """Return when the answer's notes start, in seconds."""
    model = StubModel()
    time = Timekeeper(Tempo(160.0), "auto")
    models = Models(ListeningModel(model, VOCABULARY, (0,)), PlayingModel(model, VOCABULARY))
    player = Improviser(models, Options(mode, seed=1), InputRouting(), time)
    messages = play(player, as_events(notes))
    check_sounding(messages)
    return [moment for moment, _ in ons(messages)]


def test_a_fast_phrase_is_answered_after_a_breath_and_not_within_it() -> None:
    notes = line((0.5,) * 12, 160)
    ended = notes[-1][1]
    first = call_and_response(notes)[0]
    assert ended + SHORTEST_SILENCE <= first <= ended + SHORTEST_SILENCE + 2 * 60 / 160
    slow = line((1,) * 8, 50, legato=0.6)
    assert call_and_response(slow)[0] >= slow[-1][1] + 60 / 50
    assert call_and_response(slow)[0] <= slow[-1][1] + LONGEST_SILENCE + 60 / 50


@settings(max_examples=20, deadline=None)
@given(breath=st.floats(0.1, 3.0))
def test_it_yields_to_a_performer_who_only_took_a_breath(breath: float) -> None:
    """Whenever she plays on, nothing is begun while she plays, and what she played is answered once it is over."""
    notes = line((0.5,) * 20, 160)
    played = [*notes[:10], *((on + breath, off + breath, pitch) for on, off, pitch in notes[10:])]
    starts = call_and_response(played)
    resumed, ended = played[10][0], played[-1][1]
    assert not [time for time in starts if time < played[9][1] or resumed <= time < ended]
    assert [time for time in starts if time >= ended]
    if breath < SHORTEST_SILENCE:
        assert not [time for time in starts if time < ended]


def test_the_setting_is_auto_or_beats() -> None:
    assert read_settings().play.phrase_silence == "auto"
    assert read_settings(None, {"play": {"phrase_silence": 1}}).play.phrase_silence == 1.0
    assert session_settings({"settings": {"play": {"bpm": 90}}}, {}).play.phrase_silence == 2.0  # as it was played
    for wrong in ("long", 0, -1.0, True):
        with pytest.raises(UserError, match=r'phrase_silence must be a number above 0 \(beats\), or "auto"'):
            PLAY["phrase_silence"].checked(wrong)
