"""Parity: the proof that a bundle says what the Keras network says that it was converted from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from antiphon.errors import UserError
from antiphon.melody.bundle import Bundle
from antiphon.melody.model import Floats, LiteModel, Tokens
from antiphon_trainer.cues import cues, without_metre
from antiphon_trainer.evaluation import Melody, melody_of, probabilities
from antiphon_trainer.one_step import reads_cues
from antiphon_trainer.scoring import LEAST_PROBABILITY
from antiphon_trainer.songs import Song

TOLERANCE = 1e-4
"""Largest difference between a probability of the Keras network and the bundle's, in float32."""
BITS_TOLERANCE = 0.01
"""Most bits a step that 8-bit weights may cost."""
_MELODIES = 20
"""Songs, at most, that the two are compared on."""
_SAMPLES, _SAMPLE_STEPS = 4, 128


def prove(network: Any, bundle: Bundle, songs: Sequence[Song]) -> dict[str, Any]:
    """Run a network and its bundle on melodies and return how far they differ.

    Args:
        network: the Keras network.
        bundle: made from it.
        songs: real melodies; where there are none, the model's own samples serve.

    Raises:
        UserError: they differ by more than rounding, or than 8 bits may.
    """
    chosen = songs[:: -(-len(songs) // _MELODIES) or 1]
    melodies = [melody_of(song, bundle.vocabulary) for song in chosen]
    named = f"{len(melodies)} songs" if melodies else f"{_SAMPLES} melodies of the model's own"
    pairs = [pair for melody in melodies or samples(bundle) for pair in _both(network, bundle, melody)]
    difference = max(float(np.abs(theirs - ours).max()) for _, theirs, ours in pairs)
    keras_bits = float(np.concatenate([_bits(tokens, theirs) for tokens, theirs, _ in pairs]).mean())
    bundle_bits = float(np.concatenate([_bits(tokens, ours) for tokens, _, ours in pairs]).mean())
    if bundle.manifest.quantization == "none" and not difference <= TOLERANCE:
        raise UserError(
            f"the bundle's probabilities differ from the Keras network's by up to {difference:.1e} "
            f"(at most {TOLERANCE:.0e} is rounding); nothing was written"
        )
    if not abs(bundle_bits - keras_bits) <= BITS_TOLERANCE:
        raise UserError(
            f"the bundle needs {bundle_bits:.4f} bits a step where the Keras network needs {keras_bits:.4f} "
            f"(at most {BITS_TOLERANCE} may lie between them); nothing was written: convert with --quantize none"
        )
    return {
        "largest_difference": difference,
        "keras_bits_a_step": round(keras_bits, 5),
        "bundle_bits_a_step": round(bundle_bits, 5),
        "melodies": named,
    }


def _both(network: Any, bundle: Bundle, melody: Melody) -> list[tuple[Tokens, Floats, Floats]]:
    """Return (tokens, the network's probabilities, the bundle's) of a melody, with the metre and without."""
    model = LiteModel(bundle, (1,))
    told = (False, True) if bundle.manifest.inputs else (False,)
    return [
        (
            melody.tokens,
            np.asarray(network(_reading(network, bundle, melody, with_metre)[None], training=False))[0],
            np.concatenate(list(probabilities(model, [melody], 1, with_metre))),
        )
        for with_metre in told
    ]


def _reading(network: Any, bundle: Bundle, melody: Melody, with_metre: bool) -> Tokens:
    """Return what the network reads of a melody, (step,) or (step, cue)."""
    if not reads_cues(network):
        return melody.read
    found = cues(melody.read, melody.position, melody.bar, bundle.vocabulary)
    return found if with_metre else without_metre(found, len(bundle.vocabulary))


def _bits(tokens: Tokens, predicted: Floats) -> Floats:
    chosen: Floats = predicted[np.arange(len(tokens)), tokens]
    return -np.log2(np.maximum(chosen, np.float32(LEAST_PROBABILITY)))


def samples(bundle: Bundle, seed: int = 0) -> list[Melody]:
    """Draw melodies from the model itself, for where no songs are at hand. They have no metre."""
    model = LiteModel(bundle, (_SAMPLES,))
    random = np.random.default_rng(seed)
    end = bundle.vocabulary.end
    state = model.initial_state(_SAMPLES)
    token: Tokens = np.full(_SAMPLES, end, dtype=np.int32)
    drawn = []
    for _ in range(_SAMPLE_STEPS):
        predicted, state = model.step(token, state)
        token = _draw(predicted, random)
        drawn.append(token)
    unknown = np.zeros(_SAMPLE_STEPS + 1, np.int32)
    return [Melody(np.append(line, np.int32(end)), unknown, unknown) for line in np.stack(drawn, axis=1)]


def _draw(predicted: Floats, random: np.random.Generator) -> Tokens:
    cumulated = np.cumsum(predicted.astype(np.float64), axis=1)
    chosen: Tokens = (cumulated < random.random((len(predicted), 1)) * cumulated[:, -1:]).sum(axis=1).astype(np.int32)
    return chosen
