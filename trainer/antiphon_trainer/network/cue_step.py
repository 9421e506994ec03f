"""Cues step by step: what `cues` computes for a whole song, as a TensorFlow graph with a packed state."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.network.cues import (
    BARS,
    EARLIER_BARS,
    HOLDS,
    LENGTHS,
    MOST_STEPS,
    NOTHING,
    OLDEST,
    POSITIONS,
    REACH,
    RESTS,
    STARTS,
    STEP_CLASSES,
    offsets,
)

STATE_SIZE = 3 * REACH + 4
"""Numbers: the tokens read (each plus 1; 0 is none), lengths of melody matches, of rhythm matches, four counters."""


def cue_step(token: Any, position: Any, bar: Any, state: Any, vocabulary: Vocabulary) -> tuple[Any, Any]:
    """Read one token and return the cues for the next.

    Args:
        token: int32 (batch,).
        position: of the step to be predicted, within its bar, int32 (batch,).
        bar: steps in its bar, int32 (batch,), 0 where the metre is unknown.
        state: float32 (batch, `STATE_SIZE`), zeros at the start of a song.
        vocabulary: of the tokens.

    Returns:
        The cues, int32 (batch, cue), as `cues.cues` gives them, and the state after, float32 (batch, `STATE_SIZE`).
    """
    size = len(vocabulary)
    history, melody, rhythm, counters = tf.split(state, [REACH, REACH, REACH, 4], axis=1)
    read = tf.cast(token, tf.float32)[:, None] + 1.0
    history = tf.concat([history[:, 1:], read], axis=1)
    classes = _classes(history, vocabulary)
    melody = _matches(history, melody)
    rhythm = _matches(classes, rhythm)
    holds = tf.cast(tf.equal(token, vocabulary.hold), tf.float32)
    sounding = counters[:, 0] * holds + read[:, 0] * (1.0 - holds)
    age = (counters[:, 1] + 1.0) * holds
    bar_begins = tf.cast(tf.logical_and(tf.equal(position, 0), bar > 0), tf.float32)
    bars, steps = counters[:, 2] + bar_begins, counters[:, 3]
    both = _continuation(history - 1.0, melody, size)
    found = tf.stack(
        [
            token,
            tf.minimum(position, POSITIONS - 1),
            tf.minimum(bar, POSITIONS),
            *(_earlier(history, bar * bars_ago, size) for bars_ago in EARLIER_BARS),
            tf.cast(sounding, tf.int32) - 1,
            tf.minimum(tf.cast(age, tf.int32), OLDEST - 1),
            both // (len(LENGTHS) + 1),
            both % (len(LENGTHS) + 1),
            both,
            _continuation(classes, rhythm, NOTHING),
            tf.minimum(tf.cast(bars, tf.int32), BARS - 1),
            _class(tf.minimum(steps, float(MOST_STEPS)), STEP_CLASSES),
        ],
        axis=1,
    )
    counters = tf.stack([sounding, age, bars, steps + 1.0], axis=1)
    return found + offsets(size), tf.concat([history, melody, rhythm, counters], axis=1)


def _classes(history: Any, vocabulary: Vocabulary) -> Any:
    """Return the rhythm class of each token of the history; −1 where there is none."""
    table = np.full(len(vocabulary) + 1, STARTS, np.float32)
    table[0], table[vocabulary.hold + 1], table[vocabulary.rest + 1] = -1, HOLDS, RESTS
    return tf.gather(tf.constant(table), tf.cast(history, tf.int32))


def _matches(line: Any, lengths: Any) -> Any:
    """Return, for each place of the line, the length of the passage ending there that is equal to the line's end.

    The history has moved one place to the left since `lengths` was computed, so the length that belonged to the place
    before this one has this one's index now.
    """
    earlier = tf.constant([1.0] * (REACH - 1) + [0.0])  # not the line's end itself
    return (lengths + 1.0) * tf.cast(tf.equal(line, line[:, -1:]), tf.float32) * earlier


def _continuation(values: Any, lengths: Any, nothing: int) -> Any:
    """Return what followed the longest match, as `cues._continuation` does, for the last step only."""
    longest = tf.reduce_max(lengths, axis=1)
    latest = tf.argmax(lengths * REACH + tf.range(REACH, dtype=tf.float32), axis=1, output_type=tf.int32)
    following = tf.gather(values, tf.minimum(latest + 1, REACH - 1), batch_dims=1)
    value = tf.where(longest > 0, tf.cast(following, tf.int32), nothing)
    return value * (len(LENGTHS) + 1) + _class(longest, LENGTHS)


def _class(numbers: Any, starts: tuple[int, ...]) -> Any:
    """Return how many of `starts` each number reaches, as `np.digitize` does."""
    return tf.reduce_sum(tf.cast(numbers[:, None] >= tf.constant(starts, tf.float32), tf.int32), axis=1)


def _earlier(history: Any, distance: Any, nothing: int) -> Any:
    """Return the symbol that stood `distance` steps before the step to be predicted, or `nothing`."""
    known = tf.logical_and(distance > 0, distance <= REACH)
    place = tf.where(known, REACH - distance, 0)
    symbol = tf.cast(tf.gather(history, place, batch_dims=1), tf.int32) - 1
    return tf.where(tf.logical_and(known, symbol >= 0), symbol, nothing)
