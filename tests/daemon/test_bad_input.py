"""What is no tune: hands that cross, trills, glissandi, clusters, a tremolo, a pedal held down, an hour without a beat.

It keeps playing: every note that it begins ends, what is played after it is answered as ever, and where no tempo is to
be heard, that is said once, and only there.
"""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import Timed
from antiphon.improviser.improviser import Improviser, Options
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.inter_onset import LOST
from antiphon.improviser.listening.state import HeardNote, WithdrawnNote
from antiphon.improviser.models import ListeningModel, Models, PlayingModel
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.midi.messages import ControlChange
from antiphon.midi.protocol import SUSTAIN
from antiphon.parameters import MODES, Mode, Sync
from tests.daemon.players import check_sounding, ons, play
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import Played, as_events

SET_BPM = 90.0
PLAYED_BPM = 110.0
BEAT = 60 / PLAYED_BPM
TUNE = [(n * BEAT, (n + 0.85) * BEAT, pitch) for n, pitch in enumerate((64, 65, 67, 69, 67, 65, 64, 62))]


class Heard(list[HeardNote]):
    """The notes that are melody, as far as is known."""

    def hear(self, note: HeardNote | WithdrawnNote) -> None:
        if isinstance(note, WithdrawnNote) or note.replaces:
            self.pop()
        if isinstance(note, HeardNote):
            self.append(note)


def improviser(
    mode: Mode, sync: Sync = "auto", heard: Heard | None = None, notices: list[str] | None = None
) -> Improviser:
    model = StubModel()
    kept, said = Heard() if heard is None else heard, [] if notices is None else notices
    models = Models(ListeningModel(model, VOCABULARY, (0,)), PlayingModel(model, VOCABULARY))
    time = Timekeeper(Tempo(SET_BPM), sync)
    options = Options(mode, style=Style(candidates=1), seed=1)  # of one answer, for speed
    return Improviser(models, options, InputRouting(), time, kept.hear, lambda _, text: said.append(text))


def later(notes: Played, seconds: float) -> Played:
    return [(on + seconds, off + seconds, pitch) for on, off, pitch in notes]


def trill() -> Played:
    return [(n * 0.07, n * 0.07 + 0.065, 71 + n % 2) for n in range(40)]


def glissandi() -> Played:
    up = [(n * 0.03, n * 0.03 + 0.04, 50 + n) for n in range(34)]
    return [*up, *later([(on, off, 133 - pitch) for on, off, pitch in up], 1.5)]


def clusters() -> Played:
    forearm = [(0.002 * n, 0.4, 60 + n) for n in range(13)]
    return [note for n in range(6) for note in later(forearm, n * 0.5)]


def tremolo() -> Played:
    return [(n * 0.06, n * 0.06 + 0.055, 60 + 12 * (n % 2)) for n in range(40)]


def crossing_hands() -> Played:
    """The left hand's figure climbs over the right one's held notes and down again."""
    right = [(n * 0.8, n * 0.8 + 0.75, 67 + n % 3) for n in range(8)]
    left = [(n * 0.2, n * 0.2 + 0.19, 48 + round(30 * np.sin(n / 32 * np.pi))) for n in range(32)]
    return [note for note in [*right, *left] if note in right or note[2] not in (67, 68, 69)]


KINDS: list[Callable[[], Played]] = [trill, glissandi, clusters, tremolo, crossing_hands]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_keeps_playing_and_answers_the_tune_that_comes_next(kind: Callable[[], Played], mode: Mode) -> None:
    notes = kind()
    start = max(off for _, off, _ in notes) + 2 * BEAT
    heard, notices = Heard(), list[str]()
    player = improviser(mode, heard=heard, notices=notices)
    messages = play(player, as_events([*notes, *later(TUNE, start)]))
    check_sounding(messages)
    tune = [note for note in heard if note.time >= start]
    assert [note.pitch for note in tune] == [pitch for _, _, pitch in TUNE]
    times = [time for time, _ in ons(messages)]
    if mode == "next-note":
        assert [time for time in times if time >= start] == [on for on, _, _ in later(TUNE, start)]
    elif mode == "accompany":
        assert not times  # no beat is believed
    else:
        assert [time for time in times if time >= start + TUNE[-1][1]]
        assert not [time for time in times if start <= time < start + TUNE[-1][1]]
    assert not notices


@pytest.mark.parametrize("kind", [trill, tremolo, clusters], ids=lambda kind: kind.__name__)
def test_the_tempo_is_found_again_after_it(kind: Callable[[], Played]) -> None:
    notes = kind()
    start = max(off for _, off, _ in notes) + 2 * BEAT
    player = improviser("next-note")
    play(player, as_events([*notes, *later([*TUNE, *later(TUNE, 8 * BEAT)], start)]))
    assert min(abs(np.log2(player.bpm / PLAYED_BPM / factor)) for factor in (0.5, 1, 2)) < 0.05


@pytest.mark.parametrize("mode", MODES)
def test_a_pedal_of_ten_seconds_holds_the_phrase_and_no_longer(mode: Mode) -> None:
    pedal = [(0.1, ControlChange(SUSTAIN, 127, 1)), (10.1, ControlChange(SUSTAIN, 0, 1))]
    played = sorted([*as_events(TUNE), *pedal], key=lambda event: event[0])
    messages = play(improviser(mode), played)
    check_sounding(messages)
    times = [time for time, _ in ons(messages)]
    if mode == "accompany":
        assert not times  # no beat is believed
        return
    assert times
    if mode != "next-note":
        assert min(times) > 10.1


