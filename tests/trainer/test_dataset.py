"""Merging, windows, and what is stored of them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from antiphon.errors import UserError
from antiphon.melody.vocabulary import mapping_text, vocabulary_of
from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.dataset.windows import PAD, cut_windows, merge, merged_text, read_windows, write_windows

songs = some.lists(
    some.lists(some.sampled_from(["60", "62", "_", "r"]), min_size=1, max_size=40), min_size=1, max_size=6
)
VOCABULARY = vocabulary_of(["60", "62"])


@given(songs, some.integers(2, 17))
def test_windows_hold_every_song_once_and_never_two_in_one(songs: list[list[str]], length: int) -> None:
    cut = cut_windows(merge(songs, 0), [[Barline(0, 0, 4)]] * len(songs), VOCABULARY, length)
    assert cut.inputs.shape[1] == length
    for index, song in enumerate(songs):
        mine = cut.songs == index
        targets = cut.targets[mine].reshape(-1)
        inputs = cut.inputs[mine].reshape(-1)[targets != PAD]
        assert [VOCABULARY.symbols[t] for t in targets[targets != PAD]] == [*song, "/"]
        assert [VOCABULARY.symbols[t] for t in inputs] == ["/", *song]
        assert (targets[: len(song) + 1] != PAD).all()  # padding is at the end only
        positions = cut.positions[mine].reshape(-1)[: len(song) + 1]
        assert positions.tolist() == list(range(len(song) + 1))
    assert (cut.targets == VOCABULARY.end).sum() == len(songs)


@given(songs, some.integers(0, 250))
def test_data_size_cuts_the_merged_dataset_and_nothing_else(songs: list[list[str]], size: int) -> None:
    whole = merged_text(merge(songs, 0)).split()
    assert merged_text(merge(songs, size)).split() == (whole[:size] if size else whole)


def test_stored_windows_come_back(tmp_path: Path) -> None:
    cut = cut_windows(merge([["60", "_", "62"], ["r", "_"]], 0), [[], []], VOCABULARY, 2)
    write_windows(tmp_path, cut)
    mapping = tmp_path / "mapping.json"
    mapping.write_text(mapping_text(VOCABULARY))
    loaded, vocabulary = read_windows(tmp_path, mapping)
    assert vocabulary == VOCABULARY
    for name in ("inputs", "targets", "songs", "positions", "bars"):
        assert np.array_equal(getattr(loaded, name), getattr(cut, name))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("inputs", None, "can't be read"),
        ("inputs", b"no numpy", "no stored tensor"),
        ("inputs", b"", "no stored tensor"),
        ("targets", np.zeros((1, 1), np.int16), "shapes"),
        ("songs", np.zeros(9, np.int32), "shapes"),
        ("inputs", np.zeros((2, 4), np.float32), "holds no tokens"),
        ("inputs", np.full((2, 4), 99, np.int16), "lacks"),
        ("inputs", np.full((2, 4), -1, np.int16), "lacks"),
    ],
)
def test_damaged_tensors_are_refused(tmp_path: Path, name: str, content: object, message: str) -> None:
    write_windows(tmp_path, cut_windows(merge([["60", "_", "62"], ["r", "_"]], 0), [[], []], VOCABULARY, 4))
    mapping = tmp_path / "mapping.json"
    mapping.write_text(mapping_text(VOCABULARY))
    read_windows(tmp_path, mapping)
    file = tmp_path / f"{name}.npy"
    if content is None:
        file.unlink()
    elif isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.save(file, content)
    with pytest.raises(UserError, match=message):
        read_windows(tmp_path, mapping)
