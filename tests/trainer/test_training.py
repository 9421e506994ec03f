"""Training, stopped and resumed."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from antiphon.errors import UserError
from antiphon.melody.vocabulary import vocabulary_of
from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.dataset.windows import Windows, cut_windows, merge
from antiphon_trainer.network.command import TrainingDisplay
from antiphon_trainer.network.progress import Epoch, Progress

from .conftest import Workplace

TRAIN = ("train", "--units", 8, "--epochs", 3, "--batch-size", 2, "--validation-share", 0.3)


def dataset(songs: int) -> Windows:
    merged = merge([["60", "_"] * (3 + n) for n in range(songs)], 0)
    parts = list(cut_windows(merged, [[Barline(0, 0, 4)]] * songs, vocabulary_of(["60"]), 4))
    return Windows(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in dataclasses.fields(Windows))
    )


@pytest.fixture
def prepared(finished: Workplace, workplace: Workplace) -> Workplace:
    """A folder where the scores are prepared."""
    for folder in ("prepared", "processed_tensors"):
        shutil.copytree(finished.path / folder, workplace.path / folder)
    return workplace


@pytest.fixture
def stopped(prepared: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A folder where a training was stopped with Ctrl-C after its second epoch."""

    def stop(self: TrainingDisplay, epoch: Epoch, is_best: bool) -> None:
        if epoch.number == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainingDisplay, "epoch_ends", stop)
        outcome = prepared(*TRAIN)
    assert outcome.code == 130
    assert "the same command goes on" in outcome.err
    assert not (prepared.path / "trained/model.keras").exists()
    return prepared


def curve(place: Workplace) -> list[list[float]]:
    epochs = json.loads((place.path / "trained/history.json").read_text())
    return [[epoch["training_bits"], epoch["validation_bits"]] for epoch in epochs]


def test_what_training_leaves(finished: Workplace) -> None:
    trained = finished.path / "trained"
    names = {file.name for file in trained.iterdir()}
    assert names == {"model.keras", "mapping.json", "training.json", "history.json", "history.png"}
    assert (trained / "history.png").read_bytes().startswith(b"\x89PNG")
    assert (trained / "mapping.json").read_bytes() == (finished.path / "prepared/mapping.json").read_bytes()
    origin = json.loads((trained / "training.json").read_text())
    assert origin["settings"]["units"] == [8, 6]
    assert origin["corpus"]["songs"] == 3
    assert len(curve(finished)) == 2
    assert all(0 < bits < 6 for epoch in curve(finished) for bits in epoch)


@pytest.mark.parametrize(("network", "rate"), [("--no-cues", 0.05), ("--cues", 0.002)])
def test_training_learns(prepared: Workplace, network: str, rate: float) -> None:
    prepared.succeeds(*TRAIN, network, "--learning-rate", rate)
    first, *_, last = curve(prepared)
    assert last[0] < first[0]
    assert last[1] < first[1]


def test_a_stopped_training_goes_on_as_if_it_had_not(stopped: Workplace) -> None:
    outcome = stopped(*TRAIN)
    assert "epoch   3/3" in outcome.err
    assert "epoch   2/3" not in outcome.err
    resumed = curve(stopped)
    stopped.succeeds(*TRAIN, "--no-resume")
    np.testing.assert_allclose(resumed, curve(stopped), rtol=1e-5)
    assert not list((stopped.path / "trained").glob("*checkpoint*"))


def test_another_training_does_not_go_on_from_this_checkpoint(stopped: Workplace) -> None:
    assert "--no-resume" in stopped.refuses(*TRAIN, "--seed", 7)
    assert len(list((stopped.path / "trained/model-checkpoint").glob("epoch-*"))) == 1


def test_a_damaged_checkpoint_is_said_so(stopped: Workplace) -> None:
    (last,) = (stopped.path / "trained/model-checkpoint").glob("epoch-*/last.keras")
    last.write_bytes(last.read_bytes()[:1000])
    assert "--no-resume" in stopped.refuses(*TRAIN)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "model.h5"], "ends with .keras"),
        (["--dropout", "1.5"], "dropout"),
        (["--units", "0"], "units"),
        (["--test-target-path", "nowhere"], "run 'antiphon-trainer prepare' first"),
        (["--mapping-file-path", "nowhere.json"], "nowhere.json"),
    ],
)
def test_a_users_mistake_is_one_line(prepared: Workplace, arguments: list[str], message: str) -> None:
    assert message in prepared.refuses("train", *arguments)
    assert not (prepared.path / "trained").exists()