def far_apart(seconds: float, seed: int = 1) -> Played:
    """Single notes, 4 to 40 s apart, for so many seconds."""
    chance, notes, time = np.random.default_rng(seed), Played(), 1.0
    while time < seconds:
        pitch = int(chance.integers(55, 80))
        notes.append((time, time + float(chance.uniform(0.2, 2.8)), pitch))
        time += float(chance.uniform(4, 40))
    return notes


def test_an_hour_without_a_beat_is_answered_and_said_once() -> None:
    notices = list[str]()
    player = improviser("call-response", notices=notices)
    notes = far_apart(3600)
    messages, now = list[Timed](), 0.0
    for now, event in as_events([*TUNE, *later(notes, 10)]):
        messages += player.receive(now, event)
    messages += player.close(now)
    check_sounding(messages)
    answers = [time for time, _ in ons(messages)]
    assert len({int(time // 60) for time in answers}) > 45  # in most minutes of the hour
    assert notices == ["your notes are too far apart to tell a tempo; counting at 90 BPM, as set"]
    assert player.bpm == SET_BPM


def waits_without_a_beat(kind: str, seed: int, count: int) -> list[float]:
    """Seconds from note to note, of which none tells the next."""
    chance = np.random.default_rng(seed)
    kinds = {
        "even odds": lambda: chance.uniform(0.07, 0.9, count),
        "seldom long": lambda: 0.06 + chance.exponential(0.3, count),
        "about alike": lambda: np.exp(chance.normal(-1.2, 0.4, count)),
    }
    return [float(wait) for wait in kinds[kind]()]


def test_dense_playing_without_a_beat_is_said_once_and_a_beat_after_it_is_followed() -> None:
    notices, chance, notes, time = list[str](), np.random.default_rng(1), Played(), 1.0
    for wait in waits_without_a_beat("even odds", 0, 190):
        notes.append((time, time + 0.8 * wait, int(chance.integers(58, 76))))
        time += wait
    player = improviser("next-note", notices=notices)
    messages: list[Timed] = []
    for now, event in as_events(notes):
        messages += player.receive(now, event)
    assert notices == ["your playing shows no beat; counting at 90 BPM, as set"]
    assert player.bpm == SET_BPM
    tune = [note for n in range(4) for note in later(TUNE, n * 8 * BEAT)]
    check_sounding(messages + play(player, as_events(later(tune, time + 2))))
    assert len(notices) == 1
    assert player.bpm == pytest.approx(PLAYED_BPM, rel=0.03)


@settings(max_examples=6, deadline=None)
@given(st.sampled_from(["even odds", "seldom long", "about alike"]), st.integers(0, 2**32))
def test_whatever_is_played_without_a_beat_shows_none(kind: str, seed: int) -> None:
    follower = TempoFollower(SET_BPM)
    for wait in waits_without_a_beat(kind, seed, 800):
        follower = follower.after(wait)
        if follower.evidence.is_lost:
            assert follower.bpm == pytest.approx(SET_BPM)
            return
    raise AssertionError("a beat was heard in 800 notes that have none")


@settings(max_examples=12, deadline=None)
@given(st.floats(60, 160), st.floats(0.0, 0.09), st.integers(0, 2**32), st.sampled_from(["tune", "run", "rubato"]))
def test_no_player_who_keeps_a_beat_is_told_that_there_is_none(bpm: float, uneven: float, seed: int, kind: str) -> None:
    """However unevenly: neighbours that should be equal spread by up to 9 %, and rubato takes a fifth off and on."""
    chance = np.random.default_rng(seed)
    steps = [1] * 600 if kind == "run" else [int(each) for each in chance.choice([1, 2, 2, 2, 3, 4, 4, 8], 600)]
    follower = TempoFollower(100)
    for number, each in enumerate(steps):
        slow = 1 + 0.2 * np.sin(number / 12) if kind == "rubato" else 1
        follower = follower.after(float(max(0.03, each * 15 / bpm * slow * np.exp(chance.normal(0, uneven)))))
        assert not follower.evidence.is_lost


def test_a_tempo_that_is_heard_again_is_followed_again() -> None:
    notices = list[str]()
    player = improviser("next-note", notices=notices)
    notes = far_apart(300)
    start = notes[-1][1] + 4
    play(player, as_events([*TUNE, *later(notes, 10), *later([*TUNE, *later(TUNE, 8 * BEAT)], start + 10)]))
    assert len(notices) == 1
    assert player.bpm == pytest.approx(PLAYED_BPM, rel=0.03)


def test_rests_between_phrases_are_no_loss_of_the_tempo() -> None:
    notices = list[str]()
    player = improviser("next-note", notices=notices)
    phrase = TUNE[:4]
    play(player, as_events([note for n in range(2 * LOST) for note in later(phrase, n * 12.0)]))
    assert not notices
    assert player.bpm == pytest.approx(PLAYED_BPM, rel=0.03)


@pytest.mark.parametrize("sync", ["fixed", "clock"])
def test_who_follows_no_playing_says_nothing_of_it(sync: Sync) -> None:
    notices = list[str]()
    play(improviser("next-note", sync, notices=notices), as_events(far_apart(400)))
    assert not [text for text in notices if "tempo" in text]
