"""The key network: a GRU that hears a melody from twelve sides with the same weights, and scores each side.

It learns two things at once: which side is right (after every note, against the other eleven), and which degree comes
next on the right side. The second is what makes it good at the first: it has an answer at every note of every song.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from antiphon.melody.key_model import INTERVALS, TRANSPOSITIONS, WAIT_CLASSES
from antiphon_trainer.conversion.tflite import export

_OUT = 0.2
"""Share of the units that sit out before the scores, and a little less of those that are remembered."""
_FORGOTTEN = 0.15


class KeyNetwork(keras.Model):  # type: ignore[misc]
    """The network over whole songs; `step` is its one note.

    Args:
        units: of the GRU (Cho et al. 2014, the variant with the reset after the product).
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
        self.built = True  # all weights are there

    def _weights(self, name: str, shape: tuple[int, ...], initializer: str) -> Any:
        return self.add_weight(name=name, shape=shape, initializer=initializer)

    def read(self, degrees: Any, interval: Any, wait: Any) -> Any:
        """Return what a note adds to the gates, (…, gates), of classes of any shapes that fit together."""
        return tf.gather(self._degree, degrees) + tf.gather(self._interval, interval) + tf.gather(self._wait, wait)

    def step(self, state: Any, note: Any, remembered: Any = 1.0) -> Any:
        """Return the state (row, units) after a note (row, gates); `remembered` thins the state in training."""
        update, reset, new = tf.split(note, 3, axis=1)
        product = tf.matmul(state * remembered, self._recurrent) + self._bias
        kept, shown, candidate = tf.split(product, 3, axis=1)
        keep = tf.sigmoid(update + kept)
        return keep * state + (1.0 - keep) * tf.tanh(new + tf.sigmoid(reset + shown) * candidate)

    def scores(self, state: Any) -> Any:
        """Return the score of each state (…, units), as (…)."""
        return tf.tensordot(state, self._score[:, 0], 1)

    def costs(self, songs: tuple[Any, ...], training: bool) -> tuple[Any, Any]:
        """Return the nats a note that the keys cost, and that the next degrees on the right side cost.

        Args:
            songs: pitch classes, intervals, waits and right sides, int32 (song, note), and float32, 1 where there is
                a note.
            training: units sit out.
        """
        pitches, intervals, waits, sides, there = songs
        states = self._states(pitches, intervals, waits, training)
        key = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=sides, logits=self.scores(states))
        key = tf.reduce_sum(key * there) / tf.reduce_sum(there)
        right = tf.gather(states, sides, batch_dims=2)[:, :-1]  # (song, note, units)
        degree = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=(pitches[:, 1:] - sides[:, :-1]) % 12, logits=tf.tensordot(right, self._next, 1) + self._next_bias
        )
        counts = there[:, 1:] * tf.cast(tf.equal(sides[:, 1:], sides[:, :-1]), tf.float32)
        return key, tf.reduce_sum(degree * counts) / tf.reduce_sum(counts)

    def _states(self, pitches: Any, intervals: Any, waits: Any, training: bool) -> Any:
        """Return the state after each note on each side, (song, note, side, units)."""
        count, notes = tf.shape(pitches)[0], tf.shape(pitches)[1]
        degrees = (pitches[:, None, :] - tf.range(TRANSPOSITIONS)[None, :, None]) % 12
        read = self.read(degrees, intervals[:, None], waits[:, None])
        rows = tf.transpose(tf.reshape(read, (count * TRANSPOSITIONS, notes, 3 * self.units)), (1, 0, 2))
        remembered = self._thinned(tf.ones((count, 1, self.units)), _FORGOTTEN, training)
        remembered = tf.reshape(tf.tile(remembered, (1, TRANSPOSITIONS, 1)), (count * TRANSPOSITIONS, self.units))
        states = tf.scan(
            lambda state, note: self.step(state, note, remembered), rows, tf.zeros((count * TRANSPOSITIONS, self.units))
        )
        states = self._thinned(states, _OUT, training)
        return tf.transpose(tf.reshape(states, (notes, count, TRANSPOSITIONS, self.units)), (1, 0, 2, 3))

    @staticmethod
    def _thinned(values: Any, share: float, training: bool) -> Any:
        return tf.nn.dropout(values, share) if training else values


def key_model_to_tflite(network: KeyNetwork) -> bytes:
    """Return the content of `key.tflite`: one note as the signature `hear`, of builtin operations only."""

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
