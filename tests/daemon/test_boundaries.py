"""Where another tune begins though nobody paused: it is heard by what comes, and costs little where none begins."""

import numpy as np
import pytest

from antiphon.improviser.listening import boundaries
from antiphon.improviser.listening.boundaries import Restart
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.lookahead import Prediction
from antiphon.improviser.listening.state import HeardNote
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.context import Context
from antiphon.melody.grid import Tempo
from antiphon.melody.model import Floats, Metre, Tokens
from tests.daemon.stub_model import VOCABULARY

LOW, HIGH = 60, 72
CHANGE = 64
"""Steps after which a tune goes up."""
TUNE = [(LOW, 4)] * 16 + [(HIGH, 4)] * 7 + [(HIGH, 12)]
"""(Pitch, steps)."""


class ModelOfTunes:
    """Expects a tune to be low at first, and high from a step on. Its state is the steps since the tune's beginning."""

    vocabulary_size = len(VOCABULARY)

    def __init__(self) -> None:
        self._rows = np.full((2, len(VOCABULARY)), 0.002, np.float32)
        self._rows[:, VOCABULARY.hold] = 0.6
        for row, pitch in enumerate((LOW, HIGH)):
            self._rows[row, VOCABULARY.pitches[pitch]] = 0.3
        self._rows /= self._rows.sum(axis=1, keepdims=True)

    def initial_state(self, batch: int) -> Floats:
        return np.zeros((batch, 1), np.float32)

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        steps = np.where(tokens == VOCABULARY.end, 0, state[:, 0] + 1)
        return self._rows[(steps > CHANGE).astype(int)], steps[:, None].astype(np.float32)


def hear(tunes: int, keys: tuple[int, ...] = (0,)) -> tuple[Listener, float]:
    """Return who has heard the tune so many times without a pause, and the bits that all notes had."""
    listener = Listener(ListeningModel(ModelOfTunes(), VOCABULARY, keys), Timekeeper(Tempo(120)), None)
    step, start, bits = 60 / 120 / 4, 0.0, 0.0
    for pitch, steps in TUNE * tunes:
        note = listener.note_on(start, pitch)
        bits += note.bits if isinstance(note, HeardNote) else 0
        listener.finish()
        start += steps * step
        listener.note_off(start - step / 4, pitch)
    return listener, bits


@pytest.mark.parametrize("keys", [(0,), (-2, 0, 3)])
def test_a_tune_that_follows_without_a_pause_is_heard_as_one(
    monkeypatch: pytest.MonkeyPatch, keys: tuple[int, ...]
) -> None:
    listener, bits = hear(4, keys)
    once = hear(1, keys)[1]
    # The model reads on in the last tune, which began so many steps ago.
    steps = sum(steps for _, steps in TUNE[:-1])
    assert listener.context.state[0, 0] == pytest.approx(steps + 1, abs=1)
    monkeypatch.setattr(boundaries, "SHORTEST", 1 << 40)
    taken_for_one, all_bits = hear(4, keys)
    assert taken_for_one.context.state[0, 0] > 3 * steps
    assert bits - 4 * once < 0.25 * (all_bits - 4 * once)


def test_it_costs_little_where_no_tune_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundaries, "LONG", 1.0)  # after each note one may begin
    listener, bits = hear(1)
    monkeypatch.setattr(boundaries, "SHORTEST", 1 << 40)
    taken_for_one, all_bits = hear(1)
    notes = len(TUNE) - CHANGE // 4
    assert bits - all_bits < notes * -np.log2(1 - boundaries.PRIOR)
    assert np.array_equal(listener.context.state, taken_for_one.context.state)


def test_a_note_that_is_taken_back_leaves_no_trace_of_a_tune() -> None:
    listener, _ = hear(1)
    before = listener.context
    start = sum(steps for _, steps in TUNE) * 60 / 120 / 4
    listener.note_on(start, LOW)
    listener.note_on(start + 0.01, HIGH + 5)  # the higher note of a chord: the first was none of the melody
    other, _ = hear(1)
    other.note_on(start, HIGH + 5)
    assert np.array_equal(listener.context.state, other.context.state)
    assert not np.array_equal(before.state, other.context.state)


def test_the_two_are_weighed_by_how_well_each_has_expected_what_came() -> None:
    draw = np.random.default_rng(1)
    first, second = (draw.dirichlet(np.ones(len(VOCABULARY)), 2).astype(np.float32) for _ in range(2))
    weight, state = np.array([0.25, 0.5]), np.zeros((2, 1), np.float32)
    restart = Restart(Context(second, state), weight)
    mixed = weight[:, None] * second + (1 - weight[:, None]) * first
    prediction = Prediction(Context(first, state), np.zeros(2), VOCABULARY, restart)
    assert np.allclose(prediction.token_bits, -np.log2(mixed), atol=1e-5)
    after = restart.read(ModelOfTunes(), first, VOCABULARY.hold, None)
    assert after is not None
    assert np.allclose(after.weight, (weight[:, None] * second / mixed)[:, VOCABULARY.hold])
