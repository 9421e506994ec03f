"""Conversion: a Keras network → a bundle, proven equal before it is written."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
import tensorflow as tf

from antiphon.errors import UserError
from antiphon.melody.bundle import Bundle, Manifest, read_bundle, write_bundle
from antiphon.melody.grid import STEP
from antiphon.melody.model import Floats, LiteModel, Tokens
from antiphon.melody.vocabulary import Vocabulary
from antiphon.settings import Prepare
from antiphon_trainer.evaluation import evaluate, lite_model, probabilities, tokens_of
from antiphon_trainer.one_step import OneStep
from antiphon_trainer.origin import Origin, read_origin
from antiphon_trainer.provenance import versions
from antiphon_trainer.quiet import silenced
from antiphon_trainer.songs import HELD_OUT, TRAINING, Song, fingerprint, read_songs

TOLERANCE = 1e-4
"""Largest difference between a probability of the Keras network and the bundle's."""
_MELODIES = 20
"""Songs, at most, that the two are compared on."""
_SAMPLES, _SAMPLE_STEPS = 4, 128


def to_lite(network: Any) -> tuple[bytes, OneStep]:
    """Convert a network to TensorFlow Lite with the signature `step`, of builtin operations only.

    Returns:
        The content of `model.tflite`, and the step that it was made from.

    Raises:
        UserError: the network can't be taken apart into steps.
    """
    step = OneStep(network)

    def endpoint(token: Any, state: Any) -> dict[str, Any]:
        predicted, after = step(token, state)
        return {"probabilities": predicted, "state": after}

    archive = keras.export.ExportArchive()
    archive.track(network)
    signature = [
        tf.TensorSpec((None,), tf.int32, name="token"),
        tf.TensorSpec((None, step.state_size), tf.float32, name="state"),
    ]
    archive.add_endpoint("step", endpoint, input_signature=signature)
    with tempfile.TemporaryDirectory() as folder, silenced():
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["step"])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        return bytes(converter.convert()), step


def convert(network: Any, vocabulary: Vocabulary, model: Path, out: Path, settings: Prepare) -> Bundle:
    """Convert a network into a bundle, prove the two equal, and write it whole or not at all.

    Args:
        network: what `one_step.load_network` gave.
        vocabulary: its mapping.
        model: its Keras file; `training.json` beside it says what it learned from.
        out: the bundle's folder.
        settings: where prepared songs lie, to prove and to measure with.

    Raises:
        UserError: the network can't be stepped, has another size than the mapping, or the bundle differs from it.
    """
    origin = read_origin(model)
    lite, step = to_lite(network)
    if step.vocabulary_size != len(vocabulary):
        raise UserError(
            f"the network predicts {step.vocabulary_size} tokens, but the mapping has {len(vocabulary)} symbols; "
            "take the mapping that was written with the model"
        )
    manifest = Manifest(
        format_version=0,  # write_bundle fills in this one and the checksums
        sha256={},
        vocabulary_size=len(vocabulary),
        state_size=step.state_size,
        initial_state=0.0,
        context="stream",
        sequence_length=origin.sequence_length if origin else settings.sequence_length,
        step=STEP,
        acceptable_durations=origin.acceptable_durations if origin else settings.acceptable_durations,
        corpus=origin.corpus if origin else {},
        versions=(origin.versions if origin else {}) | versions("antiphon", "keras", "tensorflow", "tensorflow-cpu"),
    )
    unproven = Bundle(out, manifest, vocabulary, lite)
    songs = _stored_songs(settings)
    parity = _parity(network, unproven, songs)
    held_out = _held_out_figures(unproven, songs, origin)
    proven = msgspec.structs.replace(manifest, parity=parity, held_out=held_out)
    write_bundle(out, lite, vocabulary, proven)
    return read_bundle(out)


def _stored_songs(settings: Prepare) -> dict[str, list[Song]]:
    """Return the songs that prepare left, by split; nothing where there are none."""
    folders = {split: Path(settings.save_path) / split for split in (HELD_OUT, TRAINING)}
    return {split: read_songs(folder) if folder.is_dir() else [] for split, folder in folders.items()}


def _held_out_figures(bundle: Bundle, songs: dict[str, list[Song]], origin: Origin | None) -> dict[str, Any]:
    """Measure a bundle on the held-out songs, if they are those that its training left out."""
    if not songs[HELD_OUT] or origin is None or fingerprint(songs[TRAINING], songs[HELD_OUT]) != origin.fingerprint:
        return {}
    figures: dict[str, Any] = msgspec.to_builtins(evaluate(bundle, songs[HELD_OUT]))
    return figures | {"bits_a_step": round(figures["bits_a_step"], 5)}


def _parity(network: Any, bundle: Bundle, songs: dict[str, list[Song]]) -> dict[str, Any]:
    """Prove that the bundle says what the network says; raise UserError if it doesn't."""
    chosen = songs[HELD_OUT] or songs[TRAINING]
    melodies = [tokens_of(song.symbols, bundle.vocabulary)[0] for song in chosen[:: -(-len(chosen) // _MELODIES) or 1]]
    found = difference(network, bundle, melodies or samples(bundle))
    if not found <= TOLERANCE:
        raise UserError(
            f"the bundle's probabilities differ from the Keras network's by up to {found:.1e} "
            f"(at most {TOLERANCE:.0e} is rounding); nothing was written"
        )
    named = f"{len(melodies)} songs" if melodies else f"{_SAMPLES} melodies of the model's own"
    return {"largest_difference": found, "tolerance": TOLERANCE, "melodies": named}


def difference(network: Any, bundle: Bundle, melodies: Sequence[Tokens]) -> float:
    """Return the largest difference between a probability of the Keras network and the bundle's, on melodies."""
    model = lite_model(bundle, 1)
    return max(_difference(network, model, tokens, bundle.vocabulary.end) for tokens in melodies)


def _difference(network: Any, model: LiteModel, tokens: Tokens, end: int) -> float:
    read = np.concatenate([[end], tokens[:-1]]).astype(np.int32)
    whole = np.asarray(network(read[None, :], training=False))[0]
    streamed = np.concatenate(list(probabilities(model, [tokens], 1, end)))
    return float(np.abs(whole - streamed).max())


def samples(bundle: Bundle, seed: int = 0) -> list[Tokens]:
    """Draw melodies from the model itself, for where no songs are at hand."""
    model = lite_model(bundle, _SAMPLES)
    random = np.random.default_rng(seed)
    state = model.initial_state(_SAMPLES)
    token: Tokens = np.full(_SAMPLES, bundle.vocabulary.end, dtype=np.int32)
    drawn = []
    for _ in range(_SAMPLE_STEPS):
        predicted, state = model.step(token, state)
        token = _draw(predicted, random)
        drawn.append(token)
    return list(np.stack(drawn, axis=1))


def _draw(predicted: Floats, random: np.random.Generator) -> Tokens:
    cumulated = np.cumsum(predicted.astype(np.float64), axis=1)
    chosen = (cumulated < random.random((len(predicted), 1)) * cumulated[:, -1:]).sum(axis=1)
    return np.asarray(chosen, dtype=np.int32)
