"""The checkpoint: a folder with the state of a training after its last epoch, from which it can go on."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Any

import keras
import msgspec

from antiphon.budgets import PREPARED_BYTES
from antiphon.errors import UserError
from antiphon.files import check_regular, read_file
from antiphon_trainer.network.progress import Progress

_PROGRESS = "progress.json"
_LAST = "last.keras"
_BEST = "best.keras"


class Checkpoint:
    """The folder of one training. An epoch is written whole into a folder of its own before the last one is removed.

    Args:
        folder: of the checkpoint.
        training: fingerprint of the settings and the dataset.
    """

    def __init__(self, folder: Path, training: str) -> None:
        self.folder = folder
        self._training = training

    def begin(self) -> Progress:
        """Return the progress of a new training."""
        return Progress(self._training)

    def restore(self) -> tuple[Any, Progress] | None:
        """Return the network, with its optimizer, and the progress; None if there is no checkpoint.

        Raises:
            UserError: the checkpoint is of another training, or damaged.
        """
        newest = self._newest()
        if newest is None:
            return None
        try:
            progress = msgspec.json.decode(read_file(newest / _PROGRESS, PREPARED_BYTES), type=Progress)
            check_regular(newest / _LAST)
            network = keras.saving.load_model(newest / _LAST, safe_mode=True)
        except Exception as error:  # noqa: BLE001 (a damaged archive can raise anything)
            raise UserError(f"{newest}: is damaged ({type(error).__name__}); --no-resume starts anew") from None
        if progress.training != self._training:
            raise UserError(
                f"{self.folder}: is from a training with other settings or songs; give those again, or "
                "--no-resume to start anew"
            )
        return network, progress

    def save(self, network: Any, progress: Progress) -> None:
        """Write the state after the last epoch."""
        self.folder.mkdir(parents=True, exist_ok=True)
        before = self._newest()
        beside = self.folder / f".{secrets.token_hex(8)}"
        beside.mkdir()
        try:
            network.save(beside / _LAST)
            is_best = progress.best == progress.epochs[-1]
            best = beside / _LAST if before is None or is_best else before / _BEST
            shutil.copyfile(best, beside / _BEST)
            (beside / _PROGRESS).write_bytes(msgspec.json.encode(progress))
            beside.rename(self.folder / f"epoch-{len(progress.epochs):05d}")
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        if before is not None:
            shutil.rmtree(before)

    def best_weights(self) -> list[Any]:
        """Return the weights of the best epoch.

        Raises:
            FileNotFoundError: no epoch was saved.
        """
        newest = self._newest()
        if newest is None:
            raise FileNotFoundError(f"{self.folder}: holds no epoch")
        weights: list[Any] = keras.saving.load_model(newest / _BEST, safe_mode=True).get_weights()
        return weights

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _newest(self) -> Path | None:
        return max(self.folder.glob("epoch-*"), default=None)
