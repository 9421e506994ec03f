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

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon.improviser.memory.counts import Known, certainty
from antiphon.improviser.memory.matches import LENGTH_CLASSES
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

WIDEST = 10.0
"""A weight that is read from a file is no farther from 0; learned ones stay within 1."""

_WIDEST = 600.0
"""Nats; a logit is no farther from 0: as far as a double's exponential can be summed. Learned weights give a tenth."""

Floats = npt.NDArray[np.float32]


StageBefore = tuple[Floats, float, float, npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Weights, the network's exponent, trust, hits and tries."""


class Match(NamedTuple):
    """What the match expects in each row, where there is one."""

    rows: Ints
    """That have one, (matched,)."""
    expected: Ints
    """The outcome, (matched,)."""
    classes: Ints
    """Of the match's length, (matched,)."""


_NOWHERE: Ints = np.zeros(0, np.int64)
NO_MATCH = Match(_NOWHERE, _NOWHERE, _NOWHERE)


class Mixed(NamedTuple):
    """What a stage predicts in each row, and what it has made that of."""

    probabilities: Floats
    """P, (row, x)."""
    mixture: Floats
    """M, (row, x)."""
    network: Floats
    """Q, (row, x)."""
    logs: Floats
    """ln Q, (row, x)."""
    known: Known
    """The contexts that were learned."""
    weights: Ints
    """Which weight each of these contexts has, an index into all of them, (found,)."""
    features: Floats
    """f_i(x) of each count, less what the context adds to all x alike, (count,)."""
    match: Match
    """What the match expects."""


class Features(NamedTuple):
    """What start weights are trained on: all features, whole."""

    features: Floats
    """(row, feature, x): the match's, then each context's."""
    classes: Ints
    """Which of its weights each feature has, (row, feature)."""
    network: Floats
    """Q, (row, x)."""


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
        self._hits, self._tries = np.ones(LENGTH_CLASSES), np.full(LENGTH_CLASSES, 2.0)
        self.trust = 0.5
        """g, the share of the mixture; the rest is the network's."""

    @property
    def weights(self) -> StageWeights:
        """What was learned so far, as start weights."""
        learned = self._weights.astype(float)
        width = len(self._start.contexts[0])
        return StageWeights(self._network, learned[1:, :width].tolist(), learned[0, :LENGTH_CLASSES].tolist())

    def parts(self) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """Yield what was learned so far, as `load` takes it, in one part."""
        numbers = np.array([self._network, self.trust])
        yield {
            "weights": self._weights.copy(),
            "numbers": numbers,
            "hits": self._hits.copy(),
            "tries": self._tries.copy(),
        }

    def load(self, weights: Floats, numbers: Floats, hits: Floats, tries: Floats) -> None:
        """Take over what `parts` yielded.

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

    def predict(self, network: Floats, known: Known, match: Match) -> Mixed:
        """Mix the network's distribution with what was counted, in many rows at once.

        What a context adds to all logits alike, ln[a/(N + a)], makes no difference to M: left is what it has counted.

        Args:
            network: Q, (row, x), summing to 1 in each row.
            known: the contexts that were learned.
            match: what the match expects.
        """
        network = _as_probabilities(network)
        rows, width = network.shape
        logs = np.log(network)
        weights = (1 + known.contexts) * self._weights.shape[1] + known.certainty
        at = (known.rows * width)[known.counted] + known.outcomes
        features = np.log1p(known.counts / (self._prior * network.ravel()[at]))
        added = np.bincount(at, self._weights.ravel()[weights][known.counted] * features, rows * width)
        logits = (self._network * logs.ravel() + added).reshape(rows, width)
        if len(match.rows):
            logits[match.rows, match.expected] += self._weights[0, match.classes] * self._of_match(network, match)
        np.minimum(logits, _WIDEST, out=logits)
        np.exp(np.maximum(logits, -_WIDEST, out=logits), out=logits)
        mixture = (logits / (logits @ np.ones((width, 1)))).astype(np.float32)
        trust = np.float32(self.trust)
        return Mixed(trust * mixture + (1 - trust) * network, mixture, network, logs, known, weights, features, match)

    def features(self, network: Floats, counts: Floats, match: Match) -> Features:
        """Return all features whole; `counts` are those of every context, n, (row, context, x)."""
        network = _as_probabilities(network)
        rows, contexts, width = counts.shape
        sums = counts.sum(axis=2)
        features = np.zeros((rows, 1 + contexts, width), np.float32)
        features[:, 1:] = np.log((counts / network[:, None] + self._prior) / (sums + self._prior)[..., None])
        classes = np.zeros((rows, 1 + contexts), np.int64)
        classes[:, 1:] = certainty(sums, counts.max(axis=2))
        if len(match.rows):
            right = self._right[match.classes]
            features[match.rows, 0] = np.log(1 - right)[:, None]
            features[match.rows, 0, match.expected] += self._of_match(network, match)
            classes[match.rows, 0] = match.classes
        return Features(features, classes, network)

    def learn(self, mixed: Mixed, came: int) -> StageBefore:
        """Learn from what came in a step of one row. Returns what `restore` takes."""
        before = self._weights.copy(), self._network, self.trust, self._hits.copy(), self._tries.copy()
        mixture, known, match = mixed.mixture[0], mixed.known, mixed.match
        error = -mixture
        error[came] += 1
        gradient = np.bincount(known.counted, mixed.features * error[known.outcomes], len(known.contexts))
        if len(match.rows):
            bucket, expected = match.classes.item(0), match.expected.item(0)
            self._weights[0, bucket] += RATE * error[expected] * self._of_match(mixed.network, match)[0]
            self._hits[bucket] = FORGET * self._hits[bucket] + (expected == came)
            self._tries[bucket] = FORGET * self._tries[bucket] + 1
        self._weights.ravel()[mixed.weights] += RATE * gradient
        self._network += NETWORK_RATE * float(mixed.logs[0] @ error)
        trust = self.trust * mixture.item(came) / mixed.probabilities.item(came)
        self.trust = min(1.0, trust) * (1 - 2 * SHARE) + SHARE
        return before

    def restore(self, before: StageBefore) -> None:
        """Undo the last `learn` that wasn't undone, which returned `before`."""
        self._weights, self._network, self.trust, self._hits, self._tries = before

    @property
    def _right(self) -> npt.NDArray[np.float64]:
        """r of each class of length, (class,)."""
        right: npt.NDArray[np.float64] = np.minimum(self._hits / self._tries, MOST_RIGHT)
        return right

    def _of_match(self, network: Floats, match: Match) -> npt.NDArray[np.float64]:
        """Return f(e) − f(other) in the rows that have a match, (matched,)."""
        right = self._right[match.classes]
        found: npt.NDArray[np.float64] = np.log1p(right / (network[match.rows, match.expected] * (1 - right)))
        return found


def _as_probabilities(network: Floats) -> Floats:
    bounded: Floats = np.maximum(network, LEAST)
    bounded /= bounded @ np.ones((network.shape[1], 1), np.float32)
    return bounded
