"""Parity: the proof that a bundle says what the Keras network says that it was converted from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.bundle import Bundle
from antiphon.melody.model import Floats, LiteModel, Tokens
from antiphon_trainer.dataset.melody import Melody
from antiphon_trainer.evaluation.measure import bits_of, probabilities
from antiphon_trainer.network.cues import cues, without_metre
from antiphon_trainer.network.input_spec import reading_of
from antiphon_trainer.network.predictor import after, over_melodies, over_windows
from antiphon_trainer.network.rebuilding import Precision, any_length, exact

TOLERANCE = 1e-4
"""Largest difference between a probability of the Keras network and the bundle's, in float32."""
BITS_TOLERANCE = 0.01
"""Most bits a step that 8-bit weights may cost."""
_SAMPLES, _SAMPLE_STEPS = 4, 128
_WINDOWS = 128
"""Windows, at most, that a network which was trained on windows is compared on."""


@dataclass(frozen=True, eq=False)
class _Pair:
    """What both said to the same: tokens (step,), and probabilities (step, V)."""

    tokens: Tokens
    keras: Floats
    bundle: Floats

    @property
    def difference(self) -> float:
        """The largest one between two probabilities."""
        return float(np.abs(self.keras - self.bundle).max())


def prove(network: Any, bundle: Bundle, melodies: Sequence[Melody], named: str) -> dict[str, Any]:
    """Run a network and its bundle on melodies, and on the model's own, and return how far they differ.

    Args:
        network: the Keras network.
        bundle: made from it.
        melodies: real ones.
        named: what to call them.

    Raises:
        UserError: they differ by more than rounding, or than 8 bits may.
    """
    own = samples(bundle)
    reference = _Reference(network, bundle)
    pairs = list(_both(reference, bundle, melodies))
    more = [*_both(reference, bundle, own), *_on_windows(network, bundle, [*melodies, *own])]
    difference = max(pair.difference for pair in (*pairs, *more))
    if bundle.manifest.quantization == "none" and not difference <= TOLERANCE:
        allowed = max(TOLERANCE, 2 * _sensitivity(network, bundle, [*melodies, *own]))
        if not difference <= allowed:
            raise UserError(
                f"the bundle's probabilities differ from the Keras network's by up to {difference:.1e} "
                f"(at most {allowed:.0e} is rounding); nothing was written"
            )
    keras_bits = float(np.concatenate([bits_of(pair.tokens, pair.keras) for pair in pairs]).mean())
    bundle_bits = float(np.concatenate([bits_of(pair.tokens, pair.bundle) for pair in pairs]).mean())
    if not abs(bundle_bits - keras_bits) <= BITS_TOLERANCE:
        raise UserError(
            f"the bundle needs {bundle_bits:.4f} bits a step where the Keras network needs {keras_bits:.4f} "
            f"(at most {BITS_TOLERANCE} may lie between them); nothing was written: convert with --quantize none"
        )
    return {
        "largest_difference": difference,
        "keras_bits_a_step": round(keras_bits, 5),
        "bundle_bits_a_step": round(bundle_bits, 5),
        "melodies": f"{len(melodies)} {named} and {len(own)} melodies of the model's own",
    }


def check_mapping(parity: dict[str, Any], vocabulary_size: int) -> None:
    """Check that a network makes sense of real melodies with the mapping that came with it.

    Raises:
        UserError: it needs more bits a step than knowing nothing.
    """
    nothing = math.log2(vocabulary_size)
    if parity["keras_bits_a_step"] > nothing:
        raise UserError(
            f"with this mapping the network needs {parity['keras_bits_a_step']:.2f} bits a step for real melodies, and "
            f"knowing nothing needs {nothing:.2f}: the mapping is another training's (a set() has another order in "
            "every run). Find the one written with the model; for music that is no folk song name some with --corpus, "
            "or convert all the same with --force"
        )


class _Reference:
    """The Keras network, asked in the way that its bundle plays: about whole melodies, or about windows."""

    def __init__(self, network: Any, bundle: Bundle, precision: Precision = "float32") -> None:
        self._bundle = bundle
        self._reading = reading_of(network, bundle.vocabulary)
        whole = self._reading.each_step and self._reading.length is None
        if bundle.manifest.context == "window":
            self._network = network if precision == "float32" else exact(network)
        else:
            self._network = network if whole and precision == "float32" else any_length(network, precision)

    def answers(self, melodies: Sequence[Melody], with_metre: bool) -> list[Floats]:
        """Return the probabilities at every step of melodies, (step, V) each."""
        vocabulary, manifest = self._bundle.vocabulary, self._bundle.manifest
        lines = [melody.read for melody in melodies]
        if manifest.context == "window":
            return over_windows(self._network, vocabulary, lines, manifest.state_size)
        if self._reading.kind == "cues":
            lines = [cues(melody.read, melody.position, melody.bar, vocabulary) for melody in melodies]
            lines = lines if with_metre else [without_metre(line, len(vocabulary)) for line in lines]
        return over_melodies(self._network, vocabulary, lines)


def _both(reference: _Reference, bundle: Bundle, melodies: Sequence[Melody]) -> Iterator[_Pair]:
    """Yield what both say to melodies, with the metre and without."""
    model = LiteModel(bundle, (1,))
    for with_metre in (False, True) if bundle.manifest.inputs else (False,):
        for melody, theirs in zip(melodies, reference.answers(melodies, with_metre), strict=True):
            ours = np.concatenate(list(probabilities(model, [melody], 1, with_metre)))
            yield _Pair(melody.tokens, theirs, ours)


def _on_windows(network: Any, bundle: Bundle, melodies: Sequence[Melody]) -> Iterator[_Pair]:
    """Yield what the network itself says to windows, and a `stream` bundle that hears each from a fresh state.

    That is for networks which were trained on windows; the others were asked themselves already.
    """
    reading = reading_of(network, bundle.vocabulary)
    if bundle.manifest.context == "window" or (reading.each_step and reading.length is None):
        return
    length = bundle.manifest.sequence_length
    longest = [melody for melody in melodies if len(melody.read) >= length]
    if not longest:
        return
    lines = [np.lib.stride_tricks.sliding_window_view(melody.read, length) for melody in longest]
    every = -(-sum(map(len, lines)) // _WINDOWS)
    windows = np.ascontiguousarray(np.concatenate(lines)[::every])
    following = np.concatenate([melody.tokens[length - 1 :] for melody in longest])[::every]
    model = LiteModel(bundle, (len(windows),))
    state = model.initial_state(len(windows))
    for step in range(length):
        ours, state = model.step(np.ascontiguousarray(windows[:, step]), state)
    yield _Pair(following, after(network, bundle.vocabulary, windows), ours)


def _sensitivity(network: Any, bundle: Bundle, melodies: Sequence[Melody]) -> float:
    """Return the largest difference between the network's own float32 and float64."""
    single = _Reference(network, bundle).answers(melodies, with_metre=False)
    double = _Reference(network, bundle, "float64").answers(melodies, with_metre=False)
    return max(float(np.abs(one - other).max()) for one, other in zip(single, double, strict=True))


def samples(bundle: Bundle, seed: int = 0) -> list[Melody]:
    """Draw melodies from the model itself. They have no metre."""
    rows = _SAMPLES if bundle.manifest.context == "stream" else 1
    model = LiteModel(bundle, (rows,))
    random = np.random.default_rng(seed)
    drawn: list[Tokens] = []
    while len(drawn) < _SAMPLES:
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
