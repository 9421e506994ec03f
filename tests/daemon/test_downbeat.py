"""Where a phrase began in its bar, by a model that likes notes to start on barlines, and then on beats."""

import numpy as np
import pytest

from antiphon.improviser.tempo.downbeat import find_downbeat
from antiphon.melody.model import Floats, Metre, Tokens
from tests.daemon.stub_model import VOCABULARY

BAR, BEAT = 16, 4


class MetricModel:
    """Its state is the position of the step that it was told to predict."""

    vocabulary_size = len(VOCABULARY)

    def initial_state(self, batch: int) -> Floats:
        return np.zeros((batch, 1), np.float32)

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        assert metre is not None
        position = metre.position
        starts = np.where(position == 0, 0.9, np.where(position % BEAT == 0, 0.5, 0.1)).astype(np.float32)
        probabilities = np.zeros((len(tokens), len(VOCABULARY)), np.float32)
        probabilities[:, VOCABULARY.pitch_tokens] = (starts / len(VOCABULARY.pitch_tokens))[:, None]
        probabilities[:, VOCABULARY.hold] = 1 - starts
        return probabilities, position[:, None].astype(np.float32)


@pytest.mark.parametrize("upbeat", [0, 2, 4, 8])
def test_the_downbeat_is_where_the_long_notes_start(upbeat: int) -> None:
    lengths = [*([upbeat] if upbeat else []), 16, 16, 16, 16 - upbeat]
    tokens = [token for length in lengths for token in (VOCABULARY.pitches[60], *[VOCABULARY.hold] * (length - 1))]
    found = find_downbeat(MetricModel(), VOCABULARY, np.array(tokens, np.int32), BAR, BEAT)
    assert found.position == -upbeat % BAR
    assert found.context.state.tolist() == [[(found.position + len(tokens)) % BAR]]


def test_before_anything_speaks_the_usual_place_is_believed() -> None:
    found = find_downbeat(MetricModel(), VOCABULARY, np.array([VOCABULARY.pitches[60]], np.int32), BAR, BEAT)
    assert found.position in (0, BAR - BEAT)
