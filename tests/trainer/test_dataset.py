"""Merging, windows, and what is stored of them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from antiphon.errors import UserError
from antiphon.melody.vocabulary import mapping_text, vocabulary_of
from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.dataset.windows import PAD, Windows, cut_windows, merge, merged_lines, read_windows, write_windows

songs = some.lists(
    some.lists(some.sampled_from(["60", "62", "_", "r"]), min_size=1, max_size=40), min_size=1, max_size=6
)
VOCABULARY = vocabulary_of(["60", "62"])
ARRAYS = ("inputs", "targets", "songs", "positions", "bars")


def cut(songs: list[list[str]], barlines: list[list[Barline]], length: int) -> Windows:
    """Return the windows of all songs together."""
    parts = list(cut_windows(merge(songs, 0), barlines, VOCABULARY, length))
    return Windows(*(np.concatenate([getattr(part, name) for part in parts]) for name in ARRAYS))


def store(folder: Path, windows: Windows) -> None:
    write_windows(folder, [windows], len(windows.inputs), windows.length)


@given(songs, some.integers(2, 17))
def test_windows_hold_every_song_once_and_never_two_in_one(songs: list[list[str]], length: int) -> None:
    windows = cut(songs, [[Barline(0, 0, 4)]] * len(songs), length)
    assert windows.inputs.shape[1] == length
    for index, song in enumerate(songs):
        mine = windows.songs == index
        targets = windows.targets[mine].reshape(-1)
        inputs = windows.inputs[mine].reshape(-1)[targets != PAD]
        assert [VOCABULARY.symbols[t] for t in targets[targets != PAD]] == [*song, "/"]
        assert [VOCABULARY.symbols[t] for t in inputs] == ["/", *song]
        assert (targets[: len(song) + 1] != PAD).all()  # padding is at the end only
        positions = windows.positions[mine].reshape(-1)[: len(song) + 1]
        assert positions.tolist() == list(range(len(song) + 1))
    assert (windows.targets == VOCABULARY.end).sum() == len(songs)


@given(songs, some.integers(0, 250))
def test_data_size_cuts_the_merged_dataset_and_nothing_else(songs: list[list[str]], size: int) -> None:
    whole = "".join(merged_lines(merge(songs, 0))).split()
    assert "".join(merged_lines(merge(songs, size))).split() == (whole[:size] if size else whole)


def test_stored_windows_come_back(tmp_path: Path) -> None:
    windows = cut([["60", "_", "62"], ["r", "_"]], [[], []], 2)
    store(tmp_path, windows)
    mapping = tmp_path / "mapping.json"
    mapping.write_text(mapping_text(VOCABULARY))
    loaded, vocabulary = read_windows(tmp_path, mapping)
    assert vocabulary == VOCABULARY
    for name in ARRAYS:
        assert np.array_equal(getattr(loaded, name), getattr(windows, name))


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
    store(tmp_path, cut([["60", "_", "62"], ["r", "_"]], [[], []], 4))
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
