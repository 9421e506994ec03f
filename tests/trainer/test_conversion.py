"""From a Keras file to a bundle, proven before it is written."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon.melody.bundle import read_bundle
from antiphon.melody.model import LiteModel
from antiphon.melody.vocabulary import vocabulary_of
from antiphon_trainer.network.cue_step import STATE_SIZE

from .conftest import Workplace


@pytest.fixture
def trained(finished: Workplace, workplace: Workplace) -> Workplace:
    """A folder with a trained network and nothing else."""
    shutil.copytree(finished.path / "trained", workplace.path / "trained")
    return workplace


def test_the_bundle_is_what_the_design_says(finished: Workplace) -> None:
    bundle = read_bundle(finished.path / "models/small")
    manifest = bundle.manifest
    assert (manifest.context, manifest.sequence_length, manifest.step, manifest.initial_state) == (
        "stream",
        32,
        0.25,
        0,
    )
    assert manifest.state_size == 2 * (8 + 6)
    assert manifest.corpus["songs"] == 3
    assert manifest.parity["largest_difference"] <= 1e-4
    assert manifest.parity["melodies"] == "2 songs and 4 melodies of the model's own"
    assert manifest.held_out["songs"] == 2
    assert {"keras", "music21"} <= set(manifest.versions)
    assert bundle.vocabulary == vocabulary_of(bundle.vocabulary.symbols)


@pytest.mark.parametrize("batch", [1, 12])
def test_the_bundle_streams_in_any_batch(finished: Workplace, batch: int) -> None:
    import keras

    bundle = read_bundle(finished.path / "models/small")
    network = keras.saving.load_model(finished.path / "trained/model.keras", compile=False)
    tokens = np.random.default_rng(1).integers(0, len(bundle.vocabulary), (batch, 50)).astype(np.int32)
    model = LiteModel(bundle, (batch,))
    state = model.initial_state(batch)
    whole = np.asarray(network(tokens))
    for step in range(50):
        predicted, state = model.step(np.ascontiguousarray(tokens[:, step]), state)
        np.testing.assert_allclose(predicted, whole[:, step], atol=1e-5)
        np.testing.assert_allclose(predicted.sum(axis=1), 1, atol=1e-5)


def test_a_network_with_cues_takes_the_metre_and_is_proven_with_it_and_without(reminded: Workplace) -> None:
    manifest = read_bundle(reminded.path / "models/small").manifest
    assert manifest.inputs == ["position", "bar"]
    assert manifest.parity["largest_difference"] <= 1e-4
    assert manifest.held_out["bits_a_step_with_metre"] != manifest.held_out["bits_a_step"]
    assert manifest.state_size == STATE_SIZE + 2 * (8 + 6)


def test_eight_bits_cost_next_to_nothing_and_a_third_of_the_bytes(reminded: Workplace, tmp_path: Path) -> None:
    reminded.succeeds("convert", "trained/model.keras", "--out", tmp_path / "eight", "--quantize", "int8")
    whole, eight = read_bundle(reminded.path / "models/small"), read_bundle(tmp_path / "eight")
    assert eight.manifest.quantization == "int8"
    assert abs(eight.manifest.parity["bundle_bits_a_step"] - eight.manifest.parity["keras_bits_a_step"]) <= 0.01
    assert len(eight.model) < 0.75 * len(whole.model)
    assert "say none or int8" in reminded.refuses("convert", "trained/model.keras", "--out", "x", "--quantize", "4")


def test_a_bundle_with_other_cues_is_not_written(reminded: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    from antiphon_trainer.network import cue_step

    monkeypatch.setattr(cue_step, "OLDEST", 2)  # the bundle's cues are no longer those of training
    assert "differ" in reminded.refuses("convert", "trained/model.keras", "--out", "models/wrong")
    assert not (reminded.path / "models/wrong").exists()


def test_it_says_how_to_play_the_bundle(trained: Workplace) -> None:
    out = trained.succeeds("convert", "trained/model.keras", "--out", "models/my own")
    assert "antiphon run --model 'models/my own'" in out


def test_without_songs_it_is_proven_on_old_tunes(trained: Workplace) -> None:
    trained.succeeds("convert", "trained/model.keras", "--out", "mine")
    manifest = read_bundle(trained.path / "mine").manifest
    assert manifest.parity["melodies"].startswith("13 old tunes and 4 ")
    assert manifest.held_out == {}


def test_figures_are_of_the_songs_that_this_training_left_out(finished: Workplace, trained: Workplace) -> None:
    shutil.copytree(finished.path / "prepared", trained.path / "prepared")
    (trained.path / "prepared/songs/held-out/scores-auld-lang-syne.txt").unlink()
    trained.succeeds("convert", "trained/model.keras", "--out", "mine")
    assert read_bundle(trained.path / "mine").manifest.held_out == {}


def test_a_network_from_elsewhere_needs_its_mapping_only(trained: Workplace) -> None:
    (trained.path / "trained/training.json").unlink()
    (trained.path / "trained/mapping.json").rename(trained.path / "its-mapping.json")
    assert "every model needs its mapping" in trained.refuses("convert", "trained/model.keras", "--out", "mine")
    trained.succeeds("convert", "trained/model.keras", "--mapping", "its-mapping.json", "--out", "mine")
    assert read_bundle(trained.path / "mine").manifest.corpus == {}


@pytest.mark.parametrize("broken", ["swapped states", "a forgotten state"])
def test_a_bundle_that_differs_is_not_written(trained: Workplace, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    from antiphon_trainer.conversion import one_step

    def wrong(cell: Any, sizes: list[int]) -> one_step.Layer:
        def step(signals: Any, state: Any) -> tuple[Any, list[Any]]:
            one, other = state[:, cell.units :], state[:, : cell.units]
            output, after = cell(signals[0], [one, other] if broken == "swapped states" else [other, 0 * one])
            return output, list(after)

        return step

    trained.succeeds("convert", "trained/model.keras", "--out", "mine")
    before = read_bundle(trained.path / "mine")
    monkeypatch.setattr(one_step, "_recurrent", wrong)
    assert "differ from the Keras network's by up to" in trained.refuses(
        "convert", "trained/model.keras", "--out", "mine"
    )
    assert read_bundle(trained.path / "mine") == before
    trained.refuses("convert", "trained/model.keras", "--out", "other")
    assert not (trained.path / "other").exists()


def test_a_mapping_of_another_size_is_refused(trained: Workplace) -> None:
    (trained.path / "small.json").write_text(json.dumps({"/": 0, "60": 1, "_": 2, "r": 3}))
    message = trained.refuses("convert", "trained/model.keras", "--mapping", "small.json", "--out", "mine")
    assert "the mapping has 4 symbols" in message
    assert not (trained.path / "mine").exists()


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"\x80\x04N."])
def test_what_is_no_keras_file_is_refused(trained: Workplace, content: bytes | None) -> None:
    if content is not None:
        (trained.path / "trained/bad.keras").write_bytes(content)
    assert "bad.keras" in trained.refuses("convert", "trained/bad.keras", "--out", "mine")
    assert not (trained.path / "mine").exists()


def test_a_file_stands_where_the_bundle_should(trained: Workplace) -> None:
    (trained.path / "mine").touch()
    assert "is a file" in trained.refuses("convert", "trained/model.keras", "--out", "mine")
