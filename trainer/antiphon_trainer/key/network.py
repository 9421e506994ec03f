"""The key network: a GRU that reads a melody in all twelve transpositions with the same weights, and scores each.

It is trained on two tasks: which transposition is right (after every note, against the other eleven), and which degree
comes next in the right one. The second task improves the first, because every note of every song has an answer to it.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from antiphon.melody.key_model import INTERVALS, TRANSPOSITIONS, WAIT_CLASSES
from antiphon_trainer.conversion.tflite import export

_SCORE_DROPOUT = 0.2
"""Share of the units that are dropped before the scores, in training."""
_STATE_DROPOUT = 0.15
"""Share of the units that are dropped of the recurrent state, in training; the same ones throughout a song."""


class KeyNetwork(keras.Model):  # type: ignore[misc]
    """The network over whole songs (`costs`), and over one note (`read`, `step`, `scores`), which is what is exported.

    Args:
        units: of the GRU (Cho et al. 2014, in the variant that applies the reset gate after the matrix product).
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units
        gates = 3 * units
        self._degree = self._weights("degree", (12, gates), "uniform")
        self._interval = self._weights("interval", (INTERVALS, gates), "uniform")
        self._wait = self._weights("wait", (WAIT_CLASSES, gates), "uniform")
        self._recurrent = self._weights("recurrent", (units, gates), "orthogonal")
        self._bias = self._weights("bias", (gates,), "zeros")
        self._score = self._weights("score", (units, 1), "glorot_uniform")
        self._next = self._weights("next", (units, 12), "glorot_uniform")
        self._next_bias = self._weights("next_bias", (12,), "zeros")
        self.built = True  # all weights exist

    def _weights(self, name: str, shape: tuple[int, ...], initializer: str) -> Any:
        return self.add_weight(name=name, shape=shape, initializer=initializer)

    def read(self, degrees: Any, interval: Any, wait: Any) -> Any:
        """Return what a note adds to the gates, (…, gates). The three are int32 and of shapes that broadcast."""
        return tf.gather(self._degree, degrees) + tf.gather(self._interval, interval) + tf.gather(self._wait, wait)

    def step(self, state: Any, note: Any, remembered: Any = 1.0) -> Any:
        """Return the state (row, units) after a note (row, gates); `remembered` is the dropout mask of the state."""
        update, reset, new = tf.split(note, 3, axis=1)
        product = tf.matmul(state * remembered, self._recurrent) + self._bias
        kept, shown, candidate = tf.split(product, 3, axis=1)
        keep = tf.sigmoid(update + kept)
        return keep * state + (1.0 - keep) * tf.tanh(new + tf.sigmoid(reset + shown) * candidate)

    def scores(self, state: Any) -> Any:
        """Return the score of each state (…, units), as (…)."""
        return tf.tensordot(state, self._score[:, 0], 1)

    def costs(self, songs: tuple[Any, ...], training: bool) -> tuple[Any, Any]:
        """Return the losses in nats per note: of the right transposition, and of the next degree in it.

        Args:
            songs: pitch classes, intervals, waits and right transpositions, int32 (song, note), and the mask, float32,
                1 where there is a note (`examples.batch`).
            training: whether units are dropped.
        """
        pitches, intervals, waits, transpositions, mask = songs
        states = self._states(pitches, intervals, waits, training)
        key = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=transpositions, logits=self.scores(states))
        key = tf.reduce_sum(key * mask) / tf.reduce_sum(mask)
        right = tf.gather(states, transpositions, batch_dims=2)[:, :-1]  # (song, note, units)
        degree = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=(pitches[:, 1:] - transpositions[:, :-1]) % 12,
            logits=tf.tensordot(right, self._next, 1) + self._next_bias,
        )
        is_same = tf.equal(transpositions[:, 1:], transpositions[:, :-1])  # at a modulation nothing is predicted
        counts = mask[:, 1:] * tf.cast(is_same, tf.float32)
        return key, tf.reduce_sum(degree * counts) / tf.reduce_sum(counts)

    def _states(self, pitches: Any, intervals: Any, waits: Any, training: bool) -> Any:
        """Return the state after each note in each transposition, (song, note, transposition, units)."""
        count, notes = tf.shape(pitches)[0], tf.shape(pitches)[1]
        degrees = (pitches[:, None, :] - tf.range(TRANSPOSITIONS)[None, :, None]) % 12
        read = self.read(degrees, intervals[:, None], waits[:, None])
        rows = tf.transpose(tf.reshape(read, (count * TRANSPOSITIONS, notes, 3 * self.units)), (1, 0, 2))
        remembered = self._dropped(tf.ones((count, 1, self.units)), _STATE_DROPOUT, training)
        remembered = tf.reshape(tf.tile(remembered, (1, TRANSPOSITIONS, 1)), (count * TRANSPOSITIONS, self.units))
        states = tf.scan(
            lambda state, note: self.step(state, note, remembered), rows, tf.zeros((count * TRANSPOSITIONS, self.units))
        )
        states = self._dropped(states, _SCORE_DROPOUT, training)
        return tf.transpose(tf.reshape(states, (notes, count, TRANSPOSITIONS, self.units)), (1, 0, 2, 3))

    @staticmethod
    def _dropped(values: Any, share: float, training: bool) -> Any:
        return tf.nn.dropout(values, share) if training else values


def key_model_to_tflite(network: KeyNetwork) -> bytes:
    """Return the content of `key.tflite`: one note as the signature `hear`."""

    def hear(degrees: Any, interval: Any, wait: Any, state: Any) -> dict[str, Any]:
        after = network.step(state, network.read(degrees, interval, wait))
        return {"probabilities": tf.nn.softmax(network.scores(after)[None])[0], "state": after}

    inputs = [
        tf.TensorSpec((TRANSPOSITIONS,), tf.int32, name="degrees"),
        tf.TensorSpec((1,), tf.int32, name="interval"),
        tf.TensorSpec((1,), tf.int32, name="wait"),
        tf.TensorSpec((TRANSPOSITIONS, network.units), tf.float32, name="state"),
    ]
    return export("hear", network, hear, inputs)
