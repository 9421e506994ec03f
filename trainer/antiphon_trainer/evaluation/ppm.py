"""Statistical models of melody to compare a network with: n-grams, and PPM* as in IDyOM.

They turn the counts (step, order, V) of `context_counts` into probabilities (step, V).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from antiphon.melody.model import Floats

Doubles = npt.NDArray[np.float64]


def witten_bell(counts: Floats, order: int) -> Doubles:
    """Return the probabilities of an n-gram that interpolates all contexts up to `order` tokens, (step, V).

    Of a context that came n times, followed by t different tokens, a share t / (n + t) goes to the next shorter
    context (Witten & Bell 1991); below the shortest all tokens are equal.
    """
    steps, _, size = counts.shape
    probabilities = np.full((steps, size), 1 / size)
    for count in counts[:, : order + 1].transpose(1, 0, 2):
        different = (count > 0).sum(axis=1, keepdims=True)
        total = np.maximum(count.sum(axis=1, keepdims=True), 1)
        mixed = (count + different * probabilities) / (total + different)
        probabilities = np.where(different > 0, mixed, probabilities)
    return probabilities


def ppm(counts: Floats) -> Doubles:
    """Return the probabilities of PPM* with exclusion and escape method C, (step, V).

    Prediction starts at the shortest context that was always followed by the same token, else at the longest that is
    known (Cleary, Teahan & Witten 1995). Of n occurrences with t different tokens a share t / (n + t) escapes to the
    next shorter context, where tokens that were possible before are left out of the count (Cleary & Witten 1984;
    method C: Moffat 1990). What escapes from the shortest is shared by the tokens that never came.
    """
    steps, orders, size = counts.shape
    start = _start(counts)
    probabilities = np.zeros((steps, size))
    escaped = np.ones((steps, 1))
    excluded = np.zeros((steps, size), bool)
    for order in reversed(range(orders)):
        count = np.where(excluded | (order > start)[:, None], 0.0, counts[:, order])
        different = (count > 0).sum(axis=1, keepdims=True)
        whole = np.maximum(count.sum(axis=1, keepdims=True) + different, 1)
        probabilities += escaped * count / whole
        escaped = np.where(different > 0, escaped * different / whole, escaped)
        excluded |= count > 0
    new = ~excluded
    probabilities += np.where(new, escaped / np.maximum(new.sum(axis=1, keepdims=True), 1), 0.0)
    summed: Doubles = probabilities / probabilities.sum(axis=1, keepdims=True)
    return summed


def _start(counts: Floats) -> npt.NDArray[np.intp]:
    """Return the order that PPM* starts from, (step,): the shortest with one token only, else the longest known."""
    different = (counts > 0).sum(axis=2)
    sure = different == 1
    longest = np.maximum((different > 0).sum(axis=1) - 1, 0)
    start: npt.NDArray[np.intp] = np.where(sure.any(axis=1), sure.argmax(axis=1), longest)
    return start


def mixed(one: Doubles, other: Doubles, bias: float) -> Doubles:
    """Mix two models' probabilities (step, V) geometrically; at each step the more certain model has more weight.

    A model's weight is its entropy, relative to that of knowing nothing, to the power of −`bias`: Conklin's
    combination, with the geometric mean as Pearce, Conklin & Wiggins (2004) recommend it.
    """
    first, second = (_relative_entropy(model) ** -bias for model in (one, other))
    share = (first / (first + second))[:, None]
    product = np.exp(share * np.log(one) + (1 - share) * np.log(other))
    normal: Doubles = product / product.sum(axis=1, keepdims=True)
    return normal


def _relative_entropy(probabilities: Doubles) -> Doubles:
    entropy = -(probabilities * np.log(probabilities)).sum(axis=1) / np.log(probabilities.shape[1])
    bounded: Doubles = np.maximum(entropy, 1e-6)
    return bounded
