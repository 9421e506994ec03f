"""The dataset on disk: encoded songs → the merged text, and windows of tokens, none of which holds two songs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from antiphon.budgets import PREPARED_BYTES
from antiphon.errors import UserError
from antiphon.files import check_folder, check_regular, read_file, status_before, write_whole
from antiphon.melody.vocabulary import END, Vocabulary, read_mapping
from antiphon_trainer.corpus.metre import Barline, metre_of_steps
from antiphon_trainer.storage import write_json

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


def merge(songs: Iterable[Sequence[str]], data_size: int) -> Iterator[list[str]]:
    """Yield the songs, each ended by `"/"`, cut to `data_size` symbols in all; 0 doesn't cut."""
    left = data_size or -1
    for song in songs:
        if left == 0:
            break
        ended = [*song, END]
        if left > 0:
            ended = ended[:left]
            left -= len(ended)
        yield ended


def merged_lines(merged: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the merged dataset's file: a line for each song, with spaces between its symbols."""
    return (" ".join(song) + "\n" for song in merged)


def cut_windows(
    merged: Iterable[Sequence[str]], barlines: Iterable[Sequence[Barline]], vocabulary: Vocabulary, length: int
) -> Iterator[Windows]:
    """Cut songs into windows of `length` steps that don't overlap; the last window of a song is padded with `PAD`.

    Yields:
        The windows of each song.
    """
    for number, (song, lines) in enumerate(zip(merged, barlines, strict=False)):
        tokens = np.array([vocabulary.tokens[symbol] for symbol in song], dtype=np.int16)
        shape = (window_count(len(tokens), length), length)
        inputs = np.full(shape, vocabulary.end, dtype=np.int16)
        targets = np.full(shape, PAD, dtype=np.int16)
        positions, bars = np.zeros(shape, np.int16), np.zeros(shape, np.int16)
        targets.reshape(-1)[: len(tokens)] = tokens
        inputs.reshape(-1)[1 : len(tokens)] = tokens[:-1]
        positions.reshape(-1)[: len(tokens)], bars.reshape(-1)[: len(tokens)] = metre_of_steps(lines, len(tokens))
        yield Windows(inputs, targets, np.full(shape[0], number, np.int32), positions, bars)


def window_count(steps: int, length: int) -> int:
    """Return how many windows of `length` steps a song of `steps` takes."""
    return -(-steps // length)


def write_windows(folder: Path, windows: Iterable[Windows], count: int, length: int) -> None:
    """Store windows as `inputs.npy`, `targets.npy`, `songs.npy`, `positions.npy` and `bars.npy`.

    Args:
        folder: where.
        windows: song by song; they are written as they come.
        count: how many windows they are in all.
        length: steps of a window.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".windows-", dir=folder) as beside, ExitStack() as stack:
        paths = {name: Path(beside) / f"{name}.npy" for name in _ARRAYS}
        files = {name: stack.enter_context(path.open("wb")) for name, path in paths.items()}
        for name, file in files.items():
            shape = (count,) if name == "songs" else (count, length)
            descr = np.lib.format.dtype_to_descr(np.dtype(np.int32 if name == "songs" else np.int16))
            np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
        for content in windows:
            for name, file in files.items():
                file.write(getattr(content, name).tobytes())
        stack.close()
        for name, path in paths.items():
            write_whole(folder / f"{name}.npy", path.replace)


def check_can_write(folder: Path) -> None:
    """Check that windows and details can take their places in a folder.

    Raises:
        UserError: something else than an earlier run's files has them; it stays.
    """
    check_folder(folder)
    for name in (*(f"{name}.npy" for name in _ARRAYS), _DETAILS):
        status_before(folder / name)


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
        return msgspec.json.decode(read_file(file, PREPARED_BYTES), type=Details)
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror}); run 'antiphon-trainer prepare' first") from None
    except msgspec.DecodeError as error:
        raise UserError(f"{file}: is damaged ({error}); run 'antiphon-trainer prepare' again") from None


def read_windows(folder: Path, mapping_file: Path) -> tuple[Windows, Vocabulary]:
    """Open stored windows, load their mapping, and check that they belong together.

    Raises:
        UserError: a file is missing or damaged, or they don't belong together.
    """
    content = open_windows(folder)
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


def open_windows(folder: Path) -> Windows:
    """Open stored windows as they are: mapped into memory, where a page is read when it is looked at.

    Raises:
        UserError: a file is missing or damaged.
    """
    return Windows(*(_array(folder / f"{name}.npy") for name in _ARRAYS))


def _array(file: Path) -> npt.NDArray[Any]:
    try:
        check_regular(file)
        array: npt.NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror}); run 'antiphon-trainer prepare' first") from None
    except (ValueError, EOFError):
        raise UserError(f"{file}: is no stored tensor; run 'antiphon-trainer prepare' again") from None
    if not np.issubdtype(array.dtype, np.integer):
        raise UserError(f"{file}: holds no tokens; run 'antiphon-trainer prepare' again")
    return array
