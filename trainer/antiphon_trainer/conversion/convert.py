"""Conversion: a Keras network → a bundle that is proven equal to it before it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from antiphon.errors import UserError
from antiphon.melody.bundle import Bundle, Manifest, read_bundle, write_bundle
from antiphon.melody.vocabulary import Vocabulary
from antiphon_trainer.conversion.context_choice import Choice, choose
from antiphon_trainer.conversion.options import ConversionOptions
from antiphon_trainer.conversion.parity import SAMPLES, Parity, prove
from antiphon_trainer.conversion.reference_melodies import on_grid, reference_songs
from antiphon_trainer.conversion.tflite import step_to_tflite
from antiphon_trainer.corpus.provenance import versions
from antiphon_trainer.corpus.songs import HELD_OUT, TRAINING, Song, fingerprint, read_songs
from antiphon_trainer.dataset.melody import Melody, melody_of
from antiphon_trainer.evaluation.measure import evaluate
from antiphon_trainer.network.origin import Origin, read_origin
from antiphon_trainer.network.predictor import Predictor, check_softmax
from antiphon_trainer.settings import Prepare

_MELODIES = 20
"""Real melodies, at most, that network and bundle are compared on: enough for steady bits, few enough to be quick."""


def convert(
    predictor: Predictor, model: Path, out: Path, settings: Prepare, options: ConversionOptions
) -> tuple[Bundle, Choice]:
    """Convert a network into a bundle, prove the two equal, and write it whole or not at all.

    Args:
        predictor: the network.
        model: its Keras file; `training.json` beside it says what it learned from.
        out: the bundle's folder.
        settings: where prepared songs lie, to compare and to measure with.
        options: how to convert.

    Raises:
        UserError: the network can't be played, the mapping is another network's, or the bundle differs from it.
    """
    vocabulary = predictor.vocabulary
    origin = read_origin(model)
    stored = _stored_songs(settings)
    melodies, noun = _reference_melodies(stored, options, vocabulary)
    length = origin.sequence_length if origin else settings.sequence_length
    check_softmax(predictor, length)
    choice = choose(predictor, options.context, length, melodies)
    lite = step_to_tflite(predictor.network, choice, options.quantization)
    durations = origin.acceptable_durations if origin else settings.acceptable_durations
    manifest = Manifest(
        format_version=0,  # write_bundle fills in this one and the checksums
        sha256={},
        vocabulary_size=len(vocabulary),
        state_size=choice.step.state_size,
        initial_state=0.0 if choice.context == "stream" else float(vocabulary.end),
        context=choice.context,
        sequence_length=choice.step.state_size if choice.context == "window" else predictor.spec.length or length,
        step=options.step,
        acceptable_durations=durations,
        inputs=choice.step.inputs,
        quantization=options.quantization,
        corpus=origin.corpus if origin else {},
        versions=(origin.versions if origin else {}) | versions("antiphon", "keras", "tensorflow", "tensorflow-cpu"),
    )
    unproven = Bundle(out, manifest, vocabulary, lite)
    parity = prove(predictor, unproven, melodies, options.force)
    proven = msgspec.structs.replace(
        manifest,
        parity=_parity_figures(parity, f"{len(melodies)} {noun}"),
        held_out=_held_out_figures(unproven, stored, origin),
    )
    write_bundle(out, lite, vocabulary, proven)
    return read_bundle(out), choice


def _stored_songs(settings: Prepare) -> dict[str, list[Song]]:
    """Return the songs that prepare stored, by split; none where nothing is stored."""
    folders = {split: Path(settings.save_path) / split for split in (HELD_OUT, TRAINING)}
    return {split: read_songs(folder) if folder.is_dir() else [] for split, folder in folders.items()}


def _reference_melodies(
    stored: dict[str, list[Song]], options: ConversionOptions, vocabulary: Vocabulary
) -> tuple[list[Melody], str]:
    """Return real melodies on the network's grid, at most `_MELODIES`, and the noun for them in a report."""
    songs, noun = reference_songs(options.corpus, stored)
    gridded = [moved for song in songs if (moved := on_grid(song, options.step)) is not None]
    if not gridded:
        raise UserError(
            f"--step {options.step:g}: none of the {len(songs)} {noun} lies on this grid; name other melodies"
        )
    selected = gridded[:: -(-len(gridded) // _MELODIES)]
    return [melody_of(song, vocabulary) for song in selected], noun


def _parity_figures(parity: Parity, melodies: str) -> dict[str, Any]:
    """Return a parity as the manifest says it; `melodies` names the real ones."""
    return {
        "largest_difference": parity.largest_difference,
        "keras_bits_a_step": round(parity.keras_bits, 5),
        "bundle_bits_a_step": round(parity.bundle_bits, 5),
        "melodies": f"{melodies} and {SAMPLES} melodies of the model's own",
    }


def _held_out_figures(bundle: Bundle, songs: dict[str, list[Song]], origin: Origin | None) -> dict[str, Any]:
    """Measure a bundle on the stored held-out songs, if they are those that its training left out."""
    if not songs[HELD_OUT] or origin is None or fingerprint(songs[TRAINING], songs[HELD_OUT]) != origin.fingerprint:
        return {}
    figures: dict[str, Any] = msgspec.to_builtins(evaluate(bundle, songs[HELD_OUT]))
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in figures.items()}
