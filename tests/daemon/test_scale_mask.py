"""Until the key is sure, answers keep to what the likely keys agree on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.scale_mask import FEWEST, ScaleMask, agreed_classes
from antiphon.improviser.answering.style import Style
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.parameters import Mode
from tests.daemon.players import improviser, ons, play
from tests.daemon.stub_model import VOCABULARY

TRANSPOSITIONS = np.array([transposition(sharps) for sharps in SIGNATURES], np.intp)


def belief(**sharps: float) -> np.ndarray:
    found = np.full(12, (1 - sum(sharps.values())) / (12 - len(sharps)))
    for name, share in sharps.items():
        found[SIGNATURES.index({"C": 0, "G": 1, "F": -1, "D": 2}[name])] = share
    return found


def test_what_two_keys_disagree_on_is_left_out() -> None:
    assert agreed_classes(belief(C=0.5, G=0.5), TRANSPOSITIONS) == {0, 2, 4, 7, 9, 11}
    assert agreed_classes(belief(F=0.3, C=0.4, G=0.3), TRANSPOSITIONS) == {0, 2, 4, 7, 9}
    assert agreed_classes(belief(C=0.96, D=0.02), TRANSPOSITIONS) == {0, 2, 4, 5, 7, 9, 11}
    assert agreed_classes(belief(C=0.99), TRANSPOSITIONS) is None  # sure: what is chromatic in C may come as well


@given(st.lists(st.floats(0.001, 1), min_size=12, max_size=12).map(np.array))
def test_something_is_always_agreed_on(weights: np.ndarray) -> None:
    found = agreed_classes(weights / weights.sum(), TRANSPOSITIONS)
    assert found is None or len(found) >= FEWEST


def test_hold_and_rest_keep_their_share() -> None:
    probabilities = np.random.default_rng(1).random((3, len(VOCABULARY))).astype(np.float32)
    found = ScaleMask(VOCABULARY, frozenset({0, 7}), semitones=2).weighed(probabilities)
    assert (found[:, VOCABULARY.hold] == probabilities[:, VOCABULARY.hold]).all()
    assert found.sum() == pytest.approx(probabilities.sum(), rel=1e-5)
    likely = VOCABULARY.pitch_numbers[(found[0] > 1e-4)[VOCABULARY.pitch_tokens]]
    assert set(((likely + 2) % 12).tolist()) == {0, 7}


CALL = (60, 62, 64, 67, 69, 67)
"""Of C, F and G major."""


@pytest.mark.parametrize("seed", range(5))
def test_no_first_answer_is_from_another_key(seed: int) -> None:
    player = improviser(seed=seed)
    for n, pitch in enumerate(CALL):
        answers = player.receive(0.5 * n, NoteOn(pitch, 80, 1))
        agreed = agreed_classes(player._listener.key_posterior.shown, TRANSPOSITIONS)
        assert agreed is not None
        assert {note.pitch % 12 for _, note in ons(answers)} <= agreed
        player.receive(0.5 * n + 0.45, NoteOff(pitch, 1))


@pytest.mark.parametrize("mode", ["continue", "call-response"])
@pytest.mark.parametrize("seed", range(3))
def test_nor_is_a_note_of_a_first_answer(mode: Mode, seed: int) -> None:
    player = improviser(mode=mode, seed=seed)
    call = [(0.5 * n, NoteOn(pitch, 80, 1)) for n, pitch in enumerate(CALL)]
    ends = [(time + 0.45, NoteOff(event.pitch, 1)) for time, event in call]
    answer = ons(play(player, sorted([*call, *ends], key=lambda each: each[0])))
    agreed = agreed_classes(player._listener.key_posterior.shown, TRANSPOSITIONS)
    assert agreed is not None
    assert len(answer) > 3
    assert {note.pitch % 12 for _, note in answer} <= agreed


def test_a_range_that_holds_nothing_else_goes_before() -> None:
    style = Style(constraints=Constraints(lowest=61, highest=61))
    played = ons(play(improviser(style=style), [(0.0, NoteOn(60, 80, 1)), (0.4, NoteOff(60, 1))]))
    assert [note.pitch for _, note in played] == [61]
