"""The origin of a network: `training.json`, which `train` writes beside the Keras file and `convert` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from antiphon.budgets import PREPARED_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file
from antiphon_trainer.storage import write_json

_FILE = "training.json"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """How a network was trained, and on which corpus."""

    fingerprint: str
    """Of the training and held-out songs (`corpus.songs.fingerprint`)."""
    corpus: dict[str, Any]
    acceptable_durations: list[float]
    sequence_length: int
    settings: dict[str, Any]
    best_epoch: int
    validation_bits: float
    """Bits per step of the best epoch on the validation songs, by which it was chosen."""
    versions: dict[str, str]


def write_origin(model: Path, origin: Origin) -> None:
    """Write a network's origin beside its Keras file."""
    write_json(model.with_name(_FILE), msgspec.to_builtins(origin))


def read_origin(model: Path) -> Origin | None:
    """Read a network's origin; a network from elsewhere has none.

    Raises:
        UserError: the file is damaged.
    """
    file = model.with_name(_FILE)
    if not file.exists():
        return None
    try:
        return msgspec.json.decode(read_file(file, PREPARED_BYTES), type=Origin)
    except msgspec.DecodeError as error:
        raise UserError(f"{file}: is damaged ({error}); remove it to convert without its figures") from None
