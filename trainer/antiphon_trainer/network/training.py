"""Training: a dataset → a Keras network, in epochs between which it can be stopped and resumed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np

from antiphon.errors import UserError
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.dataset.batches import Indices, Read, arranged, stream
from antiphon_trainer.dataset.windows import Windows
from antiphon_trainer.network.architecture import build
from antiphon_trainer.network.checkpoint import Checkpoint
from antiphon_trainer.network.progress import Epoch, Progress
from antiphon_trainer.network.training_inputs import cue_windows, sometimes_without_metre, tokens
from antiphon_trainer.settings import Train

_WARM_UP = 200
"""Training steps, at most, in which the learning rate rises: Adam's first estimates are from few gradients."""
_CLIP = 1.0
"""Largest norm of a gradient, so that one unusual batch doesn't undo an epoch."""


@dataclass(frozen=True)
class Split:
    """Indices of the windows to train on and of those to validate on."""

    training: Indices
    validation: Indices


class Watcher(Protocol):
    """Is called as a training proceeds."""

    def epoch_begins(self, number: int, batches: int) -> None:
        """Epoch `number` (from 1) begins."""

    def batch_ends(self) -> None:
        """A batch is done."""

    def epoch_ends(self, epoch: Epoch, is_best: bool) -> None:
        """An epoch is done and kept."""


def split_by_song(windows: Windows, titles: list[str], share: float, seed: int) -> Split:
    """Split the songs into training and validation; songs of one title stay together, as they may be versions.

    Args:
        windows: the dataset.
        titles: of each song; empty where there is none.
        share: of the songs that go to validation, at least one song.
        seed: draws them.

    Raises:
        UserError: there are too few songs to set one apart.
    """
    songs = len(np.unique(windows.songs))
    if songs < 2:
        raise UserError("the dataset has 1 song: training needs another one to validate on")
    # A song without a title is a group of its own, and so is every song where all titles are the same.
    known = [" ".join(title.lower().split()) for title in titles[:songs]]
    known = known if len(set(known)) > 1 else [""] * songs
    groups = np.array([title or f"/{song}" for song, title in enumerate(known)])
    names, sizes = np.unique(groups, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    wanted = max(1, round(share * songs))
    # As many titles as give enough songs; at least one title is left to train on.
    last = min(int(np.searchsorted(np.cumsum(sizes[order]), wanted)), len(names) - 2)
    is_validation = np.isin(groups, names[order[: last + 1]])[windows.songs]
    return Split(np.flatnonzero(~is_validation), np.flatnonzero(is_validation))


def train(
    windows: Windows, split: Split, vocabulary: Vocabulary, settings: Train, checkpoint: Checkpoint, watcher: Watcher
) -> tuple[Any, Progress]:
    """Train a network, from the checkpoint if there is one, until `Progress.is_over`.

    Every random choice follows from the seed and the epoch, so a resumed training equals one that was never stopped.

    Returns:
        The network with the weights of the best epoch, without an optimizer, and the epochs.
    """
    keras.utils.set_random_seed(settings.seed)
    inputs_of = _inputs(windows, vocabulary, settings)
    batches = len(arranged(windows, split.training, settings.batch_size, [settings.seed, 0]))
    restored = checkpoint.restore()
    if restored is None:
        network, progress = _network(vocabulary, settings), checkpoint.begin()
        _compile(network, settings, batches)
    else:
        network, progress = restored
    validation = stream(windows, arranged(windows, split.validation, settings.batch_size, None), inputs_of(0))
    ticks = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: watcher.batch_ends())
    while not progress.is_over(settings.epochs, settings.patience):
        number, start = len(progress.epochs) + 1, time.monotonic()
        watcher.epoch_begins(number, batches)
        _seed_dropout(network, settings.seed, number)
        mixed = arranged(windows, split.training, settings.batch_size, [settings.seed, number])
        shuffled = stream(windows, mixed, inputs_of(number))
        history = network.fit(shuffled, validation_data=validation, shuffle=False, verbose=0, callbacks=[ticks]).history
        epoch = Epoch(
            number,
            training_bits=history["nats"][0] / math.log(2),
            validation_bits=history["val_nats"][0] / math.log(2),
            seconds=round(time.monotonic() - start, 1),
        )
        progress.epochs.append(epoch)
        checkpoint.save(network, progress)
        watcher.epoch_ends(epoch, progress.best == epoch)
    finished = _network(vocabulary, settings)
    finished.set_weights(checkpoint.best_weights())
    return finished, progress


def _inputs(windows: Windows, vocabulary: Vocabulary, settings: Train) -> Callable[[int], Read]:
    """Return the function that gives the network's inputs in an epoch; 0 is the validation."""
    if not settings.cues:
        return lambda epoch: tokens(windows)
    table = cue_windows(windows, vocabulary)
    return lambda epoch: sometimes_without_metre(table, len(vocabulary), [settings.seed, epoch, 1])


def _network(vocabulary: Vocabulary, settings: Train) -> Any:
    return build(len(vocabulary), settings.units, settings.dropout, settings.cues)


def _seed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Seed the dropout layers for an epoch: a checkpoint doesn't hold the state of their generators."""
    dropouts = [layer for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    for place, layer in enumerate(dropouts):
        layer.seed_generator.state.assign(np.random.SeedSequence([seed, epoch, place]).generate_state(2))


def _compile(network: Any, settings: Train, batches: int) -> None:
    """Give a network its optimizer (Adam with warm-up and cosine decay), its loss, and its metric in nats per step.

    Args:
        network: tokens or cues → probabilities.
        settings: learning rate and epochs.
        batches: of an epoch.
    """
    steps = settings.epochs * batches
    warm_up = min(_WARM_UP, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate * 0.03, steps - warm_up, warmup_target=settings.learning_rate, warmup_steps=warm_up
    )
    network.compile(
        optimizer=keras.optimizers.Adam(rate, clipnorm=_CLIP),
        # Divided by the sum of the weights, not by the size of the array: padding doesn't make a batch count less.
        loss=keras.losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight"),
        weighted_metrics=[keras.metrics.SparseCategoricalCrossentropy(name="nats")],
        jit_compile=False,  # with XLA these loops take a third longer, and a minute to compile
    )
