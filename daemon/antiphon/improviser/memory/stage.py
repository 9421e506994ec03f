"""A stage of the mixture: the network's distribution over some outcomes, and what was counted, weighted and mixed.

There are two stages: the class of the next symbol, and the pitch of a note, given that one starts. Equations: with Q
the network's distribution, n the counts of context i, N their sum, y what came,

    f_i(x) = ln[(n_i(x) + a·Q(x)) / ((N_i + a)·Q(x))]
    f(e) = ln(r/Q(e) + 1 − r), f(other) = ln(1 − r)      of the match, which expects e and was right in a share r
    M(x) ∝ exp(w₀·ln Q(x) + Σ w[i, b_i]·f_i(x))          b_i: how much the context has seen
    P(x) = g·M(x) + (1 − g)·Q(x)
    w[i, b_i] += η·(f_i(y) − Σ_x M(x)·f_i(x))            online gradient descent in the log loss of M
    g ← g·M(y)/P(y), then g ← (1 − s)·g + s·(1 − g)      Bayes's rule with a fixed share (Herbster and Warmuth, 1998)

The mixture over contexts is the logistic mixing of the PAQ compressors (Mahoney, 2005). Because g·M + (1 − g)·Q is a
Bayesian mixture, the whole costs at most a few bits more than the network alone, however wrong M is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.counts import Known
from antiphon.improviser.memory.matches import LENGTH_CLASSES, length_class
from antiphon.improviser.memory.past import Ints
from antiphon.improviser.memory.weights import StageWeights

RATE = 0.001
"""Learning rate of the weights."""
NETWORK_RATE = 0.0001
"""The same of the network's exponent."""
SHARE = 0.001
"""s, by which g is drawn to 1/2 after each step: so it comes back however low it has sunk."""
FORGET = 0.995
"""By which a match's tries and hits are multiplied each time."""
LEAST = np.float32(1e-6)
"""Probability; the least of the network's that counts: a softmax may round to 0."""
MOST_RIGHT = 0.9995
"""Share of hits, at most, that a match is taken to have: it may always be wrong."""
SEEN = np.array([1.5, 2.5, 4.5, 8.5, 16.5], np.float32)
"""Sums of counts at which the classes of certainty begin."""
ALWAYS = np.float32(0.95)
"""Share of a context's counts from which it has always seen the same."""

WIDEST = 10.0
"""A weight that is read from a file is no farther from 0; learned ones stay within 1."""

Floats = npt.NDArray[np.float32]


