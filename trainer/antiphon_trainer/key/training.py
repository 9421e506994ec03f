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
EPOCHS = 20
BATCH = 48
"""Songs a training step."""
LEARNING_RATE = 0.004
"""Of Adam, at most; it rises for `_WARM_UP` steps and falls along a cosine."""
FOLLOWING = 1.0
"""Weight of predicting the next degree beside hearing the key."""
_WARM_UP = 100
_CLIP = 1.0
"""Longest gradient: one odd batch must not undo an epoch."""


@dataclass(frozen=True)
class KeyEpoch:
    """An epoch's losses, in bits a note."""

    number: int
    key_bits: float
    """Of the right side among twelve, on songs performed at random."""
    degree_bits: float
    """Of the next degree on the right side."""
    seconds: float


def train(songs: Sequence[Tune], epochs: int, seed: int, done: Callable[[KeyEpoch], None]) -> KeyNetwork:
    """Train a key network; every random choice follows from the seed.

    Args:
        songs: to learn from.
        epochs: how often each is heard, performed differently each time.
        seed: of weights, order and performances.
        done: is told each epoch.
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
    """Return the bits a note that the right side costs on songs as they are."""
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
            total = key + FOLLOWING * degree
        optimizer.apply_gradients(zip(tape.gradient(total, weights), weights, strict=True))
        return tf.stack([key, degree])

    compiled: Callable[..., Any] = tf.function(learn, reduce_retracing=True)
    return compiled
