"""Training of start weights: those of which the mixture needs the fewest bits on examples.

A stage's mixture is a log-linear model of its features, so its log loss is convex in the weights, and there is one best
set of them. It is found with Adam (Kingma & Ba 2015) on all examples at once. What a session counts doesn't depend on
the weights, so the examples are made once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.weights import StageWeights
from antiphon_trainer.memory.examples import Examples

STEPS = 120
"""Steps of Adam; the loss stops falling in its fourth digit after some 60."""
RATE = 0.02
"""Adam's learning rate."""
_FIRST, _SECOND, _TINY = 0.9, 0.99, 1e-8
"""Adam's decay rates, and the least that it divides by."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lesson:
    """Examples of one kind of session, and how much their mean loss counts."""

    name: str
    examples: Examples
    weight: float


def trained(lessons: Sequence[Lesson], start: StageWeights) -> tuple[StageWeights, dict[str, tuple[float, float]]]:
    """Return a stage's best weights, and of each lesson the bits per example of the network and of the mixture.

    Args:
        lessons: to learn from; those of weights of which no example exists stay as they are.
        start: where to begin.
    """
    contexts, lengths = np.array(start.contexts), len(start.match)
    width = max(contexts.shape[1], lengths)
    weights = np.zeros((1 + len(contexts), width))
    weights[0, :lengths] = start.match
    weights[1:, : contexts.shape[1]] = contexts
    values = np.concatenate([weights.ravel(), [start.network]])
    first, second = np.zeros_like(values), np.zeros_like(values)
    for step in range(1, STEPS + 1):
        gradient = sum((lesson.weight * _loss(values, lesson.examples)[1] for lesson in lessons), np.zeros_like(values))
        first = _FIRST * first + (1 - _FIRST) * gradient
        second = _SECOND * second + (1 - _SECOND) * gradient**2
        scale = np.sqrt(second / (1 - _SECOND**step)) + _TINY
        values -= RATE * first / (1 - _FIRST**step) / scale
    found = np.round(values[:-1].reshape(weights.shape), 4)
    best = StageWeights(
        network=round(float(values[-1]), 4),
        contexts=found[1:, : contexts.shape[1]].tolist(),
        match=found[0, :lengths].tolist(),
    )
    return best, {
        lesson.name: (_network_bits(lesson.examples), _loss(values, lesson.examples)[0]) for lesson in lessons
    }


def _network_bits(examples: Examples) -> float:
    return float(-np.log2(examples.network[np.arange(len(examples.came)), examples.came]).mean())


def _loss(values: Doubles, examples: Examples) -> tuple[float, Doubles]:
    """Return the mixture's bits per example, and the gradient of its loss in nats.

    Args:
        values: the weights, (feature · class,), and behind them the exponent of the network's distribution.
        examples: what to predict.
    """
    steps, features = np.arange(len(examples.came)), np.arange(examples.features.shape[1])
    weights = values[:-1].reshape(len(features), -1)
    logs = np.log(examples.network)
    logits = values[-1] * logs + np.einsum("sf,sfx->sx", weights[features, examples.classes], examples.features)
    mixture = np.exp(logits - logits.max(axis=1, keepdims=True))
    mixture /= mixture.sum(axis=1, keepdims=True)
    bits = float(-np.log2(mixture[steps, examples.came]).mean())
    error = mixture
    error[steps, examples.came] -= 1
    by_feature = np.einsum("sfx,sx->sf", examples.features, error) / len(steps)
    gradient = np.zeros_like(weights)
    np.add.at(gradient, (np.broadcast_to(features, examples.classes.shape), examples.classes), by_feature)
    return bits, np.concatenate([gradient.ravel(), [float((logs * error).sum()) / len(steps)]])
