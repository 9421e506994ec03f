"""Settings: the sections `[prepare]` and `[train]` of `config.toml`, beside those of the daemon.

What is declared here, `antiphon-trainer` takes its options from: help, range, unit and name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from antiphon import settings as daemon
from antiphon.parameter import About

Durations = Literal["strict", "grid"]
Ties = Literal["merged", "written"]
Half = Literal["even", "odd"]
"""Of performances, by the SHA-256 of their names: even ones are there to tune on, odd ones to be reported."""
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, lt=1)]


class Prepare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How scores become a dataset."""

    dataset_path: str
    save_path: Annotated[
        str, About(help="The folder of the encoded songs, a text file each; prepare replaces it.", metavar="FOLDER")
    ]
    merged_path: Annotated[
        str, About(help="The file of the merged dataset; report.json lies beside it.", metavar="FILE")
    ]
    mapping_file_path: Annotated[str, About(help="The file of the mapping, symbol → token.", metavar="FILE")]
    test_target_path: Annotated[str, About(help="The folder of the stored inputs and targets.", metavar="FOLDER")]
    durations: Annotated[
        Durations,
        About(help="strict: only acceptable durations; grid: every multiple of a sixteenth is acceptable."),
    ]
    acceptable_durations: Annotated[
        list[Positive],
        Meta(min_length=1),
        About(
            help="The lengths that a song's notes and rests may have, with commas between; a song with another one is "
            "left out.",
            unit="quarter notes",
            metavar="0.25,0.5,…",
        ),
    ]
    ties: Annotated[Ties, About(help="merged: tied notes are one; written: each written note starts anew.")]
    sequence_length: Annotated[int, Meta(ge=2), About(help="The length of a training window.", unit="sixteenths")]
    data_size: Annotated[
        int, Meta(ge=0), About(help="How much of the merged dataset is used; 0 is all.", unit="symbols")
    ]
    is_preprocessing_required: Annotated[
        bool,
        About(
            help="Read the scores, or load and check what an earlier run stored.", option="--preprocess/--no-preprocess"
        ),
    ]
    held_out: Annotated[
        str,
        About(
            help="Songs to keep apart: a file with a catalogue number a line, 'essen' for the packaged list, or "
            "'tenth' for a tenth of the tunes, each with all its versions.",
            metavar="FILE|essen|tenth",
        ),
    ]


class Train(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a dataset becomes a network."""

    cues: Annotated[
        bool,
        About(
            help="Remind the network of earlier bars and of the metre, or let it read tokens alone, as the tutorial's "
            "does.",
            option="--cues/--no-cues",
        ),
    ]
    units: Annotated[
        list[Count],
        Meta(min_length=1),
        About(help="The units of an LSTM layer; give it again for every further layer.", metavar="COUNT"),
    ]
    dropout: Annotated[Share, About(help="The share of the units that are dropped in a training step.")]
    learning_rate: Annotated[
        Positive,
        About(help="Adam's highest learning rate: it is reached after 200 steps and falls to almost 0 along a cosine."),
    ]
    batch_size: Annotated[Count, About(help="The size of a training step.", unit="windows")]
    epochs: Annotated[Count, About(help="The most passes through the dataset.")]
    patience: Annotated[Count, About(help="How long training goes on without a better validation loss.", unit="epochs")]
    validation_share: Annotated[
        float, Meta(gt=0, lt=1), About(help="The share of the songs that validation is measured on.")
    ]
    seed: Annotated[int, Meta(ge=0), About(help="The seed of the weights, the order and the validation songs.")]
    model_path: Annotated[
        str,
        About(
            help="The Keras file to write; mapping.json, training.json and the history lie beside it.",
            option="--out",
            metavar="FILE.keras",
        ),
    ]


class Settings(daemon.Settings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything in `config.toml`."""

    paths: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **daemon.Settings.paths,
        "prepare": (
            "dataset_path",
            "save_path",
            "merged_path",
            "mapping_file_path",
            "test_target_path",
            "held_out",
        ),
        "train": ("model_path",),
    }
    names: ClassVar[frozenset[str]] = daemon.Settings.names | {"dataset_path", "held_out"}

    prepare: Prepare
    train: Train


def read_settings(config: Path | None = None, options: Mapping[str, Mapping[str, Any]] | None = None) -> Settings:
    """Read, merge and check the settings.

    Args:
        config: the file named with `--config`.
        options: section → key → value of the command's options; a value of None was not given.

    Raises:
        UserError: a file can't be read, or a key is unknown or has a wrong value; the message names key and file.
    """
    return daemon.read_settings_of(Settings, config, options)
