"""Batches: stored windows in the order of an epoch, the ones of a batch alike in length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from antiphon_trainer.dataset.windows import PAD, Windows

_POOL = 16
"""Batches' worth of windows that are sorted by length together: less padding to compute, still well mixed."""

Indices = npt.NDArray[np.intp]
Read = Callable[[Indices], npt.NDArray[Any]]
"""Returns what the network reads in some windows, (window, step) or (window, step, cue)."""


def arranged(windows: Windows, chosen: Indices, size: int, seed: list[int] | None) -> list[Indices]:
    """Arrange windows into batches.

    Args:
        windows: all windows of the dataset.
        chosen: the indices of those to go through, each once.
        size: windows in a batch.
        seed: mixes the windows; the same seed, the same batches. Without one they are sorted by length.

    Returns:
        The indices of each batch's windows.
    """
    lengths = (windows.targets != PAD).sum(axis=1)
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


def _by_length(chosen: Indices, lengths: npt.NDArray[Any], size: int) -> list[Indices]:
    ordered = chosen[np.argsort(lengths[chosen], kind="stable")]
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def stream(windows: Windows, batches: list[Indices], read: Read) -> Any:
    """Return batches as a `tf.data.Dataset` of (what is read, targets int32, weights float32), each (batch, step, …).

    A batch is cut to its longest window; weights are 0 behind a song's end, elsewhere 1.
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
