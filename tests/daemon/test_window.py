import numpy as np

from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.melody.model import Floats, Metre, Tokens
from antiphon.melody.window import HELD, RESTED, context_of
from antiphon.midi.messages import NoteOn
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import events


class Window:
    """Remembers the last six tokens and predicts nothing in particular."""

    vocabulary_size = len(VOCABULARY)

    def initial_state(self, batch: int) -> Floats:
        return np.full((batch, 6), VOCABULARY.end, np.float32)

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        assert len(tokens) == 1
        after = np.concatenate([state[:, 1:], tokens[:, None]], axis=1).astype(np.float32)
        return np.full((1, len(VOCABULARY)), 1 / len(VOCABULARY), np.float32), after


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
