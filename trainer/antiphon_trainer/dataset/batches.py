"""Batches: the windows of an epoch, shuffled; the windows of one batch have about the same length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from antiphon_trainer.dataset.windows import PAD, Windows

_POOL = 16
"""Batches whose windows are sorted by length together: more saves padding, fewer mixes better."""

_BLOCK = 8192
"""Windows that are looked at together: a megabyte."""

Indices = npt.NDArray[np.intp]
Read = Callable[[Indices], npt.NDArray[Any]]
"""Gives the network's inputs in the windows of these indices, (window, step) or (window, step, cue)."""


def arranged(windows: Windows, chosen: Indices, size: int, seed: list[int] | None) -> list[Indices]:
    """Arrange windows into batches.

    Args:
        windows: all windows of the dataset.
        chosen: indices of the windows of this epoch.
        size: windows in a batch.
        seed: shuffles the windows; with None they are sorted by length.

    Returns:
        The indices of each batch's windows.
    """
    lengths = _lengths(windows)
    if seed is None:
        return _by_length(chosen, lengths, size)
    random = np.random.default_rng(seed)
    mixed = random.permutation(chosen)
    batches = [
        batch
        for start in range(0, len(mixed), size * _POOL)
        for batch in _by_length(mixed[start : start + size * _POOL], lengths, size)
    ]
    return [batches[index] for index in random.permutation(len(batches))]


def _lengths(windows: Windows) -> npt.NDArray[Any]:
    """Return the steps of each window without its padding; of a mapped file, a block at a time is in memory."""
    starts = range(0, len(windows.targets), _BLOCK)
    return np.concatenate([(windows.targets[start : start + _BLOCK] != PAD).sum(axis=1) for start in starts])


def _by_length(chosen: Indices, lengths: npt.NDArray[Any], size: int) -> list[Indices]:
    ordered = chosen[np.argsort(lengths[chosen], kind="stable")]
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def stream(windows: Windows, batches: list[Indices], read: Read) -> Any:
    """Return batches as a `tf.data.Dataset` of inputs int32 (batch, step, …), targets int32 and weights float32.

    Targets and weights are (batch, step); weights are 1, and 0 behind a song's end. A batch is cut to its longest
    window.
    """
    signature = (
        tf.TensorSpec((None, None, *read(batches[0]).shape[2:]), tf.int32),
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((None, None), tf.float32),
    )
    dataset = tf.data.Dataset.from_generator(lambda: _arrays(windows, batches, read), output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(2)


def _arrays(windows: Windows, batches: list[Indices], read: Read) -> Iterator[tuple[Any, Any, Any]]:
    for rows in batches:
        targets = windows.targets[rows].astype(np.int32)
        length = int((targets != PAD).sum(axis=1).max())
        targets = targets[:, :length]
        weights = (targets != PAD).astype(np.float32)
        yield read(rows)[:, :length].astype(np.int32), np.maximum(targets, 0), weights
