import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest import approx

from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import HeardNote
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.melody.keys import SIGNATURES
from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import ODE_IN_E_FLAT, ODE_TO_JOY, Tune, events, transposed

BPM = 120.0
BEAT = 60 / BPM


def listener(signatures: tuple[int, ...] = SIGNATURES, phrase_silence: float = 2) -> Listener:
    return Listener(ListeningModel(StubModel(), VOCABULARY, signatures), Timekeeper(Tempo(BPM)), phrase_silence)


def hear(tune: Tune, hearing: Listener | None = None, legato: float = 0.9, bpm: float = BPM) -> list[HeardNote]:
    hearing = hearing or listener()
    heard = []
    for time, event in events(tune, bpm, legato):
        if isinstance(event, NoteOn):
            heard.append(hearing.note_on(time, event.pitch))
        else:
            assert hearing.note_off(time, event.pitch) is None
    assert all(isinstance(note, HeardNote) for note in heard)
    return [note for note in heard if isinstance(note, HeardNote)]


@pytest.mark.parametrize("semitones", range(-6, 6))
def test_a_tune_is_heard_in_its_key(semitones: int) -> None:
    heard = hear(transposed(ODE_TO_JOY, semitones))
    assert {(7 * note.sharps - semitones) % 12 for note in heard[15:]} == {0}
    assert len({int(note.symbol) - pitch for note, (pitch, _) in zip(heard[15:], ODE_TO_JOY[15:], strict=True)}) == 1
    assert [note.pitch for note in heard] == [pitch + semitones for pitch, _ in ODE_TO_JOY]


@pytest.mark.parametrize("legato", [0.3, 0.7, 1.0])
def test_steps_are_counted_from_onset_to_onset(legato: float) -> None:
    heard = hear(ODE_TO_JOY, legato=legato)
    assert [note.step for note in heard][:5] == [0, 4, 8, 12, 16]
    assert heard[-1].step == 4 * 30  # the last note starts at beat 30


@pytest.mark.parametrize("steps_per_beat", [2, 8])
def test_a_model_on_another_grid_counts_its_own_steps(steps_per_beat: int) -> None:
    tempo = Tempo(BPM, steps_per_beat=steps_per_beat)
    hearing = Listener(ListeningModel(StubModel(), VOCABULARY), Timekeeper(tempo), phrase_silence=2)
    heard = hear(ODE_TO_JOY, hearing)
    assert [note.step for note in heard][:4] == [0, *(steps_per_beat * beats for beats in (1, 2, 3))]


@given(st.lists(st.integers(1, 24), min_size=1, max_size=20), st.floats(0.93, 1.07))
@example([2, 1], 1.0)
def test_a_slightly_wrong_tempo_does_not_slip(steps: list[int], wrong: float) -> None:
    # Each length is rounded on its own, so only the error within one note counts: 24 steps * 2 % < half a step.
    wrong = 1 + (wrong - 1) * 0.25
    heard = hear([(60, n / 4) for n in steps] + [(60, 1)], bpm=BPM * wrong, legato=1.0)
    assert [b.step - a.step for a, b in itertools.pairwise(heard)] == steps


def test_a_gap_shorter_than_a_beat_counts_as_held() -> None:
    costs = []
    for legato in (1.0, 0.3, 0.26):  # of four beats: 2.8 and 2.96 beats of silence
        heard = hear([(60, 1), (62, 4), (64, 1)], listener((0,), phrase_silence=8), legato=legato)
        costs.append(heard[-1].bits)
    # fifteen holds and a pitch; or, with a rest, a hold for each step but one, an `r`, and the same pitch
    assert costs[0] != approx(costs[1])
    short = hear([(60, 1), (62, 1), (64, 1)], listener((0,)), legato=0.25)
    long = hear([(60, 1), (62, 1), (64, 1)], listener((0,)), legato=1.0)
    assert short[-1].bits == approx(long[-1].bits)


def test_the_bits_are_those_of_each_symbol_on_the_way() -> None:
    model = StubModel()
    heard = hear([(60, 1), (62, 1)], listener((0,)), legato=1.0)
    _, state = model.step([VOCABULARY.end], model.initial_state(1))
    probabilities, state = model.step([VOCABULARY.tokens["60"]], state)
    expected = -sum(
        map(math.log2, [*[probabilities[0, VOCABULARY.hold]] * 3, probabilities[0, VOCABULARY.tokens["62"]]])
    )
    assert heard[1].bits == approx(expected, abs=1e-5)


def test_of_a_chord_the_highest_note_is_the_melody() -> None:
    """All is as if it had been played alone, but for the key, which the lower notes are evidence of."""
    alone = hear([(60, 1), (67, 1), (65, 1)], listener((0,)))
    hearing = listener((0,))
    hearing.note_on(0.0, 60)
    hearing.note_off(0.4, 60)
    first = hearing.note_on(0.5, 64)
    assert first is not None
    assert not first.replaces
    assert hearing.note_on(0.51, 60) is None  # lower
    top = hearing.note_on(0.525, 67)
    assert top is not None
    assert top.replaces
    assert (top.symbol, top.step, top.bits) == (alone[1].symbol, alone[1].step, approx(alone[1].bits))
    assert hearing.note_on(0.529, 65) is None
    hearing.note_off(0.9, 67)
    after = hearing.note_on(1.0, 65)
    assert after is not None
    assert (after.step, after.bits) == (alone[2].step, approx(alone[2].bits))


