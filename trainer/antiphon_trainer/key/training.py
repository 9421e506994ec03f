"""Training of the key network: encoded songs → `key.tflite` in a bundle."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from antiphon_trainer.key.examples import Tune, batch, batches
from antiphon_trainer.key.network import KeyNetwork

UNITS = 112
"""Of the GRU."""
EPOCHS = 20
"""The default of `train-key`."""
BATCH = 48
"""Songs of a training step."""
LEARNING_RATE = 0.004
"""Of Adam, at its highest: it rises for `_WARM_UP` steps and falls along a cosine."""
DEGREE_WEIGHT = 1.0
"""Weight of the next degree's loss; the key's has 1."""
_WARM_UP = 100
"""Training steps, at most, in which the learning rate rises: Adam's first estimates are from few gradients."""
_CLIP = 1.0
"""Largest norm of a gradient, so that one unusual batch doesn't undo an epoch."""


@dataclass(frozen=True)
class KeyEpoch:
    """The losses of an epoch, in bits per note."""

    number: int
    key_bits: float
    """Of the right transposition among twelve, on varied songs."""
    degree_bits: float
    """Of the next degree in the right transposition."""
    seconds: float


def train(songs: Sequence[Tune], epochs: int, seed: int, done: Callable[[KeyEpoch], None]) -> KeyNetwork:
    """Train a key network; every random choice follows from the seed.

    Args:
        songs: the training songs.
        epochs: passes through them; each song is varied anew in each.
        seed: of the weights, the order and the variations.
        done: called after each epoch.
    """
    keras.utils.set_random_seed(seed)
    network = KeyNetwork(UNITS)
    steps = epochs * math.ceil(len(songs) / BATCH)
    warm_up = min(_WARM_UP, steps // 2)
    rate = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE / 40, steps - warm_up, warmup_target=LEARNING_RATE, warmup_steps=warm_up
    )
    learn = _learning_step(network, keras.optimizers.Adam(rate, clipnorm=_CLIP))
    for number in range(1, epochs + 1):
        start = time.monotonic()
        losses = [learn(*each) for each in batches(songs, BATCH, np.random.default_rng([seed, number]))]
        key, degree = np.mean(losses, axis=0) / math.log(2)
        done(KeyEpoch(number, float(key), float(degree), time.monotonic() - start))
    return network


def key_bits(network: KeyNetwork, songs: Sequence[Tune]) -> float:
    """Return the loss of the right transposition on songs as they are written, in bits per note."""
    ordered = sorted(songs, key=lambda song: len(song.pitches))
    nats = [
        (float(network.costs(batch(ordered[at : at + BATCH]), training=False)[0]), len(ordered[at : at + BATCH]))
        for at in range(0, len(ordered), BATCH)
    ]
    return sum(cost * count for cost, count in nats) / len(songs) / math.log(2)


def _learning_step(network: KeyNetwork, optimizer: Any) -> Callable[..., Any]:
    weights = network.trainable_variables

    def learn(*songs: Any) -> Any:
        with tf.GradientTape() as tape:
            key, degree = network.costs(songs, training=True)
            total = key + DEGREE_WEIGHT * degree
        optimizer.apply_gradients(zip(tape.gradient(total, weights), weights, strict=True))
        return tf.stack([key, degree])

    compiled: Callable[..., Any] = tf.function(learn, reduce_retracing=True)
    return compiled
