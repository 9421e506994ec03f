"""The dataset on disk: encoded songs → the merged text, and windows of tokens, none of which holds two songs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from antiphon.errors import UserError
from antiphon.melody.vocabulary import END, Vocabulary, read_mapping
from antiphon_trainer.corpus.metre import Barline, metre_of_steps
from antiphon_trainer.storage import write_array, write_json

PAD = -1
"""The target of a step behind a song's end, where no loss is counted."""

Ints = npt.NDArray[np.int16]
_ARRAYS = ("inputs", "targets", "songs", "positions", "bars")
_DETAILS = "details.json"


@dataclass(frozen=True)
class Windows:
    """Training windows; none holds steps of two songs.

    Both arrays have the shape (window, step). `inputs[i, t]` is what the network reads when it is to predict
    `targets[i, t]`: a song's first window begins with the token of `"/"`, and its last target is that token.
    """

    inputs: Ints
    targets: Ints
    songs: npt.NDArray[np.int32]
    """(window,): which song of the merged dataset a window is from."""
    positions: Ints
    bars: Ints
    """(window, step): of the targets, within their bars, and the steps of these; 0 where the metre is unknown."""

    @property
    def length(self) -> int:
        """Steps of a window."""
        return int(self.inputs.shape[1])


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What training needs of a dataset beside its windows, as `details.json`."""

    fingerprint: str
    """Of the training and held-out songs (`corpus.songs.fingerprint`)."""
    corpus: dict[str, Any]
    acceptable_durations: list[float]
    titles: list[str]
    """The title of every song of the merged dataset, in its order."""


def merge(songs: Iterable[Sequence[str]], data_size: int) -> list[list[str]]:
    """Return the songs, each ended by `"/"`, cut to `data_size` symbols in all; 0 doesn't cut."""
    merged: list[list[str]] = []
    left = data_size or -1
    for song in songs:
        if left == 0:
            break
        ended = [*song, END]
        if left > 0:
            ended = ended[:left]
            left -= len(ended)
        merged.append(ended)
    return merged


def merged_text(merged: Iterable[Sequence[str]]) -> str:
    """Return the content of the merged dataset's file: a line for each song, with spaces between its symbols."""
    return "".join(" ".join(song) + "\n" for song in merged)


def cut_windows(
    merged: Sequence[Sequence[str]], barlines: Sequence[Sequence[Barline]], vocabulary: Vocabulary, length: int
) -> Windows:
    """Cut songs into windows of `length` steps that don't overlap; the last window of a song is padded with `PAD`."""
    counts = [-(-len(song) // length) for song in merged]
    shape = (sum(counts), length)
    inputs = np.full(shape, vocabulary.end, dtype=np.int16)
    targets = np.full(shape, PAD, dtype=np.int16)
    positions, bars = np.zeros(shape, np.int16), np.zeros(shape, np.int16)
    first = 0
    for song, lines, count in zip(merged, barlines, counts, strict=True):
        tokens = np.array([vocabulary.tokens[symbol] for symbol in song], dtype=np.int16)
        rows = slice(first, first + count)
        targets[rows].reshape(-1)[: len(tokens)] = tokens
        inputs[rows].reshape(-1)[1 : len(tokens)] = tokens[:-1]
        position, bar = metre_of_steps(lines, len(tokens))
        positions[rows].reshape(-1)[: len(tokens)] = position
        bars[rows].reshape(-1)[: len(tokens)] = bar
        first += count
    songs = np.repeat(np.arange(len(merged), dtype=np.int32), counts)
    return Windows(inputs, targets, songs, positions, bars)


def write_windows(folder: Path, content: Windows) -> None:
    """Store windows as `inputs.npy`, `targets.npy`, `songs.npy`, `positions.npy` and `bars.npy`."""
    for name in _ARRAYS:
        write_array(folder / f"{name}.npy", getattr(content, name))


def write_details(folder: Path, details: Details) -> None:
    """Store a dataset's details beside its windows."""
    write_json(folder / _DETAILS, msgspec.to_builtins(details))


def read_details(folder: Path) -> Details:
    """Read a dataset's details.

    Raises:
        UserError: the file can't be read or is damaged.
    """
    file = folder / _DETAILS
    try:
        return msgspec.json.decode(file.read_bytes(), type=Details)
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror}); run 'antiphon-trainer prepare' first") from None
    except msgspec.DecodeError as error:
        raise UserError(f"{file}: is damaged ({error}); run 'antiphon-trainer prepare' again") from None


def read_windows(folder: Path, mapping_file: Path) -> tuple[Windows, Vocabulary]:
    """Load stored windows and their mapping, and check that they belong together.

    Raises:
        UserError: a file is missing or damaged, or they don't belong together.
    """
    content = Windows(*(_array(folder / f"{name}.npy") for name in _ARRAYS))
    vocabulary = read_mapping(mapping_file)
    fits = (
        content.inputs.ndim == 2
        and content.inputs.shape == content.targets.shape
        and content.inputs.shape == content.positions.shape == content.bars.shape
        and content.songs.shape == content.inputs.shape[:1]
        and content.inputs.size > 0
    )
    if not fits:
        raise UserError(f"{folder}: the tensors' shapes don't fit each other; run 'antiphon-trainer prepare' again")
    lowest, highest = int(content.targets.min()), int(max(content.inputs.max(), content.targets.max()))
    if lowest < PAD or int(content.inputs.min()) < 0 or highest >= len(vocabulary):
        raise UserError(
            f"{folder}: the tensors hold tokens that {mapping_file} lacks; run 'antiphon-trainer prepare' again"
        )
    return content, vocabulary


def _array(file: Path) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(file, allow_pickle=False)
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror}); run 'antiphon-trainer prepare' first") from None
    except (ValueError, EOFError):
        raise UserError(f"{file}: is no stored tensor; run 'antiphon-trainer prepare' again") from None
    if not np.issubdtype(array.dtype, np.integer):
        raise UserError(f"{file}: holds no tokens; run 'antiphon-trainer prepare' again")
    return array
