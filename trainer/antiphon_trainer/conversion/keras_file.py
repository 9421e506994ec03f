"""Keras files of Keras 2 and 3, `.h5` and `.keras`, loaded without running code.

The configuration is checked and converted in a copy (`keras_config`), and Keras loads the copy.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras

from antiphon.errors import UserError
from antiphon_trainer.conversion.keras_config import clean

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
_CONFIG = "config.json"


def load_network(path: Path) -> Any:
    """Load a Keras file as a functional model. Code that the file may carry is not run.

    Raises:
        UserError: the file can't be read, holds no architecture, or asks for code of its own.
    """
    if path.is_dir():
        raise UserError(
            f"{path}: is a folder; convert reads .keras and .h5: load it where it was made, and save it as one of these"
        )
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; 'antiphon-trainer train' writes one")
    with tempfile.TemporaryDirectory() as folder:
        try:
            network = keras.saving.load_model(_cleaned(path, Path(folder)), compile=False, safe_mode=True)
            if len(network.inputs) == len(network.outputs) == 1:  # a Sequential model becomes a functional one
                network = keras.Model(network.inputs[0], network.outputs[0])
            return network
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
        except Exception as error:  # noqa: BLE001 (Keras and h5py raise anything for a damaged file)
            text = " ".join(str(error).split())
            raise UserError(f"{path}: is no Keras model that can be read: {text[:200]}") from None


def _cleaned(path: Path, folder: Path) -> Path:
    """Write the copy that Keras is to load into a folder, and return its path."""
    with path.open("rb") as file:
        begins = file.read(len(_HDF5))
    if begins == _HDF5:
        return _cleaned_hdf5(path, folder / "model.h5")
    if begins.startswith(_ZIP):
        return _cleaned_zip(path, folder / "model.keras")
    if begins.startswith(_PICKLE):
        raise UserError("is a pickle, and reading one runs the code in it; save the model as .keras or .h5")
    raise UserError("is no Keras file (.keras or .h5)" if begins else "is empty")


def _cleaned_hdf5(path: Path, copy: Path) -> Path:
    shutil.copyfile(path, copy)
    with h5py.File(copy, "r+") as file:
        stored = file.attrs.get("model_config")
        if stored is None:
            raise UserError(
                "holds weights only, the architecture is missing; save the whole model (model.save), not its weights"
            )
        file.attrs["model_config"] = json.dumps(clean(json.loads(stored)))
    return copy


def _cleaned_zip(path: Path, copy: Path) -> Path:
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(copy, "w") as after:
        if _CONFIG not in before.namelist():
            raise UserError(f"holds no {_CONFIG}, so the architecture is missing; save the whole model (model.save)")
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, json.dumps(clean(json.loads(content))) if name == _CONFIG else content)
    return copy
