import numpy as np
import pytest

from antiphon.improviser.answering.opening import Openings
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import ListeningModel, Models, PlayingModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.context import read_on
from antiphon.melody.grid import Tempo
from antiphon.melody.model import Floats, Metre, Tokens
from antiphon.melody.vocabulary import Vocabulary, vocabulary_of
from antiphon.melody.window import HELD, RESTED, context_of
from antiphon.midi.messages import NoteOn
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import events


class Window:
    """Remembers the last six tokens and predicts nothing in particular."""

    def __init__(self, vocabulary: Vocabulary = VOCABULARY) -> None:
        self._end, self.vocabulary_size = vocabulary.end, len(vocabulary)

    def initial_state(self, batch: int) -> Floats:
        return np.full((batch, 6), self._end, np.float32)

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        assert len(tokens) == 1
        after = np.concatenate([state[:, 1:], tokens[:, None]], axis=1).astype(np.float32)
        return np.full((1, self.vocabulary_size), 1 / self.vocabulary_size, np.float32), after


def symbols(line: list[int]) -> list[str]:
    (state,) = context_of(Window(), VOCABULARY, line).state
    return [VOCABULARY.symbols[int(token)] for token in state]


def test_a_melody_becomes_a_window() -> None:
    assert symbols([60]) == ["/", "/", "/", "/", "/", "60"]
    assert symbols([60, HELD, 62, RESTED]) == ["/", "/", "60", "_", "62", "r"]
    assert symbols([57, HELD, 60, HELD, HELD, 62, HELD, 64]) == ["60", "_", "_", "62", "_", "64"]


def test_a_listener_keeps_the_melody_as_a_line_in_the_models_key() -> None:
    hearing = Listener(ListeningModel(StubModel(), VOCABULARY, (2,)), Timekeeper(Tempo(60)), phrase_silence=8)
    for time, event in events([(62, 0.5), (64, 2), (66, 1)], 60, 0.4):
        if isinstance(event, NoteOn):
            hearing.note_on(time, event.pitch)
        else:
            hearing.note_off(time, event.pitch)
    assert hearing.line == [60, HELD, 62, HELD, HELD, RESTED, HELD, HELD, HELD, HELD, 64]


@pytest.mark.parametrize("lowest", [48, 52, 60])
def test_what_was_learned_is_mixed_into_what_a_window_model_plays(lowest: int) -> None:
    vocabulary = vocabulary_of(map(str, range(lowest, lowest + 30)))
    models = Models(
        ListeningModel(StubModel(), VOCABULARY, (0,)), PlayingModel(Window(vocabulary), vocabulary, knows_metre=False)
    )
    time = Timekeeper(Tempo(60))
    hearing = Listener(models.listening, time, phrase_silence=8)
    hearing.memory.share = 1.0
    openings = Openings(models, hearing, time)
    for moment, event in events([(62, 1), (64, 1), (67, 1)] * 8 + [(62, 1), (64, 1)], 60):
        if isinstance(event, NoteOn):
            hearing.note_on(moment, event.pitch)
            hearing.finish()
        else:
            hearing.note_off(moment, event.pitch)
    context = openings.context()
    for _ in range(3):
        context = read_on(models.playing.model, context, np.array([vocabulary.hold]))
    (likely,) = context.probabilities
    assert likely.sum() == pytest.approx(1, abs=1e-4)
    assert vocabulary.symbols[int(likely.argmax())] == "67"
    assert likely[vocabulary.tokens["67"]] > 0.5
    outside = [vocabulary.tokens[str(pitch)] for pitch in range(85, lowest + 30)]
    assert np.allclose(likely[outside], 1 / len(vocabulary), atol=1e-5)
    hearing.memory.share = 0.0
    assert np.allclose(openings.context().probabilities, 1 / len(vocabulary))
