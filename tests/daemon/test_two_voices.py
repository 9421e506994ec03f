"""A second voice fits to the performer's notes, as species counterpoint has it, where harmony counts."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from antiphon.improviser.answering.style import Style
from antiphon.improviser.answering.two_voices import CLASHES, TENTH, Counterpart, Pair, SecondVoice, fitted, weights
from antiphon.improviser.input.controls import Control
from antiphon.improviser.modes import Turn
from antiphon.improviser.output.sounding import SHORTEST_NOTE
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.musician import load_musician
from antiphon.settings import read_settings, session_settings
from tests.daemon.players import BPM, STEP, check_sounding, improviser, ons, play
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import ODE_TO_JOY, events

SECOND_VOICE = Style(harmony=1.0)
ODE = list(events(ODE_TO_JOY * 2, BPM))
PITCHES = np.arange(36, 97)


def weight(own: int, hers: int, counterpart: Counterpart) -> float:
    return float(weights(np.array([own]), np.array([hers]), counterpart)[0, 0])


def test_consonances_count_in_the_order_of_the_species_and_dissonances_next_to_nothing() -> None:
    new = Counterpart(60, Pair())
    third, fifth, octave, unison, fourth, tritone = (weight(60 - each, 60, new) for each in (4, 7, 12, 0, 5, 6))
    assert third > fifth > octave > unison > fourth > 10 * tritone > 0
    assert weight(60 - 3, 60, new) == third and weight(60 - TENTH, 60, new) == third
    assert weight(60 - 19, 60, new) < 0.05 * fifth  # a twelfth is a fifth too far away


def test_perfect_intervals_don_t_run_in_parallel_and_contrary_motion_is_welcome() -> None:
    after_a_fifth = Counterpart(62, Pair(hers=60, own=53))
    assert weight(55, 62, after_a_fifth) < 0.02 * weight(59, 62, after_a_fifth)
    after_a_third = Counterpart(62, Pair(hers=60, own=57))
    down, up = weight(54, 62, after_a_third), weight(59, 62, after_a_third)
    assert down > up  # a sixth below that is reached in contrary motion, a third in parallel


def test_a_dissonance_passes_on_a_weak_step_by_step_and_leaves_by_step() -> None:
    strong = Counterpart(62, Pair(hers=64, own=61))
    weak = replace(strong, is_strong=False)
    assert weight(60, 62, weak) > 5 * weight(60, 62, strong)
    assert weight(52, 62, weak) == weight(52, 62, strong)  # a leap
    dissonant = Counterpart(64, Pair(hers=62, own=60))
    assert weight(52, 64, dissonant) < 0.2 * weight(52, 64, replace(dissonant, pair=Pair(hers=62, own=59)))


def test_when_a_note_starts_and_whether_one_rests_stay_the_model_s() -> None:
    model = StubModel()
    probabilities = model.step(np.array([VOCABULARY.pitches[60]]), model.initial_state(1))[0][0]
    for moves in (False, True):
        voice = SecondVoice(VOCABULARY, Counterpart(60, Pair(), moves=moves), 0, 1.0)
        weighed = voice.weighed(probabilities)
        special = [VOCABULARY.hold, VOCABULARY.rest, VOCABULARY.end]
        assert weighed[special] == pytest.approx(probabilities[special])
        assert weighed.sum() == pytest.approx(probabilities.sum())
        assert (weighed[VOCABULARY.pitches[60]] < probabilities[VOCABULARY.pitches[60]]) and (weighed >= 0).all()


def test_a_note_that_clashes_is_seldom_drawn_however_sure_the_model_is_of_it() -> None:
    # As where it has heard the tune before: it knows the next note, which is a step from the one that sounds.
    probabilities = np.full(len(VOCABULARY), 1e-6, np.float32)
    thirds = [VOCABULARY.pitches[pitch] for pitch in (57, 64)]
    probabilities[thirds], probabilities[VOCABULARY.pitches[62]] = 1e-4, 0.999
    weighed = SecondVoice(VOCABULARY, Counterpart(60, Pair()), 0, 1.0).weighed(probabilities)
    assert weighed[VOCABULARY.pitches[62]] < 0.2 < weighed[thirds].sum()


def test_a_tune_that_is_known_by_heart_still_gets_a_second_voice() -> None:
    # The model that ships, with its memory: the fourth time it is nearly sure of each note to come.
    musician = load_musician(read_settings(None, {"play": {"key": "C", "bpm": BPM, "seed": 1}}))
    player = musician.improviser(BPM, 0.0, 2)
    heard = list(events([*ODE_TO_JOY, *ODE_TO_JOY, *ODE_TO_JOY, *ODE_TO_JOY], BPM))
    messages = [message for time, event in heard for message in player.receive(time, event)]
    together = clashing = 0.0
    mine = spans([(timed.time, timed.message) for timed in messages])
    for start, end, pitch in spans(heard)[-len(ODE_TO_JOY) :]:
        for other_start, other_end, other in mine:
            seconds = max(0.0, min(end, other_end) - max(start, other_start))
            together += seconds
            clashing += seconds * (abs(pitch - other) % 12 in CLASHES)
    assert together > 0
    assert clashing < 0.2 * together


def spans(came: Sequence[tuple[float, object]]) -> list[tuple[float, float, int]]:
    """Return when each note started and ended, and its pitch, in the order of their ends."""
    began: dict[int, float] = {}
    found = []
    for time, event in came:
        if isinstance(event, NoteOn):
            began.setdefault(event.pitch, time)
        elif isinstance(event, NoteOff) and event.pitch in began:
            found.append((began.pop(event.pitch), time, event.pitch))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_each_note_is_answered_with_one_that_fits(seed: int) -> None:
    messages = play(improviser(seed, style=SECOND_VOICE), ODE)
    own = {time: note.pitch for time, note in ons(messages)}
    pairs = [(note.pitch, own[time]) for time, note in ODE if isinstance(note, NoteOn)]
    intervals = [abs(hers - own) for hers, own in pairs]
    assert sum(each % 12 in CLASHES for each in intervals) <= 0.1 * len(pairs)
    assert sum(each == 0 for each in intervals) <= 0.2 * len(pairs)
    assert max(intervals) <= TENTH
    perfect = [each % 12 if each % 12 in (0, 7) else None for each in intervals]
    moves = [(b[0] - a[0]) * (b[1] - a[1]) > 0 for a, b in pairwise(pairs)]
    assert not any(
        is_similar and one is not None and one == two
        for one, two, is_similar in zip(perfect, perfect[1:], moves, strict=False)
    )


def test_what_is_prepared_is_what_would_be_drawn() -> None:
    player = improviser(style=SECOND_VOICE)
    messages = []
    for time, event in ODE:
        messages += player.receive(time, event)
        for _ in range(40):
            player.prepare()
    messages += player.advance(ODE[-1][0] + 10) + player.close(ODE[-1][0] + 10)
    assert messages == play(improviser(style=SECOND_VOICE), ODE)
    assert messages != play(improviser(), ODE)


def test_at_its_own_moment_too_it_clashes_less() -> None:
    def clashes(style: Style) -> float:
        return sum(_clashing_time(play(improviser(seed, when="onset", style=style), ODE)) for seed in range(4))

    assert clashes(SECOND_VOICE) < 0.4 * clashes(Style())


def _clashing_time(messages: list) -> float:  # type: ignore[type-arg]
    """Return for how many sixteenths the Ode and an answer are a dissonance."""
    steps = np.arange(ODE[0][0] + STEP / 2, ODE[-1][0], STEP)
    hers, own = (_pitches_at(steps, pairs) for pairs in (ODE, [(each.time, each.message) for each in messages]))
    return sum(bool(one and other) and abs(one - other) % 12 in CLASHES for one, other in zip(hers, own, strict=True))


def _pitches_at(times: np.ndarray, pairs: list) -> list[int]:  # type: ignore[type-arg]
    """Return the pitch that sounds at each moment; 0 where none does."""
    found = []
    for moment in times:
        down = 0
        for time, message in pairs:
            if time > moment:
                break
            down = message.pitch if isinstance(message, NoteOn) else 0 if message.pitch == down else down
        found.append(down)
    return found


def test_a_note_that_the_performer_s_next_one_clashes_with_ends() -> None:
    def until(seed: int, interval: int) -> float:
        player = improviser(seed, style=SECOND_VOICE)
        answer = ons(player.receive(0.0, NoteOn(60, 80, 1)))[0][1]
        player.receive(0.0, Control("density", 0.0))  # the next note has no answer that would end this one
        player.advance(0.01)
        messages = player.receive(0.1, NoteOn(answer.pitch + interval, 80, 1)) + player.advance(9.0)
        return next(each.time for each in messages if each.message == NoteOff(answer.pitch, 2))

    assert all(until(seed, 1) <= 0.1 + SHORTEST_NOTE for seed in range(8))
    assert any(until(seed, 4) > 0.1 + SHORTEST_NOTE for seed in range(8))


@pytest.mark.parametrize("mode", ["call-response", "continue"])
def test_an_answer_that_is_held_fits_to_what_is_played_over_it(mode: str) -> None:
    def pitches(harmony: float) -> list[int]:
        player = improviser(mode=mode, style=Style(harmony=harmony))  # type: ignore[arg-type]
        for time, event in ODE:
            player.receive(time, event)
        player.receive(ODE[-1][0], Control("hold", True))
        while player.turn is not Turn.ANSWERING:
            player.advance(player.next_time() or 0.0)
        now = player.now
        messages = player.receive(now, NoteOn(59, 80, 1)) + player.advance(now + 6) + player.close(now + 6)
        check_sounding([each for each in messages if isinstance(each.message, NoteOn | NoteOff)])
        return [note.pitch for _, note in ons(messages)]

    assert any(abs(59 - own) % 12 in CLASHES for own in pitches(0.0))
    assert not any(abs(59 - own) % 12 in CLASHES for own in pitches(1.0))


def test_a_planned_note_is_moved_no_farther_than_it_must() -> None:
    scale = np.array([48, 50, 52, 53, 55, 57, 59, 60, 62, 64, 65, 67])
    assert fitted(64, scale, Counterpart(60, Pair()), 1.0) == 64
    assert fitted(62, scale, Counterpart(60, Pair()), 1.0) == 64
    assert fitted(62, np.array([], np.intp), Counterpart(60, Pair()), 1.0) == 62


def test_beside_a_left_hand_the_sharpest_dissonances_with_it_count_less() -> None:
    alone = Counterpart(72, Pair())
    beside = replace(alone, beside=(48,))
    counts = weights(PITCHES, np.array([72]), beside) / weights(PITCHES, np.array([72]), alone)
    assert set(PITCHES[counts[0] < 1] % 12) == {11, 1}


def test_a_recording_from_before_harmony_renders_without_it() -> None:
    assert session_settings({"settings": {"play": {"mode": "next-note"}}}, {}).play.harmony == 0
    assert session_settings({"settings": {"play": {"harmony": 0.5}}}, {}).play.harmony == 0.5