def test_one_song_is_too_few(workplace: Workplace) -> None:
    from .conftest import SCORES

    workplace.succeeds("prepare", SCORES / "ode-to-joy.krn")
    assert "another one to validate on" in workplace.refuses("train")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_songs_of_a_title_stay_together(share: float) -> None:
    from antiphon_trainer.network.training import split_by_song

    data = dataset(9)
    titles = ["A", "b", "a ", "C", "", "", "B", "d", "a"]
    split = split_by_song(data, titles, share, seed=3)
    training, validation = (set(data.songs[part].tolist()) for part in (split.training, split.validation))
    assert training and validation and not training & validation
    assert training | validation == set(range(9))
    assert len(split.training) + len(split.validation) == len(data.songs)
    for versions in ({0, 2, 8}, {1, 6}):
        assert versions <= training or versions <= validation


def test_one_title_for_all_tells_no_versions() -> None:
    from antiphon_trainer.network.training import split_by_song

    split = split_by_song(dataset(4), ["Tune", "tune"] * 2, 0.25, seed=1)
    assert len(split.validation) > 0


def test_one_song_cannot_be_split() -> None:
    from antiphon_trainer.network.training import split_by_song

    with pytest.raises(UserError, match="1 song"):
        split_by_song(dataset(1), ["A"], 0.5, seed=1)


def test_batches_hold_every_window_once_and_no_step_behind_an_end() -> None:
    from antiphon_trainer.dataset.batches import arranged, stream
    from antiphon_trainer.network.training_inputs import tokens

    data = dataset(9)
    chosen = np.arange(1, len(data.songs))
    for seed in (None, [1, 1], [1, 2]):
        batches = arranged(data, chosen, 3, seed)
        assert sorted(np.concatenate(batches)) == chosen.tolist()
        weights = [batch[2].numpy() for batch in stream(data, batches, tokens(data))]
        assert sum(w.sum() for w in weights) == (data.targets[chosen] >= 0).sum()
        assert all(w.any(axis=0).all() for w in weights)
    assert not np.array_equal(*(np.concatenate(arranged(data, chosen, 3, [1, epoch])) for epoch in (1, 2)))


def test_half_of_the_windows_forget_their_metre_and_others_in_each_epoch() -> None:
    from antiphon_trainer.network.cues import without_metre
    from antiphon_trainer.network.training_inputs import cue_windows, sometimes_without_metre

    data, size = dataset(60), 4
    table = cue_windows(data, vocabulary_of(["60"]))
    rows = np.arange(len(table))
    forgot = without_metre(table, size)
    told = []
    for epoch in (1, 2):
        read = sometimes_without_metre(table, size, [1, epoch])(rows)
        knows = (read == table).all(axis=(1, 2))
        assert (read[~knows] == forgot[~knows]).all()
        assert 0.3 < knows.mean() < 0.7
        told.append(knows)
    assert (told[0] != told[1]).any()


def test_cues_reach_back_over_the_windows_of_a_song() -> None:
    from antiphon_trainer.network.cues import cues
    from antiphon_trainer.network.training_inputs import cue_windows

    data, vocabulary = dataset(5), vocabulary_of(["60"])
    mine = data.songs == 4
    steps = int((data.targets[mine] >= 0).sum())
    assert mine.sum() > 2
    whole = [a[mine].reshape(-1)[:steps].astype(np.int32) for a in (data.inputs, data.positions, data.bars)]
    found = cue_windows(data, vocabulary)[mine]
    assert (found.reshape(-1, found.shape[2])[:steps] == cues(*whole, vocabulary)).all()


def test_early_stopping_waits_for_patience() -> None:
    bits = [3.0, 2.0, 2.5, 2.0, 2.1]
    progress = Progress("", [Epoch(n, 1.0, b, 0.1) for n, b in enumerate(bits, start=1)])
    assert progress.best.number == 2
    assert progress.is_over(epochs=9, patience=3)
    assert not progress.is_over(epochs=9, patience=4)
    assert progress.is_over(epochs=5, patience=9)
    assert not Progress("").is_over(epochs=1, patience=1)


def test_the_best_epoch_is_what_is_kept(tmp_path: Path) -> None:
    import keras

    from antiphon_trainer.network.architecture import build
    from antiphon_trainer.network.checkpoint import Checkpoint

    network = build(5, [3], 0.1, with_cues=False)
    checkpoint = Checkpoint(tmp_path / "checkpoint", "me")
    progress = checkpoint.begin()
    kept = []
    for number, bits in enumerate((3.0, 2.0, 2.5), start=1):
        network.set_weights([weight + 1 for weight in network.get_weights()])
        kept.append([np.array(weight) for weight in network.get_weights()])
        progress.epochs.append(Epoch(number, 1.0, bits, 0.1))
        checkpoint.save(network, progress)
    for best, second in zip(checkpoint.best_weights(), kept[1], strict=True):
        np.testing.assert_array_equal(best, second)
    keras.backend.clear_session()
