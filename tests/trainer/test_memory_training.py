"""Start weights of a memory: learned through the command, put into a bundle, and measured with it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from antiphon.errors import UserError
from antiphon.improviser.memory.weights import UNTRAINED, read_weights, weights_of
from antiphon.melody.bundle import MEMORY_FILE, read_bundle
from antiphon_trainer.memory import command
from antiphon_trainer.memory.examples import Examples
from antiphon_trainer.memory.training import Lesson, trained
from antiphon_trainer.memory.tunes import drawn_tunes
from antiphon_trainer.settings import read_settings

from .conftest import Workplace

CONTEXTS = len(UNTRAINED.pitches.contexts)


def test_the_command_learns_weights_and_the_bundle_keeps_them(
    finished: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FOREIGN_SONGS", 2)
    shutil.copytree(finished.path / "models/small", tmp_path / "small")
    said = finished.succeeds("train-memory", tmp_path / "small", "--validation-share", 0.3)
    assert "and 2 of a foreign style" in said
    bundle = read_bundle(tmp_path / "small")
    assert bundle.manifest.memory["foreign_songs"] == 2
    assert "nothing of a song" in bundle.manifest.memory["licence"]
    assert weights_of(bundle) != UNTRAINED
    # A key network that is added later leaves them where they are.
    finished.succeeds("train-key", tmp_path / "small", "--epochs", 1, "--validation-share", 0.3)
    assert read_bundle(tmp_path / "small").memory == bundle.memory

    figures = json.loads(finished.succeeds("evaluate", tmp_path / "small", "--no-baselines", "--memory", "--json"))
    alone, with_memory = figures
    assert with_memory["bundle"].endswith(", with memory")
    assert alone["symbols"] == with_memory["symbols"]
    assert abs(alone["bits_a_step"] - with_memory["bits_a_step"]) > 1e-4


def test_the_shipped_bundle_has_weights_that_gain_where_a_song_repeats_itself(workplace: Workplace) -> None:
    bundle = read_bundle(Path(__file__).parents[2] / "models/essen")
    assert weights_of(bundle) == read_weights((bundle.path / MEMORY_FILE).read_bytes(), "")
    turns = " ".join(["67 _ 72 _ 63 _ 70 _ 61 _ 66 _ 64 _ _ _"] * 6)  # nothing that the network would expect
    songs = workplace.path / "songs"
    songs.mkdir()
    (songs / "odd.txt").write_text(turns + "\n")
    measured = workplace.succeeds("evaluate", bundle.path, "--songs", songs, "--no-baselines", "--memory", "--json")
    alone, with_memory = json.loads(measured)
    assert with_memory["bits_a_step"] < 0.9 * alone["bits_a_step"]


def test_a_feature_that_is_always_right_gets_weight_and_one_that_is_never_seen_keeps_its_own() -> None:
    features = np.zeros((40, 1 + CONTEXTS, 3), np.float32)
    came = np.arange(40) % 3
    features[np.arange(40), 1, came] = 2.0
    seen = Examples(features, np.zeros((40, 1 + CONTEXTS), np.int64), np.full((40, 3), 1 / 3, np.float32), came)
    weights, bits = trained([Lesson("sure", seen, 1.0)], UNTRAINED.pitches)
    assert weights.contexts[0][0] > 1
    assert weights.contexts[0][1:] == UNTRAINED.pitches.contexts[0][1:]
    assert weights.contexts[1] == UNTRAINED.pitches.contexts[1]
    network, mixture = bits["sure"]
    assert network == pytest.approx(np.log2(3))
    assert mixture < 0.2


def test_tunes_come_in_their_written_key_and_in_the_order_that_is_drawn() -> None:
    settings = read_settings(None, {}).prepare
    book = ["essenFolksong/kinder0.abc"]
    first, again, other = (drawn_tunes(book, 4, settings, seed) for seed in (1, 1, 2))
    assert [tune.song.name for tune in first] == [tune.song.name for tune in again]
    assert [tune.song.name for tune in first] != [tune.song.name for tune in other]
    assert all(-5 <= tune.sharps <= 6 for tune in first)
    assert len({tune.sharps for tune in (*first, *other)}) > 1
    with pytest.raises(UserError, match="reinstall music21"):
        drawn_tunes(["nothing.abc"], 4, settings, None)
