"""The parts of a Keras file that are needed to load it, checked before Keras is loaded, which has half a gigabyte.

A `.keras` file is a ZIP archive and a `.h5` file an HDF5 one, and both can be made to fill the memory, or to read
other files of this machine. So an archive's members are taken by name and streamed up to a limit, and HDF5 may neither
link to other files nor keep data in them.
"""

from __future__ import annotations

import json
import math
import shutil
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from antiphon.budgets import ARCHIVE_RATIO, CONFIG_BYTES, KERAS_FILE_BYTES, RATIO_FREE_BYTES, WEIGHTS_BYTES
from antiphon.errors import UserError
from antiphon.files import kind_of

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_HDF5_CONFIG = "model_config"
_MOST_OBJECTS = 10_000
"""Groups and datasets of an HDF5 file; a network of a hundred layers, with its optimizer, has fewer than 2,000."""
_PART = 1 << 20
"""Bytes that are copied at once."""
_RETRAIN = "training has diverged: train again with a smaller learning rate"


@dataclass(frozen=True)
class Parts:
    """What is loaded of a Keras file."""

    config: Any
    """The architecture, decoded from JSON."""
    weights: Path
    """An HDF5 file: of a `.keras` file that of the weights, of a `.h5` file a copy of the whole."""
    metadata: bytes | None
    """That of a `.keras` file, which says by which Keras it was written; None of a `.h5` file."""


def take_parts(path: Path, folder: Path) -> Parts:
    """Check a Keras file, and copy its parts into a folder.

    Raises:
        UserError: the file is no Keras file, is over a limit, links to other files, or has weights that are no numbers.
        Exception: it is damaged; zipfile and h5py raise anything.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"is {kind_of(status.st_mode)}; a file is needed there")
    _check_size("the file", status.st_size, KERAS_FILE_BYTES)
    with path.open("rb") as file:
        begins = file.read(len(_HDF5))
    if begins == _HDF5:
        return _parts_of_hdf5(path, folder / "weights.h5")
    if begins.startswith(_ZIP):
        return _parts_of_zip(path, folder / "weights.h5")
    if begins.startswith(_PICKLE):
        raise UserError("is a pickle, and reading one runs the code in it; save the model as .keras or .h5")
    raise UserError("is no Keras file (.keras or .h5)" if begins else "is empty")


def put_together(parts: Parts, config: Any) -> Path:
    """Write a Keras file of these parts, with another configuration; return where."""
    if parts.metadata is None:
        with h5py.File(parts.weights, "r+") as file:
            file.attrs[_HDF5_CONFIG] = json.dumps(config)
        return parts.weights
    file = parts.weights.with_name("model.keras")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_CONFIG, json.dumps(config))
        archive.writestr(_METADATA, parts.metadata)
        archive.write(parts.weights, _WEIGHTS)
    return file


def _parts_of_hdf5(path: Path, copy: Path) -> Parts:
    shutil.copyfile(path, copy)
    with h5py.File(copy) as file:
        _check_hdf5(file)
        if _HDF5_CONFIG not in file.attrs:
            raise UserError(
                "holds weights only, the architecture is missing; save the whole model (model.save), not its weights"
            )
        _check_size("its architecture", file.attrs.get_id(_HDF5_CONFIG).get_storage_size(), CONFIG_BYTES)
        stored = file.attrs[_HDF5_CONFIG]
    _check_size("its architecture", len(stored), CONFIG_BYTES)
    return Parts(json.loads(stored), copy, None)


def _parts_of_zip(path: Path, weights: Path) -> Parts:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if _CONFIG not in names:
            raise UserError(f"holds no {_CONFIG}, so the architecture is missing; save the whole model (model.save)")
        if _WEIGHTS not in names:
            raise UserError(f"holds no {_WEIGHTS}; save the whole model (model.save) in one piece")
        with weights.open("wb") as file:
            for part in _member(archive, _WEIGHTS, WEIGHTS_BYTES):
                file.write(part)
        config = json.loads(b"".join(_member(archive, _CONFIG, CONFIG_BYTES)))
        metadata = b"".join(_member(archive, _METADATA, CONFIG_BYTES)) if _METADATA in names else b"{}"
    with h5py.File(weights) as opened:
        _check_hdf5(opened)
    return Parts(config, weights, metadata)


def _member(archive: zipfile.ZipFile, name: str, most: int) -> Iterator[bytes]:
    """Yield a member of an archive part by part, whatever the archive says of its size.

    Raises:
        UserError: it has more bytes than `most`, or was packed beyond what weights and texts can be.
        zlib.error: it is damaged.
    """
    info, size = archive.getinfo(name), 0
    with archive.open(info) as member:
        while part := member.read(_PART):
            size += len(part)
            _check_size(name, size, most)
            if size > RATIO_FREE_BYTES and size > ARCHIVE_RATIO * max(1, info.compress_size):
                raise UserError(f"{name} is packed more than {ARCHIVE_RATIO}-fold, as no model's is; save it again")
            yield part


def _check_size(what: str, size: int, most: int) -> None:
    if size > most:
        raise UserError(f"{what} has more than {most:,} bytes, the most that are read; save it without its optimizer")


def _check_hdf5(file: h5py.File) -> None:
    """Refuse links to other places, data in other files, more data than the limit, and weights that are no numbers.

    Raises:
        UserError: it has one of them.
    """
    total = 0
    for count, (name, found) in enumerate(_objects(file)):
        if count == _MOST_OBJECTS:
            raise UserError(f"has more than {_MOST_OBJECTS:,} groups and datasets, the most that are read")
        if not isinstance(found, h5py.Dataset):
            continue
        if found.external or found.is_virtual:
            raise UserError(f"{name} lies in another file, which isn't read; save the model in one file")
        if found.dtype.kind not in "fiub":
            raise UserError(f"{name} holds no numbers ({found.dtype}); save the model again")
        total += found.nbytes
        _check_size("its data", total, WEIGHTS_BYTES)
        if found.chunks:
            _check_size(f"a chunk of {name}", math.prod(found.chunks) * found.dtype.itemsize, WEIGHTS_BYTES)
        if found.dtype.kind == "f" and not name.startswith("/optimizer") and not np.isfinite(found[...]).all():
            raise UserError(f"{name} holds numbers that are not finite: {_RETRAIN}")


def _objects(file: h5py.File) -> Iterator[tuple[str, Any]]:
    """Yield the groups and datasets of an HDF5 file with their names, each once, though links may go in circles.

    Raises:
        UserError: there is a link that is no plain one.
    """
    seen: set[Any] = set()
    waiting: list[tuple[str, Any]] = [("", file)]
    while waiting:
        name, found = waiting.pop()
        address = h5py.h5o.get_info(found.id).addr
        if address in seen:
            continue
        seen.add(address)
        yield name, found
        if isinstance(found, h5py.Group):
            for key in found:
                if not isinstance(found.get(key, getlink=True), h5py.HardLink):
                    raise UserError(f"{name}/{key} is a link elsewhere, which isn't followed; save the model again")
                waiting.append((f"{name}/{key}", found[key]))
