"""Parity: the proof that a bundle gives the same probabilities as the Keras network that it was converted from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.bundle import Bundle
from antiphon.melody.model import Floats, LiteModel, Tokens
from antiphon_trainer.dataset.melody import Melody
from antiphon_trainer.evaluation.measure import bits_of, probabilities
from antiphon_trainer.network.cues import cues, without_metre
from antiphon_trainer.network.predictor import Predictor

TOLERANCE = 1e-4
"""Largest difference between a probability of the Keras network and the bundle's, both in float32."""
BITS_TOLERANCE = 0.01
"""Bits per step that 8-bit weights may cost at most."""
SAMPLES = 4
"""Melodies drawn from the model itself: the two must agree on what it plays, too."""
_SAMPLE_STEPS = 128
"""Steps of each: eight bars of 4/4."""
_WINDOWS = 128
"""Windows, at most, on which a network that was trained on windows is compared."""


@dataclass(frozen=True)
class Parity:
    """How far a bundle is from the Keras network that it was converted from."""

    largest_difference: float
    """Between two probabilities."""
    keras_bits: float
    """Bits per step of the Keras network on real melodies."""
    bundle_bits: float
    """The same of the bundle."""


@dataclass(frozen=True, eq=False)
class _Pair:
    """The probabilities of both at the same steps, (step, V), and the tokens that came, (step,)."""

    tokens: Tokens
    keras: Floats
    bundle: Floats

    @property
    def difference(self) -> float:
        """The largest difference between two probabilities."""
        return float(np.abs(self.keras - self.bundle).max())


def prove(predictor: Predictor, bundle: Bundle, melodies: Sequence[Melody], force: bool) -> Parity:
    """Compare a network with its bundle on melodies, and on melodies drawn from the bundle.

    Args:
        predictor: the Keras network.
        bundle: converted from it.
        melodies: real ones.
        force: go on even if the network predicts real melodies worse than chance.

    Raises:
        UserError: the mapping is another network's; or the two differ by more than rounding in float32, or than 8-bit
            weights may cost.
    """
    playing = predictor if bundle.manifest.context == "window" else predictor.for_any_length
    pairs = list(_compared(playing, bundle, melodies))
    keras_bits, bundle_bits = _bits(pairs)
    if not force:
        _check_mapping(keras_bits, len(bundle.vocabulary))
    drawn = samples(bundle)
    everything = [*melodies, *drawn]
    more = [*_compared(playing, bundle, drawn), *_on_windows(predictor, bundle, everything)]
    difference = max(pair.difference for pair in (*pairs, *more))
    if bundle.manifest.quantization == "none":
        if not difference <= TOLERANCE:
            _check_rounding(difference, _sensitivity(playing, bundle, everything))
    elif not abs(bundle_bits - keras_bits) <= BITS_TOLERANCE:
        raise UserError(
            f"the bundle needs {bundle_bits:.4f} bits per step where the Keras network needs {keras_bits:.4f} "
            f"(8-bit weights may cost {BITS_TOLERANCE}); nothing was written: convert with --quantize none"
        )
    return Parity(difference, keras_bits, bundle_bits)


def _bits(pairs: Sequence[_Pair]) -> tuple[float, float]:
    """Return the mean bits per step of the Keras network, and of the bundle."""
    return (
        float(np.concatenate([bits_of(pair.tokens, pair.keras) for pair in pairs]).mean()),
        float(np.concatenate([bits_of(pair.tokens, pair.bundle) for pair in pairs]).mean()),
    )


def _check_mapping(bits: float, vocabulary_size: int) -> None:
    """Check that a network predicts real melodies better than chance with the mapping that came with it."""
    chance = math.log2(vocabulary_size)
    if bits > chance:
        raise UserError(
            f"with this mapping the network needs {bits:.2f} bits per step for real melodies, and knowing nothing "
            f"needs {chance:.2f}: the mapping is another training's (a set() has another order in every run). Find the "
            "one written with the model; for music that is no folk song name some with --corpus, or convert all the "
            "same with --force"
        )


def _check_rounding(difference: float, sensitivity: float) -> None:
    """Check that a difference is due to rounding in float32, to which some networks are more sensitive than others."""
    allowed = max(TOLERANCE, 2 * sensitivity)
    if not difference <= allowed:
        raise UserError(
            f"the bundle's probabilities differ from the Keras network's by up to {difference:.1e} "
            f"(at most {allowed:.0e} is rounding); nothing was written"
        )


