"""Where the performer's beats are: found by the listening improviser in what she plays, not counted from its start."""

from collections.abc import Sequence

import pytest

from antiphon.improviser.improviser import Improviser, Options
from antiphon.improviser.input.controls import Control
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import ListeningModel, Models, PlayingModel
from antiphon.improviser.output.metronome import Click
from antiphon.improviser.tempo.beat import Beat
from antiphon.improviser.tempo.inferred_bar import InferredBar
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.melody.keys import SIGNATURES
from antiphon.melody.metre import COMMON_TIME, TimeSignature
from antiphon.melody.model import Floats, Metre, Tokens
from antiphon.parameters import Mode, Sync
from tests.daemon.players import improviser, ons, play
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import as_events

# Each note is (pitch, eighths). The first is the upbeat.
UPBEAT_TUNE = [(67, 1), (72, 2), (72, 1), (74, 1), (76, 2), (76, 1), (74, 1), (72, 2), (71, 1), (69, 1), (67, 2)]
UPBEAT_TUNE += [(64, 2), (65, 1), (69, 1), (67, 2), (64, 2), (60, 2)]
OFF_BEAT_TUNE = [(79, 1), (76, 2), (77, 2), (74, 2), (76, 2), (72, 2), (74, 2), (71, 2), (72, 2), (79, 2), (77, 3)]

Played = list[tuple[float, float, int]]


def melody(notes: Sequence[tuple[int, int]], beat: float, start: float = 1.0) -> Played:
    """Return notes as (onset, end, pitch) in seconds."""
    played: Played = []
    for pitch, eighths in notes:
        played.append((start, start + 0.9 * eighths * beat / 2, pitch))
        start += eighths * beat / 2
    return played


def chords(beat: float, count: int, start: float) -> Played:
    """Return a left hand's chord at each beat."""
    return [(start + n * beat, start + (n + 0.8) * beat, pitch) for n in range(count) for pitch in (36, 48, 52, 55)]


def place_of_answer(played: Played, beat: float, mode: Mode, sync: Sync) -> float:
    """Return where in the beats from the first note an answer starts, in beats from 0 to 1."""
    first = ons(play(improviser(mode=mode, sync=sync, hands=InputRouting()), as_events(played), rest=6))[0][0]
    return ((first - played[0][0]) / beat + 0.05) % 1 - 0.05


@pytest.mark.parametrize("beat", [0.42, 0.55, 0.7])
@pytest.mark.parametrize("mode", ["call-response", "continue"])
def test_an_answer_to_a_tune_with_an_upbeat_starts_on_the_beat(mode: Mode, beat: float) -> None:
    assert place_of_answer(melody(UPBEAT_TUNE, beat), beat, mode, "auto") == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("mode", ["call-response", "continue"])
def test_a_tune_without_an_upbeat_is_answered_on_its_beat_too(mode: Mode) -> None:
    tune = melody(UPBEAT_TUNE[1:], 0.55)
    assert place_of_answer(tune, 0.55, mode, "auto") == pytest.approx(0, abs=0.1)


def test_at_a_tempo_that_is_set_an_answer_starts_on_the_beat_and_on_a_step() -> None:
    assert place_of_answer(melody(UPBEAT_TUNE, 0.5), 0.5, "call-response", "fixed") == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("held", [0.0, 0.3, 0.5, 0.8])
def test_an_answer_keeps_to_the_beat_where_the_set_tempo_is_wrong(held: float) -> None:
    """At 110 BPM on a grid of 120, beats lie now near a step and now between two."""
    beat = 60 / 110
    tune = melody(UPBEAT_TUNE, beat)
    on, off, pitch = tune.pop()
    place = place_of_answer([*tune, (on, off + held, pitch)], beat, "call-response", "fixed")
    assert place == pytest.approx(0.5, abs=0.07)


def place_of_next_beat(played: Played) -> float:
    """Return where in its beats of half a second the next beat is found, in beats from the first note, 0 to 1."""
    beat = Beat(100)
    for on, _, pitch in sorted(played):
        beat = beat.struck(on, pitch)
    found = beat.next(played[-1][0] + 0.6)
    assert found is not None
    return ((found.time - 1.0) / 0.5 + 0.1) % 1 - 0.1


