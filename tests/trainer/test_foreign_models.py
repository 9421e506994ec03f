"""Anyone's Keras model: files of Keras 2 and 3, other layers, windows, and pairs that don't belong together.

`keras2/` holds small files that Keras 2 itself wrote; its README says how.
"""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon.melody.bundle import Bundle, read_bundle
from antiphon.melody.model import LiteModel
from antiphon.midi.messages import NoteOn
from antiphon.musician import load_musician
from antiphon.offline.rendering import render
from antiphon.recording.performance_file import read_performance
from antiphon.settings import read_settings
from tests.daemon.midi_files import save_tune
from tests.daemon.tunes import ODE_IN_E_FLAT

from .conftest import Workplace

FILES = Path(__file__).parent / "keras2"
MAPPING = FILES / "mapping.json"
SIZE = 20


def convert(place: Workplace, model: object, *options: object) -> Bundle:
    place.succeeds("convert", model, "--mapping", MAPPING, "--out", "mine", *options)
    return read_bundle(place.path / "mine")


def refuse(place: Workplace, model: object, *options: object) -> str:
    message = place.refuses("convert", model, "--mapping", MAPPING, "--out", "mine", *options)
    assert not (place.path / "mine").exists()
    return message


@pytest.mark.parametrize(
    ("file", "context", "size"),
    [
        ("tutorial-2.8.h5", "stream", 8),
        ("gru-2.8.h5", "stream", 4),
        ("both_ways-2.8.h5", "window", 16),
        ("gru_before-2.15.keras", "stream", 8),
        ("stacked-2.15.h5", "stream", 16),
    ],
)
def test_a_file_of_keras_2_becomes_a_bundle_that_makes_sense_of_tunes(
    workplace: Workplace, file: str, context: str, size: int
) -> None:
    manifest = convert(workplace, FILES / file).manifest
    assert (manifest.context, manifest.state_size) == (context, size)
    assert manifest.parity["largest_difference"] <= 1e-4
    assert 0.3 < manifest.parity["keras_bits_a_step"] < 1.8
    assert manifest.parity["melodies"] == "13 old tunes and 4 melodies of the model's own"


