"""Answers: sampled side by side, and the one that ends best is chosen."""

from dataclasses import replace
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.improviser.answering.bars import Bars, beat_of
from antiphon.improviser.answering.candidates import ROUNDS, Candidates, choose_answer, drawn
from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.motifs import motifs_of
from antiphon.improviser.answering.ranking import MAJOR_TRIAD, MINOR_TRIAD, Answer, chosen, endings, triad_of
from antiphon.improviser.answering.request import CallMelody, Request, copies
from antiphon.melody.context import Context
from antiphon.melody.grid import Note, spell
from antiphon.melody.model import Floats, Metre, StepModel, Tokens

from .stub_model import VOCABULARY, StubModel

QUARTERS = tuple(Note(pitch, 4) for pitch in (60, 62, 64, 65, 67, 69, 71, 72))
"""Two bars of 4/4."""
HOLD, END = VOCABULARY.hold, VOCABULARY.end
NEVER = Request(CallMelody(QUARTERS), 0, 16, constraints=Constraints(lowest=61, highest=63))
"""C sharp, D and E flat close nothing."""


class MetreModel(StubModel):
    """Writes down the metres that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[int, int] | None] = []

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        self.told.append(None if metre is None else (int(metre.position[0]), int(metre.bar[0])))
        return super().step(tokens, state, metre)


def fresh(model: StepModel) -> Context:
    """Return what is expected of a melody's beginning: one row."""
    return Context(*model.step(np.full(1, END, np.int32), model.initial_state(1)))


def answer_to(request: Request, seed: int = 0, count: int = 8) -> Answer:
    model = StubModel()
    return choose_answer(model, VOCABULARY, fresh(model), request, np.random.default_rng(seed), count)


def steps_of(notes: tuple[Note, ...]) -> int:
    return sum(note.steps for note in notes)


def table(*melodies: tuple[Note, ...], then: str = "60") -> Tokens:
    """Candidates as tokens, (step, row), each followed by a symbol."""
    return np.array([[VOCABULARY.tokens[s] for s in [*spell(notes), then]] for notes in melodies], np.int32).T


def best_of(request: Request, tokens: Tokens, bits: list[float] | None = None) -> Answer:
    """Choose among candidates that need so many bits a step."""
    needed = np.broadcast_to(np.array(bits or [1.0] * tokens.shape[1], np.float32), tokens.shape)
    return chosen(request, VOCABULARY, tokens, endings(request, VOCABULARY, tokens, needed))


any_note = st.builds(Note, st.none() | st.integers(48, 84), st.integers(1, 9))
requests = st.builds(
    Request,
    call=st.builds(
        CallMelody,
        st.lists(st.builds(Note, st.none() | st.integers(48, 84), st.integers(1, 9)), min_size=1, max_size=9).map(
            tuple
        ),
        st.integers(0, 15),
    ),
    position=st.integers(0, 15),
    bar=st.sampled_from([0, 6, 8, 12, 16]),
    shortest=st.integers(1, 2),
    longest=st.integers(2, 3),
    constraints=st.builds(
        Constraints,
        lowest=st.integers(30, 60),
        highest=st.integers(64, 90),
        in_scale=st.booleans(),
        longest_rest=st.integers(0, 6),
        repetitions=st.integers(1, 4),
    ),
    semitones=st.integers(-6, 5),
    temperature=st.sampled_from([0.0, 0.3, 1.0, 2.0]),
)