def test_a_left_hand_says_where_the_beat_is_of_a_melody_that_is_never_on_it() -> None:
    tune = melody(OFF_BEAT_TUNE, 0.5)
    assert place_of_next_beat(tune) == pytest.approx(0.5, abs=0.1)
    assert place_of_next_beat([*chords(0.5, 11, 1.0), *tune]) == pytest.approx(0, abs=0.1)


TAPS = {"on the first note": 0.0, "half a beat later": 0.5}


@pytest.mark.parametrize("place", TAPS.values(), ids=TAPS)
@pytest.mark.parametrize("sync", ["auto", "fixed"])
@pytest.mark.parametrize("mode", ["call-response", "continue"])
def test_the_beat_lies_on_the_taps(mode: Mode, sync: Sync, place: float) -> None:
    """An even run of eighths has its beats on its first note, or between two: the taps say which."""
    beat = 0.6
    run = melody([(60 + n, 1) for n in (0, 2, 4, 5, 7, 5, 4, 2, 0, 2, 4, 7)], beat)
    taps = [(1.0 + (n + place) * beat, Control("tap")) for n in range(-4, 1)]
    events = sorted([*as_events(run), *taps], key=lambda event: event[0])
    first = ons(play(improviser(mode=mode, sync=sync), events, rest=6))[0][0]
    assert ((first - 1.0) / beat - place + 0.2) % 1 - 0.2 == pytest.approx(0, abs=0.07)


def test_a_tap_is_a_beat_and_the_note_that_is_struck_with_it_is_on_it() -> None:
    tapped = Beat(100).tapped(100, 1.0)
    alone, together = tapped.next(1.05), tapped.struck(1.03, 60).next(1.05)
    for found in (alone, together):
        assert found is not None
        assert found.time == pytest.approx(1.6, abs=0.03)
        assert found.certainty > 0.8


def test_it_says_how_sure_it_is() -> None:
    """After two notes it isn't, and after the whole tune it is."""
    beat, certainties = Beat(100), []
    for on, _, pitch in melody(UPBEAT_TUNE, 0.5):
        beat = beat.struck(on, pitch)
        found = beat.next(on + 0.1)
        assert found is not None
        certainties.append(found.certainty)
    assert max(certainties[:2]) < 0.5
    assert 0.6 < min(certainties[-3:]) <= max(certainties) < 1


def test_what_was_known_before_a_note_is_unchanged_by_it() -> None:
    first = Beat(100).struck(1.0, 60).struck(1.5, 62)
    before = first.next(2.1)
    first.struck(1.73, 64).struck(1.9, 65).finish()
    assert first.next(2.1) == before


def test_a_set_tempo_counts_and_no_note_is_no_beat() -> None:
    assert Beat(100).next(1.0) is None
    slow, fast = Beat(60).tapped(60, None), Beat(60).tapped(120, None)
    for n in range(8):
        slow, fast = slow.struck(n * 0.5, 60), fast.struck(n * 0.5, 60)
    periods = [round(found.period, 1) for each in (slow, fast) if (found := each.next(4.0))]
    assert periods == [1.0, 0.5]


WALTZ, POLKA, HYMN = (8, 4, 8, 4, 4, 4, 4, 12), (6, 2, 4, 2, 2, 8), (4, 4, 4, 4, 6, 2, 8, 4, 4, 4, 4, 16)
"""Sixteenths from note to note: whole bars of three, of two and of four beats."""


@pytest.mark.parametrize("upbeat", [0, 2, 4])
@pytest.mark.parametrize(("rhythm", "beats"), [(WALTZ, {3}), (POLKA, {2, 4}), (HYMN, {2, 4})])
def test_the_bar_is_inferred_wherever_in_it_the_playing_begins(
    rhythm: tuple[int, ...], beats: set[int], upbeat: int
) -> None:
    bar = InferredBar(4)
    assert bar.guess() is None
    for steps in [upbeat, *rhythm * 6] if upbeat else rhythm * 6:
        bar = bar.after(steps)
    found = bar.guess()
    assert found is not None
    assert found.beats in beats
    assert 0.6 < found.certainty <= 1