def _compared(playing: Predictor, bundle: Bundle, melodies: Sequence[Melody]) -> Iterator[_Pair]:
    """Yield the probabilities of both on melodies; if there are inputs for the metre, without it and with it."""
    model = LiteModel(bundle, (1,))
    for with_metre in (False, True) if bundle.manifest.inputs else (False,):
        for melody, expected in zip(melodies, _predicted(playing, bundle, melodies, with_metre), strict=True):
            found = np.concatenate(list(probabilities(model, [melody], 1, with_metre)))
            yield _Pair(melody.tokens, expected, found)


def _predicted(playing: Predictor, bundle: Bundle, melodies: Sequence[Melody], with_metre: bool) -> list[Floats]:
    """Return the Keras network's probabilities at every step of melodies, (step, V) each.

    Args:
        playing: in the bundle's context, it reads windows or whole melodies.
        bundle: says which.
        melodies: what to predict.
        with_metre: whether a network with cues is told the metre.
    """
    inputs = [melody.inputs for melody in melodies]
    if bundle.manifest.context == "window":
        return playing.over_windows(inputs, bundle.manifest.state_size)
    if playing.spec.kind == "cues":
        vocabulary = playing.vocabulary
        inputs = [cues(melody.inputs, melody.position, melody.bar, vocabulary) for melody in melodies]
        inputs = inputs if with_metre else [without_metre(each, len(vocabulary)) for each in inputs]
    return playing.over_melodies(inputs)


def _on_windows(predictor: Predictor, bundle: Bundle, melodies: Sequence[Melody]) -> Iterator[_Pair]:
    """Yield the probabilities after windows: the network's own, and a `stream` bundle's from a fresh state.

    Only for networks that were trained on windows; `_compared` asked the others themselves already, not a rebuilt one.
    """
    if bundle.manifest.context == "window" or predictor.spec.is_stream:
        return
    length = bundle.manifest.sequence_length
    longest = [melody for melody in melodies if len(melody.inputs) >= length]
    if not longest:
        return
    views = [np.lib.stride_tricks.sliding_window_view(melody.inputs, length) for melody in longest]
    every = -(-sum(map(len, views)) // _WINDOWS)
    windows = np.ascontiguousarray(np.concatenate(views)[::every])
    following = np.concatenate([melody.tokens[length - 1 :] for melody in longest])[::every]
    model = LiteModel(bundle, (len(windows),))
    state = model.initial_state(len(windows))
    for step in range(length):
        found, state = model.step(np.ascontiguousarray(windows[:, step]), state)
    yield _Pair(following, predictor.after_windows(windows), found)


def _sensitivity(playing: Predictor, bundle: Bundle, melodies: Sequence[Melody]) -> float:
    """Return the largest difference between the network's own probabilities in float32 and in float64."""
    single = _predicted(playing, bundle, melodies, with_metre=False)
    double = _predicted(playing.in_float64(), bundle, melodies, with_metre=False)
    return max(float(np.abs(one - other).max()) for one, other in zip(single, double, strict=True))


def samples(bundle: Bundle, seed: int = 0) -> list[Melody]:
    """Draw melodies from a bundle's model, from a fresh state. They have no metre."""
    rows = SAMPLES if bundle.manifest.context == "stream" else 1
    model = LiteModel(bundle, (rows,))
    random = np.random.default_rng(seed)
    drawn: list[Tokens] = []
    while len(drawn) < SAMPLES:
        drawn.extend(_drawn(model, rows, bundle.vocabulary.end, random))
    unknown = np.zeros(_SAMPLE_STEPS + 1, np.int32)
    return [Melody(np.append(line, np.int32(bundle.vocabulary.end)), unknown, unknown) for line in drawn]


def _drawn(model: LiteModel, rows: int, end: int, random: np.random.Generator) -> Tokens:
    """Draw melodies side by side, (row, step)."""
    state = model.initial_state(rows)
    token: Tokens = np.full(rows, end, dtype=np.int32)
    steps = []
    for _ in range(_SAMPLE_STEPS):
        predicted, state = model.step(token, state)
        token = _draw(predicted, random)
        steps.append(token)
    return np.stack(steps, axis=1)


def _draw(predicted: Floats, random: np.random.Generator) -> Tokens:
    cumulated = np.cumsum(predicted.astype(np.float64), axis=1)
    chosen: Tokens = (cumulated < random.random((len(predicted), 1)) * cumulated[:, -1:]).sum(axis=1).astype(np.int32)
    return chosen
