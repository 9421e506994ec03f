"""Conversion: a Keras network → a bundle, proven equal before it is written."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import keras
import msgspec
import tensorflow as tf

from antiphon.melody.bundle import Bundle, Manifest, Quantization, read_bundle, write_bundle
from antiphon.melody.grid import STEP
from antiphon.melody.vocabulary import Vocabulary
from antiphon.quiet import silenced
from antiphon.settings import Prepare
from antiphon_trainer.evaluation import evaluate
from antiphon_trainer.one_step import OneStep, OneStepWithCues, one_step
from antiphon_trainer.origin import Origin, read_origin
from antiphon_trainer.parity import prove
from antiphon_trainer.provenance import versions
from antiphon_trainer.songs import HELD_OUT, TRAINING, Song, fingerprint, read_songs

Step = OneStep | OneStepWithCues


def to_lite(network: Any, vocabulary: Vocabulary, quantization: Quantization) -> tuple[bytes, Step]:
    """Convert a network to TensorFlow Lite with the signature `step`, of builtin operations only.

    Args:
        network: reads tokens or cues.
        vocabulary: of its tokens.
        quantization: `int8` keeps the weights in 8 bits (TensorFlow Lite's dynamic range), `none` in float32.

    Returns:
        The content of `model.tflite`, and the step that it was made from.

    Raises:
        UserError: the network can't be taken apart into steps, or the vocabulary isn't its own.
    """
    step = one_step(network, vocabulary)

    def plain(token: Any, state: Any) -> dict[str, Any]:
        return dict(zip(("probabilities", "state"), step(token, state), strict=True))

    def with_metre(token: Any, state: Any, position: Any, bar: Any) -> dict[str, Any]:
        return dict(zip(("probabilities", "state"), step(token, state, position, bar), strict=True))

    archive = keras.export.ExportArchive()
    archive.track(network)
    signature = [
        tf.TensorSpec((None,), tf.int32, name="token"),
        tf.TensorSpec((None, step.state_size), tf.float32, name="state"),
        *(tf.TensorSpec((None,), tf.int32, name=name) for name in step.inputs),
    ]
    archive.add_endpoint("step", with_metre if step.inputs else plain, input_signature=signature)
    with tempfile.TemporaryDirectory() as folder, silenced():
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["step"])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantization == "int8":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return bytes(converter.convert()), step


def convert(
    network: Any, vocabulary: Vocabulary, model: Path, out: Path, settings: Prepare, quantization: Quantization
) -> Bundle:
    """Convert a network into a bundle, prove the two equal, and write it whole or not at all.

    Args:
        network: what `one_step.load_network` gave.
        vocabulary: its mapping.
        model: its Keras file; `training.json` beside it says what it learned from.
        out: the bundle's folder.
        settings: where prepared songs lie, to prove and to measure with.
        quantization: of the weights.

    Raises:
        UserError: the network can't be stepped, has another size than the mapping, or the bundle differs from it.
    """
    origin = read_origin(model)
    lite, step = to_lite(network, vocabulary, quantization)
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
        inputs=step.inputs,
        quantization=quantization,
        corpus=origin.corpus if origin else {},
        versions=(origin.versions if origin else {}) | versions("antiphon", "keras", "tensorflow", "tensorflow-cpu"),
    )
    unproven = Bundle(out, manifest, vocabulary, lite)
    songs = _stored_songs(settings)
    parity = prove(network, unproven, songs[HELD_OUT] or songs[TRAINING])
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
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in figures.items()}