def test_a_window_bundle_sees_its_window_and_nothing_else(workplace: Workplace) -> None:
    bundle = convert(workplace, FILES / "stacked-2.15.h5", "--context", "window", "--quantize", "int8")
    model = LiteModel(bundle)
    assert model.initial_state(1).tolist() == [[bundle.vocabulary.end] * 16]
    random = np.random.default_rng(1)
    line = random.integers(0, SIZE, 16).astype(np.int32)

    def after(tokens: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        state = model.initial_state(1)
        for token in tokens:
            predicted, state = model.step(np.array([token], np.int32), state)
        assert state.tolist() == [list(line)]
        return predicted

    once = after(line)
    np.testing.assert_array_equal(once, after(np.concatenate([line[::-1], line])))
    assert once.shape == (1, SIZE)


def test_what_was_measured_is_said_and_so_is_the_line_that_plays(workplace: Workplace) -> None:
    convert_it = ("convert", FILES / "stacked-2.15.h5", "--mapping", MAPPING, "--out", "mine")
    streaming = workplace.succeeds(*convert_it)
    assert "bits per step as a stream" in streaming
    assert streaming.endswith("play it  antiphon run --model mine\n")
    by_window = (*convert_it, "--context", "window")
    assert "'essen' listens for the key" in workplace.succeeds(*by_window)


def test_a_window_bundle_plays_and_essen_listens_for_the_key(workplace: Workplace) -> None:
    convert(workplace, FILES / "both_ways-2.8.h5")
    musician = load_musician(read_settings(None, {"play": {"model": str(workplace.path / "mine"), "seed": 1}}))
    save_tune(workplace.path / "ode.mid", ODE_IN_E_FLAT)
    duet = render(musician, read_performance(workplace.path / "ode.mid"), None, 2)
    assert duet.heard[-1].sharps == -3
    answers = [answer.message.pitch % 12 for answer in duet.answer if isinstance(answer.message, NoteOn)]
    assert sum(pitch in (0, 2, 3, 5, 7, 8, 10) for pitch in answers[8:]) >= 0.8 * len(answers[8:])


def test_a_network_that_hears_backwards_is_no_stream(workplace: Workplace) -> None:
    message = refuse(workplace, FILES / "both_ways-2.8.h5", "--context", "stream")
    assert "Bidirectional" in message
    assert "--context window" in message


def test_a_mapping_of_another_training_is_found(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    from antiphon_trainer.conversion import parity

    tokens = json.loads(MAPPING.read_text())
    shuffled = np.random.default_rng(3).permutation(len(tokens)).tolist()
    (workplace.path / "other.json").write_text(json.dumps(dict(zip(tokens, shuffled, strict=True))))
    wrong_pair = ("convert", FILES / "tutorial-2.8.h5", "--mapping", "other.json", "--out", "mine")
    message = workplace.refuses(*wrong_pair)
    with monkeypatch.context() as patch:  # it is named before what follows from it
        patch.setattr(parity, "BITS_TOLERANCE", -1.0)
        assert workplace.refuses(*wrong_pair, "--quantize", "int8") == message
    assert "knowing nothing needs 4.32" in message
    assert "another training's" in message
    assert not (workplace.path / "mine").exists()
    workplace.succeeds(*wrong_pair, "--force")
    assert read_bundle(workplace.path / "mine").manifest.parity["keras_bits_a_step"] > 4.32


def test_melodies_of_ones_own_to_score_with(workplace: Workplace) -> None:
    scores = FILES.parent / "scores"
    out = workplace.succeeds(
        "convert", FILES / "tutorial-2.8.h5", "--mapping", MAPPING, "--out", "mine", "--corpus", scores
    )
    assert " songs and 4 melodies" in out
    (workplace.path / "empty").mkdir()
    assert "empty: holds no score" in workplace.refuses(
        "convert", FILES / "tutorial-2.8.h5", "--mapping", MAPPING, "--out", "mine", "--corpus", "empty"
    )


def test_other_names_and_another_grid(workplace: Workplace) -> None:
    names = {"_": "hold", "r": "-", "/": "end"}
    tokens = {names.get(symbol, symbol): token for symbol, token in json.loads(MAPPING.read_text()).items()}
    (workplace.path / "named.json").write_text(json.dumps(tokens))
    named = ("convert", FILES / "gru-2.8.h5", "--mapping", "named.json", "--out", "mine")
    assert "lacks the symbol '_' (hold)" in workplace.refuses(*named)
    renamed = ("--hold", "hold", "--rest", "-", "--end", "end")
    assert "must be three of its symbols" in workplace.refuses(*named, "--hold", "hold", "--rest", "hold")
    workplace.succeeds(*named, *renamed, "--step", 0.5)
    bundle = read_bundle(workplace.path / "mine")
    assert bundle.vocabulary.tokens == json.loads(MAPPING.read_text())
    assert bundle.manifest.step == 0.5
    # on a grid of eighths the same tunes are other melodies, which these networks never heard
    assert (
        bundle.manifest.parity["keras_bits_a_step"]
        > convert(workplace, FILES / "gru-2.8.h5").manifest.parity["keras_bits_a_step"]
    )
    assert "none of the 13 old tunes" in workplace.refuses(*named, *renamed, "--step", 0.3)


def network(place: Workplace, *layers: Any, shape: tuple[int | None, ...] = (None, SIZE)) -> str:
    import keras

    keras.utils.set_random_seed(1)
    read = signal = keras.Input(shape)
    for layer in layers:
        signal = layer(signal)
    keras.Model(read, signal).save(place.path / "net.keras")
    return "net.keras"


def test_a_graph_with_a_way_around_and_norms_is_stepped(workplace: Workplace) -> None:
    import keras

    layers = keras.layers
    read = keras.Input((24, SIZE))
    one = layers.BatchNormalization()(layers.SimpleRNN(6, return_sequences=True)(read))
    two = layers.LayerNormalization()(layers.GRU(5, return_sequences=True)(layers.Concatenate()([one, read])))
    last = layers.LSTM(4)(layers.Concatenate()([two, one]))
    answer = layers.Softmax()(layers.Dense(SIZE)(layers.Dropout(0.3)(last)))
    keras.Model(read, answer).save(workplace.path / "net.h5")
    manifest = convert(workplace, "net.h5", "--context", "stream", "--force").manifest
    assert (manifest.state_size, manifest.sequence_length) == (6 + 5 + 8, 24)
    assert manifest.parity["largest_difference"] <= 1e-4


def test_what_is_no_melody_network_is_refused_with_the_reason(workplace: Workplace) -> None:
    from keras import layers

    softmax = layers.Dense(SIZE, activation="softmax")
    assert "must be a softmax" in refuse(workplace, network(workplace, layers.LSTM(4), layers.Dense(SIZE)))
    assert "predicts 7 tokens" in refuse(workplace, network(workplace, layers.LSTM(4), layers.Dense(7)))
    assert "reads (None, 3)" in refuse(workplace, network(workplace, layers.LSTM(4), softmax, shape=(None, 3)))
    assert "no recurrent layer" in refuse(workplace, network(workplace, layers.Dense(SIZE, activation="softmax")))


def test_a_file_with_code_or_without_architecture_is_refused(workplace: Workplace) -> None:
    from keras import layers

    surprise = layers.Lambda(lambda signal: signal, name="surprise")
    for file in (FILES / "lambda-2.15.h5", network(workplace, surprise, layers.LSTM(SIZE))):
        message = refuse(workplace, file)
        assert "layer 'surprise' is a Lambda, which runs code" in message
    assert "the architecture is missing" in refuse(workplace, FILES / "only.weights-2.8.h5")
    (workplace.path / "a.h5").write_bytes(pickle.dumps(print))
    assert "is a pickle" in refuse(workplace, "a.h5")
    (workplace.path / "cut.h5").write_bytes((FILES / "tutorial-2.8.h5").read_bytes()[:3000])
    assert "cut.h5: is no Keras model that can be read" in refuse(workplace, "cut.h5")
    (workplace.path / "folder.h5").mkdir()
    assert "is a folder" in refuse(workplace, "folder.h5")


@pytest.mark.parametrize(
    "stranger",
    [
        {"class_name": "Own", "registered_name": "mine>Own", "module": "mine", "config": {"name": "odd"}},
        {"class_name": "Dense", "module": "os", "config": {"name": "odd"}},
        {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"name": "odd", "filepath": "x"}},
    ],
)
def test_a_class_that_is_not_of_keras_is_refused_by_name(stranger: dict[str, Any]) -> None:
    from antiphon.errors import UserError
    from antiphon_trainer.conversion.keras_config import clean

    with pytest.raises(UserError, match="layer 'odd' is a " + stranger["class_name"]):
        clean({"class_name": "Sequential", "config": {"layers": [stranger]}})


@pytest.mark.parametrize("file", ["gru-2.8.h5", "both_ways-2.8.h5"])
def test_rounding_is_measured_by_a_network_that_counts_in_float64(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    from antiphon_trainer.conversion import parity

    monkeypatch.setattr(parity, "TOLERANCE", 0.0)
    convert(workplace, FILES / file)  # twice what float32 itself costs may lie between them
    monkeypatch.setattr(parity, "_sensitivity", lambda *_: 0.0)
    message = workplace.refuses("convert", FILES / file, "--mapping", MAPPING, "--out", "other")
    assert "differ from the Keras network's by up to" in message
    assert not (workplace.path / "other").exists()