def test_a_lower_note_later_than_a_chord_is_melody() -> None:
    hearing = listener()
    hearing.note_on(0.0, 67)
    hearing.note_off(0.03, 67)
    assert hearing.note_on(0.031, 60) is not None
    hearing.note_on(1.0, 67)
    assert hearing.note_on(1.051, 60) is not None


@pytest.mark.parametrize("octaves", [-4, -3, -2, 2, 3, 4])
def test_one_octave_shift_a_phrase_brings_playing_into_the_vocabulary(octaves: int) -> None:
    hearing = listener((0,))
    heard = hear(transposed(ODE_TO_JOY, 12 * octaves), hearing)
    steps = [int(note.symbol) - note.pitch for note in heard]
    assert len(set(steps)) == 1
    assert steps[0] % 12 == 0
    assert int(heard[-1].symbol) + hearing.semitones == heard[-1].pitch


def test_what_still_falls_outside_is_folded_alone() -> None:
    heard = hear([(72, 1), (96, 1), (74, 1)], listener((0,)))
    assert [note.symbol for note in heard] == ["72", "84", "74"]


def test_the_register_is_found_anew_in_each_phrase() -> None:
    hearing = listener((0,))
    hear([(36, 1), (40, 1)], hearing)
    assert hearing.semitones in (-12, -24)
    hearing.note_on(10.0, 72)
    assert hearing.semitones == 0


def test_silence_after_a_phrase_is_not_counted() -> None:
    def steps_after(seconds: float) -> int:
        hearing = listener()
        hearing.note_on(0.0, 60)
        hearing.note_off(0.5, 60)
        note = hearing.note_on(0.5 + seconds, 62)
        assert note is not None
        return note.step

    assert steps_after(0.5) == 8
    assert steps_after(1.0) == steps_after(1000.0) == 4 + 8


def test_a_stuck_key_is_not_counted_for_ever() -> None:
    hearing = listener()
    hearing.note_on(0.0, 60)
    note = hearing.note_on(1e6, 62)
    assert note is not None
    assert note.step == 64


def test_looking_ahead_changes_nothing_but_ends() -> None:
    plain, ahead = listener(), listener()
    for time, event in events(ODE_IN_E_FLAT, BPM, 0.6):
        ahead.advance(time)
        if isinstance(event, NoteOn):
            assert plain.note_on(time, event.pitch) == ahead.note_on(time, event.pitch)
        else:
            plain.note_off(time, event.pitch)
            ahead.note_off(time, event.pitch)
    for _ in range(200):
        due = ahead.next_time()
        if due is None:
            break
        ahead.advance(due)
    assert ahead.next_time() is None  # an idle daemon has nothing to do


def test_a_tempo_change_counts_from_its_moment_on() -> None:
    time = Timekeeper(Tempo(BPM))
    hearing = Listener(ListeningModel(StubModel(), VOCABULARY), time, phrase_silence=2)
    hearing.note_on(0.0, 60)
    time.change_tempo(BEAT, 2 * BPM)
    note = hearing.note_on(2 * BEAT, 62)
    assert note is not None
    assert note.step == 4 + 8


@pytest.mark.parametrize(("pause", "begins"), [(7.0, False), (9.0, True)])
def test_after_a_long_silence_another_tune_begins(pause: float, begins: bool) -> None:
    def of_one_key() -> Listener:
        listening = ListeningModel(StubModel(), VOCABULARY, (0,))
        return Listener(listening, Timekeeper(Tempo(BPM)), 2, tune_silence=8)

    tune: Tune = [(72, 1), (71, 1), (69, 2)]
    first = hear(tune, of_one_key())
    again = hear([*ODE_TO_JOY[:-1], (60, 1 + pause)], hearing := of_one_key(), legato=1 / (1 + pause))
    start = sum(beats for _, beats in ODE_TO_JOY[:-1]) * BEAT + (1 + pause) * BEAT
    heard = [note for time, event in events(tune) if (note := _move(hearing, start + time, event)) is not None]
    assert len(again) == len(ODE_TO_JOY)
    assert ([note.bits for note in heard] == [note.bits for note in first]) == begins
    assert [note.step - heard[0].step for note in heard] == [0, 4, 8]


def test_the_improvisers_own_notes_are_no_silence() -> None:
    listening = ListeningModel(StubModel(), VOCABULARY, (0,))
    silent, answered = (Listener(listening, Timekeeper(Tempo(BPM)), 2, tune_silence=8) for _ in range(2))
    bits = []
    for hearing in (silent, answered):
        hear([(60, 1)], hearing)
        hearing.own_until = 4.0 if hearing is answered else 0.0
        note = hearing.note_on(6.0, 72)
        assert isinstance(note, HeardNote)
        bits.append(note.bits)
    assert bits[0] != bits[1]


def _move(hearing: Listener, time: float, event: NoteOn | NoteOff) -> HeardNote | None:
    if isinstance(event, NoteOff):
        hearing.note_off(time, event.pitch)
        return None
    note = hearing.note_on(time, event.pitch)
    assert isinstance(note, HeardNote)
    return note
