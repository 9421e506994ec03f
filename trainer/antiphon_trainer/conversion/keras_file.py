"""Keras files of Keras 2 and 3, `.h5` and `.keras`, loaded without running code.

Keras loads a file put together of checked parts (`keras_parts`), with a configuration that is checked and converted
(`keras_config`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from antiphon.budgets import LOADING_BYTES
from antiphon.errors import UserError
from antiphon.memory_limit import limited_memory
from antiphon.printable import printable
from antiphon_trainer.conversion.keras_parts import put_together, take_parts


def load_network(path: Path) -> Any:
    """Load a Keras file as a functional model. Code that the file may carry is not run.

    Raises:
        UserError: the file can't be read, holds no architecture, or asks for code of its own.
    """
    if path.is_dir():
        raise UserError(
            f"{path}: is a folder; convert reads .keras and .h5: load it where it was made, and save it as one of these"
        )
    if not path.exists():
        raise UserError(f"{path}: there is no such file; 'antiphon-trainer train' writes one")
    with tempfile.TemporaryDirectory() as folder:
        try:
            parts = take_parts(path, Path(folder))
            import keras  # it takes half a gigabyte of memory, which what was refused by now doesn't cost

            from antiphon_trainer.conversion.keras_config import clean

            copy = put_together(parts, clean(parts.config))
            with limited_memory(LOADING_BYTES):
                network = keras.saving.load_model(copy, compile=False, safe_mode=True)
            if len(network.inputs) == len(network.outputs) == 1:  # a Sequential model becomes a functional one
                network = keras.Model(network.inputs[0], network.outputs[0])
            return network
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
        except Exception as error:  # noqa: BLE001 (Keras and h5py raise anything for a damaged file)
            text = printable(" ".join(str(error).split()))
            raise UserError(f"{path}: is no Keras model that can be read: {text[:200]}") from None