@settings(deadline=None, max_examples=60)
@given(requests, st.integers(0, 99))
def test_an_answer_keeps_to_what_was_asked(request: Request, seed: int) -> None:
    answer = answer_to(request, seed)
    limits, bar = request.constraints, request.bars.length
    assert (
        1
        <= steps_of(answer.notes)
        <= max(request.shortest, min(request.longest, request.call.last_onset // bar + 1)) * bar
    )
    pitches = [note.pitch for note in answer.notes if note.pitch is not None]
    assert all(limits.lowest <= pitch + answer.semitones <= limits.highest for pitch in pitches)
    assert not limits.in_scale or all(pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for pitch in pitches)
    rested = 0
    for note in answer.notes:
        rested = rested + note.steps if note.pitch is None else 0
        assert rested <= limits.longest_rest
    runs = [pitches[start : start + limits.repetitions + 1] for start in range(len(pitches) - limits.repetitions)]
    assert all(len(set(run)) > 1 for run in runs)
    assert answer == answer_to(request, seed)


@settings(deadline=None, max_examples=60)
@given(requests, st.integers(0, 99))
def test_an_answer_that_says_so_closes(request: Request, seed: int) -> None:
    answer, bars = answer_to(request, seed), request.bars
    steps = steps_of(answer.notes)
    if answer.own:
        assert steps in request.places
        assert (bars.position + steps + request.call.upbeat) % bars.length == 0
    if answer.closes:
        last = answer.notes[-1]
        assert answer.own
        assert last.pitch is not None
        assert last.pitch % 12 in (*MAJOR_TRIAD, *MINOR_TRIAD)
        assert (bars.position + steps - last.steps) % bars.length % bars.beat == 0
        assert last.steps >= 4


def test_nearly_all_answers_close() -> None:
    closed = [answer_to(Request(CallMelody(QUARTERS), 0, 16), seed, count=32).closes for seed in range(20)]
    assert sum(closed) >= 19


@given(requests | st.just(NEVER), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_bits_are_the_models_own_belief(request: Request, seed: int) -> None:
    model = StubModel()
    answer = answer_to(request, seed)
    context, bits = fresh(model), 0.0
    symbols = spell(answer.notes)
    for symbol in symbols:
        token = VOCABULARY.tokens[symbol]
        bits -= np.log2(context.probabilities[0, token])
        context = Context(*model.step(np.array([token], np.int32), context.state))
    assert answer.bits == pytest.approx(bits / len(symbols), rel=1e-4)


def test_other_seeds_give_other_answers() -> None:
    assert len({answer_to(Request(CallMelody(QUARTERS), 0, 16), seed).notes for seed in range(8)}) > 4


def test_the_model_is_told_where_each_step_stands() -> None:
    model = MetreModel()
    context = fresh(model)
    model.told.clear()
    request = Request(CallMelody(QUARTERS[:2], upbeat=4), position=12, bar=16)
    candidates = Candidates(model, VOCABULARY, context, request, np.random.default_rng(0), 4)
    while candidates.prepare():
        pass
    assert request.places == (16,)
    assert model.told[:16] == [(step % 16, 16) for step in range(13, 29)]


def test_an_unknown_metre_is_not_told_and_bars_are_counted_from_the_calls_start() -> None:
    model = MetreModel()
    request = Request(CallMelody(QUARTERS, upbeat=4))
    choose_answer(model, VOCABULARY, fresh(model), request, np.random.default_rng(0), 4)
    assert set(model.told) == {None}
    assert request.places == (16, 32)
    assert request.bars == Bars(12, 16, 4)


def test_the_work_is_a_step_of_the_model_at_a_time_and_bounded() -> None:
    model = MetreModel()
    context = fresh(model)
    model.told.clear()
    candidates = Candidates(model, VOCABULARY, context, NEVER, np.random.default_rng(0), 4)
    steps = 1
    while candidates.prepare():
        steps += 1
        assert len(model.told) <= steps
    assert steps == 33 + (ROUNDS - 1) * 17
    assert not candidates.prepare()
    assert not candidates.choose().closes
    assert candidates.choose().candidates == ROUNDS * 4
    rounds = np.split(candidates._all()[0], ROUNDS, axis=1)
    assert all(np.array_equal(rounds[0][:16], each[:16]) for each in rounds)
    assert len({each.tobytes() for each in rounds}) == ROUNDS
    easy = Candidates(model, VOCABULARY, context, replace(NEVER, constraints=Constraints()), np.random.default_rng(0))
    assert sum(1 for _ in iter(easy.prepare, False)) == 32


def test_preparing_step_by_step_gives_the_same_answer() -> None:
    model, request = StubModel(), Request(CallMelody(QUARTERS), 0, 16)
    candidates = Candidates(model, VOCABULARY, fresh(model), request, np.random.default_rng(3), 8)
    while candidates.prepare():
        pass
    assert candidates.choose() == answer_to(request, seed=3)


@pytest.mark.parametrize(
    ("request_", "places"),
    [
        (Request(CallMelody(QUARTERS), 0, 16), (16, 32)),
        (Request(CallMelody(QUARTERS, upbeat=4), 12, 16), (16, 32)),
        (
            Request(CallMelody(QUARTERS, upbeat=4), 0, 16),
            (12, 28),
        ),  # the answer starts on the barline, and leaves the upbeat
        (Request(CallMelody(QUARTERS), 12, 16), (20,)),  # an answer of a beat is none
        (Request(CallMelody(QUARTERS), 0, 16, longest=1), (16,)),
        (Request(CallMelody(QUARTERS[:2]), 0, 16, shortest=2), (32,)),
        (Request(CallMelody((*QUARTERS[:4], Note(60, 30))), 0, 16), (16, 32)),  # a last note that is held too long
        (Request(CallMelody((Note(60, 16), Note(62, 1))), 0, 16), (16, 32)),  # … and one that is short
        (Request(CallMelody(QUARTERS), 0, 12), (12, 24, 36)),
        (Request(CallMelody((Note(None, 4),)), 0, 16), (16,)),
    ],
)
def test_answers_end_where_bars_end_less_the_calls_upbeat(request_: Request, places: tuple[int, ...]) -> None:
    assert request_.places == places


def melody(*notes: tuple[int | None, int]) -> tuple[Note, ...]:
    return tuple(Note(pitch, steps) for pitch, steps in notes)


BAR = Request(CallMelody(melody((67, 8), (65, 8))), 0, 16)
TONIC = melody((62, 8), (60, 8))


@pytest.mark.parametrize(
    "worse",
    [
        melody((62, 8), (62, 8)),  # not of the triad
        melody((62, 8), (67, 8)),  # of the triad, but not the tonic
        melody((62, 6), (60, 10)),  # off the beat
        melody((62, 14), (60, 2)),  # too short
        melody((62, 12), (60, 4)),  # on a weaker beat
        melody((60, 8), (None, 8)),  # a rest
        BAR.call.notes,
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_the_one_that_ends_best_is_chosen(worse: tuple[Note, ...], order: int) -> None:
    found = best_of(BAR, table(*[worse, TONIC][::order]))
    assert (found.notes, found.closes, found.own) == (TONIC, True, True)


def test_a_note_that_the_model_would_hold_on_is_cut_off() -> None:
    cut = best_of(BAR, table(TONIC, then="_"))
    assert (cut.notes, cut.own, cut.closes) == (TONIC, False, False)
    assert best_of(BAR, table(TONIC, then="/")).closes
    assert not best_of(BAR, table(melody((60, 8), (None, 8)))).own


def test_what_goes_on_after_the_songs_end_is_no_answer() -> None:
    tokens = table(TONIC, melody((62, 16)))
    tokens[4, 0] = END
    assert best_of(BAR, tokens).notes == melody((62, 16))


def test_of_those_that_close_one_no_less_likely_than_the_median_is_taken() -> None:
    likely = melody((64, 8), (67, 8))
    tokens = table(TONIC, likely, melody((62, 16)))
    found = best_of(BAR, tokens, [3.0, 1.0, 2.0])
    assert (found.notes, found.bits, found.median_bits) == (likely, 1.0, 2.0)
    assert best_of(BAR, tokens, [1.0, 3.0, 2.0]).notes == TONIC


def test_an_answer_as_long_as_the_call_goes_before_a_shorter_one() -> None:
    request = replace(BAR, call=CallMelody(melody((67, 16), (65, 16))))
    long = melody((62, 12), (60, 4), (62, 8), (64, 8))
    assert best_of(request, table(long)).notes == long
    short = melody((62, 8), (60, 8), (62, 8), (62, 8))
    assert best_of(request, table(short)).notes == TONIC


def test_of_equals_the_first_drawn_is_taken() -> None:
    first, second = melody((65, 8), (60, 8)), TONIC
    assert best_of(BAR, table(first, second), [1.5, 1.0]).notes == second
    assert best_of(BAR, table(first, second)).notes == first
    assert best_of(BAR, table(second, first)).notes == second


def test_of_equals_the_one_that_takes_up_more_of_the_calls_turns_is_taken() -> None:
    call = melody((67, 2), (65, 2), (64, 2), (62, 2), (64, 8))  # down, down, down, up
    request = replace(BAR, call=CallMelody(call))
    stranger = melody((62, 2), (67, 2), (62, 2), (64, 2), (60, 8))
    sequence = melody((65, 2), (64, 2), (62, 2), (64, 2), (60, 8))  # a step lower, its turn from the call
    assert motifs_of(sequence).related_to(motifs_of(call)).intervals == 0.5
    assert best_of(request, table(stranger, sequence)).notes == sequence
    assert best_of(request, table(sequence, stranger)).notes == sequence
    # Ending well comes first: a turn of the call doesn't make up for a last note that isn't the tonic.
    assert best_of(request, table(stranger, (*sequence[:4], Note(62, 8)))).notes == stranger


def test_motifs_are_related_wherever_they_lie_and_not_where_they_differ() -> None:
    motif = melody((60, 4), (62, 2), (64, 2), (60, 4), (67, 4))
    higher = melody((None, 2), *((note.pitch + 5, note.steps) for note in motif if note.pitch))
    same = motifs_of(higher).related_to(motifs_of(motif))
    assert (same.intervals, same.rhythm) == (1.0, 1.0)
    other = motifs_of(melody(*[(60, 8)] * 5)).related_to(motifs_of(motif))
    assert (other.intervals, other.rhythm) == (0.0, 0.0)
    short = motifs_of(motif[:2]).related_to(motifs_of(motif))
    assert (short.intervals, short.rhythm) == (None, None)


def test_a_copy_is_taken_only_where_there_is_nothing_else() -> None:
    copied = replace(BAR, call=CallMelody(TONIC))
    assert best_of(copied, table(TONIC, TONIC)).notes == TONIC
    assert best_of(copied, table(TONIC, melody((62, 8), (62, 8)))).notes == melody((62, 8), (62, 8))


@pytest.mark.parametrize(
    ("notes", "copied"),
    [
        (QUARTERS, True),
        (QUARTERS[:4], True),
        (QUARTERS[4:], True),
        (QUARTERS[2:6], False),
        ((*QUARTERS[:7], Note(60, 4)), False),
        ((*QUARTERS[:3], Note(65, 2), Note(None, 2)), True),
    ],
)
def test_a_copy_repeats_the_call_or_bars_of_it(notes: tuple[Note, ...], copied: bool) -> None:
    assert copies(notes, CallMelody(QUARTERS), 16) == copied


def test_a_call_that_was_held_for_ages_is_compared_at_once() -> None:
    call = CallMelody((Note(60, 10**9), *QUARTERS))
    begun = process_time()
    assert copies(QUARTERS, call, 8)
    assert not copies(QUARTERS[::-1], call, 8)
    assert copies((Note(None, 16),), call, 8)
    assert process_time() - begun < 1


def test_the_mode_is_what_the_candidates_lean_to() -> None:
    assert triad_of(VOCABULARY, table(melody((69, 9), (67, 7)))) == MINOR_TRIAD
    assert triad_of(VOCABULARY, table(melody((69, 7), (67, 9)))) == MAJOR_TRIAD
    minor = best_of(BAR, table(melody((69, 8), (60, 8)), melody((71, 8), (69, 8))))
    assert minor.notes == melody((71, 8), (69, 8))


@pytest.mark.parametrize(
    ("bar", "position", "notes", "beat"),
    [
        (16, 0, QUARTERS, 4),
        (6, 0, QUARTERS, 6),
        (18, 0, QUARTERS, 6),
        (14, 0, QUARTERS, 4),
        (12, 0, melody((60, 4), (62, 4), (64, 4)), 4),
        (12, 0, melody((60, 4), (62, 2), (64, 4), (62, 2)), 6),
        (12, 10, melody((60, 2), (60, 4), (62, 2), (64, 4), (62, 2)), 6),
    ],
)
def test_the_beat_is_a_quarter_or_a_dotted_one(bar: int, position: int, notes: tuple[Note, ...], beat: int) -> None:
    assert beat_of(bar, position, notes) == beat


def test_the_barline_is_strong_the_middle_less() -> None:
    assert Bars(12, 16, 4).strength(np.array([4, 12, 8, 5, 20])).tolist() == [2, 1, 0, -1, 2]
    assert Bars(0, 12, 4).strength(np.array([0, 6, 8])).tolist() == [2, -1, 0]
    assert Bars(0, 12, 6).strength(np.array([0, 6, 8])).tolist() == [2, 1, -1]


def test_draws_follow_the_probabilities_that_are_allowed() -> None:
    probabilities = np.tile(np.array([0.5, 0.3, 0.2], np.float32), (20000, 1))
    allowed = np.ones(probabilities.shape, bool)
    allowed[:, 0] = False

    def shares(temperature: float) -> np.ndarray:
        tokens = drawn(probabilities, allowed, temperature, np.random.default_rng(0))
        return np.bincount(tokens, minlength=3) / len(tokens)

    assert shares(1.0) == pytest.approx([0, 0.6, 0.4], abs=0.02)
    assert shares(0.5) == pytest.approx([0, 9 / 13, 4 / 13], abs=0.02)
    assert shares(0.001).tolist() == shares(0.0).tolist() == [0, 1, 0]


def test_where_the_model_rules_out_what_is_allowed_any_of_it_is_drawn() -> None:
    probabilities = np.tile(np.array([1.0, 0.0, 0.0], np.float32), (1000, 1))
    allowed = np.tile(np.array([False, True, True]), (1000, 1))
    for temperature in (0.0, 1.0):
        assert set(drawn(probabilities, allowed, temperature, np.random.default_rng(0))) <= {1, 2}


def test_an_answer_starts_with_a_note_or_a_rest_of_its_own() -> None:
    model = StubModel()
    candidates = Candidates(model, VOCABULARY, fresh(model), BAR, np.random.default_rng(0), 256)
    candidates.prepare()
    assert not np.isin(candidates._tokens[0], [HOLD, END]).any()