StageBefore = tuple[Floats, float, float, npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Weights, the network's exponent, trust, hits and tries."""


@dataclass(frozen=True, eq=False)
class Mixed:
    """What a stage predicts in each row, and what it has learned that from."""

    probabilities: Floats
    """P, (row, x)."""
    mixture: Floats
    """M, (row, x)."""
    network: Floats
    """Q, (row, x)."""
    features: Floats
    """(row, feature, x): the match's, then each context's."""
    classes: Ints
    """Which of its weights each feature has, (row, feature)."""
    expected: Ints
    """What the match expects, (row,); −1 where there is none."""


class Stage:
    """The weights of one stage, and how they are learned.

    Args:
        start: the weights that it begins with.
        prior: a, how many occurrences the network's distribution counts for in a context.
    """

    def __init__(self, start: StageWeights, prior: float) -> None:
        self._start = start
        self._prior = np.float32(prior)
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        start = self._start
        self._network = start.network
        width = max(LENGTH_CLASSES, len(start.contexts[0]))
        self._weights: Floats = np.zeros((1 + len(start.contexts), width), np.float32)
        """(feature, class)."""
        self._weights[0, :LENGTH_CLASSES] = start.match
        self._weights[1:, : len(start.contexts[0])] = start.contexts
        self._features = np.arange(len(self._weights))
        self._hits, self._tries = np.ones(LENGTH_CLASSES), np.full(LENGTH_CLASSES, 2.0)
        self.trust = 0.5
        """g, the share of the mixture; the rest is the network's."""

    @property
    def weights(self) -> StageWeights:
        """What was learned so far, as start weights."""
        learned = self._weights.astype(float)
        width = len(self._start.contexts[0])
        return StageWeights(self._network, learned[1:, :width].tolist(), learned[0, :LENGTH_CLASSES].tolist())

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was learned so far, as `load` takes it."""
        numbers = np.array([self._network, self.trust])
        return {"weights": self._weights, "numbers": numbers, "hits": self._hits, "tries": self._tries}

    def load(self, weights: Floats, numbers: Floats, hits: Floats, tries: Floats) -> None:
        """Take over what `arrays` returned.

        Raises:
            ValueError: it can't be: of another size, or no numbers.
        """
        shapes = [each.shape for each in (weights, numbers, hits, tries)]
        if shapes != [self._weights.shape, (2,), self._hits.shape, self._tries.shape]:
            raise ValueError("its weights are of another size")
        if not ((np.abs(weights) <= WIDEST).all() and (np.abs(numbers) <= WIDEST).all()):
            raise ValueError("weights are no numbers")
        if not ((hits >= 0) & (hits <= tries) & (tries > 0) & np.isfinite(tries)).all():
            raise ValueError("more matches were right than were tried")
        self._network, self.trust = float(numbers[0]), float(np.clip(numbers[1], SHARE, 1 - SHARE))
        self._weights, self._hits, self._tries = weights.astype(np.float32), hits.astype(float), tries.astype(float)

    def mix(self, network: Floats, counts: Floats, sums: Floats, expected: Ints, lengths: Ints) -> Mixed:
        """Mix the network's distribution with what was counted.

        Args:
            network: Q, (row, x), summing to 1 in each row.
            counts: n, (row, context, x).
            sums: N, (row, context).
            expected: the outcome that the match expects, (row,); −1 where there is none.
            lengths: of the matches, in tokens, (row,).
        """
        network = _as_probabilities(network)
        rows = len(network)
        features = np.empty((rows, 1 + counts.shape[1], network.shape[1]), np.float32)
        np.divide(counts, network[:, None], out=features[:, 1:])
        features[:, 1:] += self._prior
        np.log(features[:, 1:], out=features[:, 1:])
        features[:, 1:] -= np.log(sums + self._prior)[..., None]
        length_classes = length_class(lengths)
        features[:, 0] = self._match(network, expected, length_classes)
        classes = np.empty((rows, 1 + counts.shape[1]), np.int64)
        classes[:, 0] = length_classes
        classes[:, 1:] = _certainty(sums, counts.max(axis=2))
        weights = self._weights[self._features, classes]
        logits = self._network * np.log(network) + (weights[:, None] @ features)[:, 0]
        mixture = _softmax(logits)
        return Mixed(self._mixed(network, mixture), mixture, network, features, classes, expected)

    def predict(self, network: Floats, known: Known, expected: Ints, lengths: Ints) -> Floats:
        """Return the same P as `mix`, (row, x), for many rows at once.

        What a context adds to all logits alike, ln[a/(N + a)], makes no difference to M: left is what it has counted.

        Args:
            network: Q, (row, x), summing to 1 in each row.
            known: the contexts that were learned.
            expected: as for `mix`.
            lengths: as for `mix`.
        """
        network = _as_probabilities(network)
        rows, width = network.shape
        weights = self._weights[1 + known.contexts, _certainty(known.sums, known.largest)]
        places = known.rows[known.counted] * width + known.outcomes
        added = weights[known.counted] * np.log1p(known.counts / (self._prior * network.ravel()[places]))
        logits = self._network * np.log(network)
        logits += np.bincount(places, added, rows * width).reshape(rows, width)
        there = np.flatnonzero(expected >= 0)
        if len(there):
            classes, one = length_class(lengths[there]), expected[there]
            right = np.minimum(self._hits / self._tries, MOST_RIGHT)[classes]
            logits[there, one] += self._weights[0, classes] * np.log1p(right / (network[there, one] * (1 - right)))
        return self._mixed(network, _softmax(logits))

    def learn(self, mixed: Mixed, came: int) -> StageBefore:
        """Learn from what came in a step of one row. Returns what `restore` takes."""
        before = self._weights.copy(), self._network, self.trust, self._hits.copy(), self._tries.copy()
        features, mixture = mixed.features[0], mixed.mixture[0]
        gradient = features[:, came] - features @ mixture
        logs = np.log(mixed.network[0])
        self._weights[self._features, mixed.classes[0]] += np.float32(RATE) * gradient
        self._network += NETWORK_RATE * float(logs[came] - logs @ mixture)
        trust = self.trust * float(mixture[came]) / float(mixed.probabilities[0, came])
        self.trust = min(1.0, trust) * (1 - 2 * SHARE) + SHARE
        expected = int(mixed.expected[0])
        if expected >= 0:
            bucket = mixed.classes[0, 0]
            self._hits[bucket] = FORGET * self._hits[bucket] + (expected == came)
            self._tries[bucket] = FORGET * self._tries[bucket] + 1
        return before

    def restore(self, before: StageBefore) -> None:
        """Undo the last `learn` that wasn't undone, which returned `before`."""
        self._weights, self._network, self.trust, self._hits, self._tries = before

    def _mixed(self, network: Floats, mixture: Floats) -> Floats:
        trust = np.float32(self.trust)
        return trust * mixture + (1 - trust) * network

    def _match(self, network: Floats, expected: Ints, length_classes: Ints) -> Floats:
        """Return the match's feature, (row, x); zeros where there is none."""
        found = np.zeros_like(network)
        rows = np.flatnonzero(expected >= 0)
        if len(rows):
            right = np.minimum(self._hits / self._tries, MOST_RIGHT)[length_classes[rows]]
            found[rows] = np.log(1 - right)[:, None]
            found[rows, expected[rows]] = np.log(right / network[rows, expected[rows]] + 1 - right)
        return found


def _as_probabilities(network: Floats) -> Floats:
    bounded: Floats = np.maximum(network, LEAST)
    bounded /= bounded.sum(axis=1, keepdims=True)
    return bounded


def _certainty(sums: Floats, largest: Floats) -> Ints:
    """Return the class of how much contexts have seen, and whether that was always the same."""
    classes: Ints = 2 * np.searchsorted(SEEN, sums, side="right") + (largest > ALWAYS * sums)
    return classes


def _softmax(logits: npt.NDArray[Any]) -> Floats:
    weights: Floats = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights
