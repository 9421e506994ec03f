import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.melody.bundle import read_bundle
from antiphon.melody.key_model import NO_INTERVAL, TRANSPOSITIONS, KeyNote, LiteKeyModel, wait_classes
from antiphon_trainer.key.examples import batch, performed, tune
from tests.trainer.conftest import Workplace

SONG = tuple("r _ _ _ 60 _ 62 _ 64 _ _ _ r _ 65 _ r _ _ _ 67 _ _ _".split())  # noqa: SIM905


def test_a_tune_counts_from_onset_to_onset_and_hears_rests_of_a_beat() -> None:
    notes = tune(SONG)
    assert list(notes.pitches) == [60, 62, 64, 65, 67]
    assert list(notes.waits) == [0, 2, 2, 6, 6]
    assert list(notes.rested) == [0, 0, 0, 0, 1]


@given(st.integers(0, 10**6), st.integers(20, 150))
def test_a_performance_is_the_song_in_the_keys_that_it_says(seed: int, length: int) -> None:
    song = tune([str(60 + n % 7) for n in range(length)])
    played = performed(song, np.random.default_rng(seed))
    assert len(played.pitches) == len(played.waits) == len(played.rested) == len(played.transpositions) <= length
    start = length - len(played.pitches)
    wrong = (played.pitches - played.transpositions - song.pitches[start:]) % 12 != 0
    assert wrong.mean() < 0.4
    assert set(np.unique(played.transpositions)) <= set(range(12))


def test_a_batch_marks_where_there_are_notes() -> None:
    pitches, intervals, waits, transpositions, mask = batch([tune(SONG), tune(SONG[:8])])
    assert pitches.shape == intervals.shape == waits.shape == transpositions.shape == mask.shape == (2, 16)
    assert mask.sum(axis=1).tolist() == [5, 2]
    assert intervals[:, 0].tolist() == [NO_INTERVAL] * 2
    assert pitches[0, :5].tolist() == [0, 2, 4, 5, 7]


@pytest.fixture(scope="module")
def with_key(finished: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    place = Workplace(tmp_path_factory.mktemp("key") / "place")
    shutil.copytree(finished.path, place.path)
    text = place.succeeds("train-key", "models/small", "--epochs", 1, "--validation-share", 0.3)
    assert "key.tflite" in text
    return place


def test_train_key_adds_a_model_to_the_bundle_and_changes_nothing_else(
    finished: Workplace, with_key: Workplace
) -> None:
    before = read_bundle(finished.path / "models/small")
    after = read_bundle(with_key.path / "models/small")
    assert after.key_model
    assert (after.model, after.vocabulary) == (before.model, before.vocabulary)
    assert json.loads((with_key.path / "models/small/manifest.json").read_text())["key_model"]["epochs"] == 1


def test_the_bundles_key_model_says_what_the_network_does(with_key: Workplace) -> None:
    import tensorflow as tf

    from antiphon_trainer.key.network import KeyNetwork, key_model_to_tflite

    network = KeyNetwork(8)
    bundle = read_bundle(with_key.path / "models/small")
    lite = LiteKeyModel(
        type(bundle)(bundle.path, bundle.manifest, bundle.vocabulary, b"", key_model_to_tflite(network))
    )
    pitches, intervals, waits, *_ = batch([tune(SONG)])
    states = network._states(pitches, intervals, waits, training=False)
    expected = tf.nn.softmax(network.scores(states))[0].numpy()
    state = lite.initial_state()
    for index in range(5):
        degrees = ((pitches[0, index] - np.arange(TRANSPOSITIONS)) % 12).astype(np.int32)
        found, state = lite.hear(KeyNote(degrees, int(intervals[0, index]), int(waits[0, index])), state)
        assert np.allclose(found, expected[index], atol=1e-5)
    assert int(wait_classes(2, False)) == waits[0, 1]


def test_a_bundle_that_is_missing_or_a_dataset_of_another_run_is_refused(with_key: Workplace) -> None:
    assert "no model 'nowhere'" in with_key.refuses("train-key", "nowhere")
    assert "run" in with_key.refuses("train-key", "models/small", "--merged-path", "nowhere.txt")
