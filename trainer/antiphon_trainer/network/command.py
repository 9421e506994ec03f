"""The command `antiphon-trainer train`: trains a network on what prepare stored and writes it with its history."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from antiphon.errors import UserError
from antiphon.files import status_before, write_whole
from antiphon.melody.vocabulary import mapping_text
from antiphon.quiet import silenced
from antiphon.streams import say
from antiphon_trainer import screen
from antiphon_trainer.corpus.provenance import versions
from antiphon_trainer.dataset.windows import Details, Windows, read_details, read_windows
from antiphon_trainer.network.origin import Origin, write_origin
from antiphon_trainer.network.progress import Epoch
from antiphon_trainer.settings import Settings, Train
from antiphon_trainer.storage import write_json, write_text


def train_network(settings: Settings, resume: bool) -> None:
    """Train a network, and write the Keras file with its mapping, its history and its origin beside it.

    Args:
        settings: sections `[prepare]`, where the dataset is stored, and `[train]`.
        resume: go on from the checkpoint of a training that was stopped, if there is one.

    Raises:
        UserError: nothing is prepared, or a setting doesn't fit.
    """
    path = Path(settings.train.model_path)
    if path.suffix != ".keras":
        raise UserError(f"{path}: the name of a Keras file ends with .keras")
    for name in (path.name, "mapping.json", "training.json", "history.json", "history.png"):
        status_before(path.with_name(name))  # now, and not after hours of training
    folder = Path(settings.prepare.test_target_path)
    windows, vocabulary = read_windows(folder, Path(settings.prepare.mapping_file_path))
    details = read_details(folder)
    if int(windows.songs.max()) >= len(details.titles):
        raise UserError(f"{folder}: windows and details are of two datasets; run 'antiphon-trainer prepare' again")

    with silenced():
        from antiphon_trainer.network.checkpoint import Checkpoint
        from antiphon_trainer.network.history_plot import draw_history
        from antiphon_trainer.network.training import split_by_song, train

    split = split_by_song(windows, details.titles, settings.train.validation_share, settings.train.seed)
    checkpoint = Checkpoint(path.with_name(f"{path.stem}-checkpoint"), _fingerprint(settings.train, windows))
    if not resume:
        checkpoint.remove()
    with screen.stoppable("the same command goes on after the last finished epoch"):
        with TrainingDisplay(settings.train.epochs) as display:
            network, progress = train(windows, split, vocabulary, settings.train, checkpoint, display)
        write_whole(path, network.save)
        write_text(path.with_name("mapping.json"), mapping_text(vocabulary))
        write_origin(path, _origin(settings.train, windows, details, progress.best))
        write_json(path.with_name("history.json"), [msgspec.to_builtins(epoch) for epoch in progress.epochs])
        draw_history(progress, path.with_name("history.png"))
        checkpoint.remove()
    seconds = sum(epoch.seconds for epoch in progress.epochs)
    say(f"trained  {len(progress.epochs)} epochs in {seconds:.0f} s")
    say(f"best     epoch {progress.best.number}: {progress.best.validation_bits:.4f} bits per step in validation")
    say(f"model    {path}, with mapping.json, training.json, history.json and history.png beside it")


def _fingerprint(settings: Train, windows: Windows) -> str:
    """Return the SHA-256 of everything that the result of a training depends on: its settings and its dataset."""
    relevant = msgspec.to_builtins(msgspec.structs.replace(settings, model_path=""))
    digest = hashlib.sha256(msgspec.json.encode(relevant, order="sorted"))
    for array in (windows.inputs, windows.targets, windows.songs, windows.positions, windows.bars):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _origin(settings: Train, windows: Windows, details: Details, best: Epoch) -> Origin:
    relevant: dict[str, Any] = msgspec.to_builtins(settings)
    del relevant["model_path"]
    return Origin(
        fingerprint=details.fingerprint,
        corpus=details.corpus,
        acceptable_durations=details.acceptable_durations,
        sequence_length=windows.length,
        settings=relevant,
        best_epoch=best.number,
        validation_bits=round(best.validation_bits, 6),
        versions=versions("antiphon", "keras", "tensorflow", "tensorflow-cpu", "music21"),
    )


class TrainingDisplay:
    """Shows the batches of an epoch as a progress bar, and every finished epoch as a line. Use it as a context manager.

    Args:
        epochs: how many there will be at most.
    """

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._bar = screen.bar()
        self._task = self._bar.add_task("")

    def __enter__(self) -> TrainingDisplay:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def epoch_begins(self, number: int, batches: int) -> None:
        """Start the bar of an epoch (from 1)."""
        self._bar.reset(self._task, total=batches, description=f"epoch {number}/{self._epochs}")

    def batch_ends(self) -> None:
        """Move the bar on by one batch."""
        self._bar.advance(self._task)

    def epoch_ends(self, epoch: Epoch, is_best: bool) -> None:
        """Print an epoch's line."""
        line = (
            f"epoch {epoch.number:>3}/{self._epochs}: training {epoch.training_bits:.4f}, "
            f"validation {epoch.validation_bits:.4f} bits per step, {epoch.seconds:.0f} s{', best so far' * is_best}"
        )
        self._bar.console.print(line, highlight=False)