def in_rhythm(rhythm: Sequence[int], upbeat: int, beat: float) -> Played:
    """Return a tune whose bars begin a second and an upbeat after 0; all lengths are in sixteenths."""
    played, start = Played(), 1.0
    for number, steps in enumerate([upbeat, *rhythm] if upbeat else rhythm):
        pitch = (67, 72, 71, 69, 72, 74, 76)[number % 7]
        played.append((start, start + 0.9 * steps * beat / 4, pitch))
        start += steps * beat / 4
    return played


@pytest.mark.parametrize("upbeat", [0, 2, 4])
@pytest.mark.parametrize(("rhythm", "beats"), [(WALTZ * 3, 3), (POLKA * 5, 2), (HYMN * 2, 4)])
@pytest.mark.parametrize("sync", ["auto", "fixed"])
@pytest.mark.parametrize("mode", ["call-response", "continue"])
def test_where_no_metre_is_given_answers_start_on_the_downbeat_that_is_heard(
    mode: Mode, sync: Sync, rhythm: tuple[int, ...], beats: int, upbeat: int
) -> None:
    beat = 0.5
    player = improviser(mode=mode, sync=sync, metre=None)
    first = ons(play(player, as_events(in_rhythm(rhythm, upbeat, beat)), rest=6))[0][0]
    in_bar = (first - 1.0) / beat - upbeat / 4
    assert (in_bar + 0.2) % beats - 0.2 == pytest.approx(0, abs=0.07)


class Told(StubModel):
    """Writes down the bars that it is told, in steps."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: list[int] = []

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        self.bars += [0 if metre is None else int(metre.bar[0])]
        return super().step(tokens, state, metre)


@pytest.mark.parametrize(("metre", "bar"), [(None, 12), (COMMON_TIME, 16)])
@pytest.mark.parametrize("mode", ["call-response", "continue"])
def test_the_model_is_told_the_bar_that_is_heard_unless_one_is_given(
    mode: Mode, metre: TimeSignature | None, bar: int
) -> None:
    told = Told()
    models = Models(ListeningModel(StubModel(), VOCABULARY, SIGNATURES), PlayingModel(told, VOCABULARY))
    player = Improviser(models, Options(mode, seed=1), InputRouting(), Timekeeper(Tempo(120.0), "auto", metre))
    play(player, as_events(in_rhythm(WALTZ * 3, 4, 0.5)), rest=6)
    assert set(told.bars) == {bar}


@pytest.mark.parametrize("metre", [None, COMMON_TIME])
def test_an_answer_at_once_waits_for_no_bar(metre: TimeSignature | None) -> None:
    tune = in_rhythm(WALTZ * 3, 0, 0.5)
    at = tune[-1][1] + 0.05
    events = [*as_events(tune), (at, Control("answer"))]
    first = ons(play(improviser(mode="call-response", sync="auto", metre=metre), events, rest=6))[0][0]
    assert at <= first < at + 0.15


def test_a_metronome_leaves_the_bar_as_it_clicks() -> None:
    clicks = Click(10, 76, 77)
    player = improviser(mode="call-response", metre=None, click=clicks)
    played = [(on - 1.0, off - 1.0, pitch) for on, off, pitch in in_rhythm(WALTZ * 3, 0, 0.5)]
    answers = [time for time, note in ons(play(player, as_events(played), rest=6)) if note.channel == 2]
    assert answers[0] % 2.0 == pytest.approx(0, abs=0.03)
    assert player.listener.grid.barline(player.now) is None
    assert player.snapshot().heard_bar is None


def test_an_even_run_says_nothing_of_the_bar() -> None:
    bar = InferredBar(4)
    for _ in range(96):
        bar = bar.after(1)
    found = bar.guess()
    assert found is not None
    assert found.certainty < 0.6


def test_the_beat_is_worked_out_behind_the_answer_to_a_note_and_not_before_it() -> None:
    listener = Listener(ListeningModel(StubModel(), VOCABULARY), Timekeeper(Tempo(100.0), "auto"), 2)
    for n in range(3):
        listener.note_on(1 + n / 2, 60 + n)
        assert "weights" not in vars(listener.beat)
        listener.finish()
        assert "weights" in vars(listener.beat)
