"""Settings: the sections `[prepare]` and `[train]` of `config.toml`, beside those of the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from antiphon import settings as daemon

Ties = Literal["merged", "written"]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, lt=1)]


class Prepare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How scores become a dataset."""

    dataset_path: str
    save_path: str
    merged_path: str
    mapping_file_path: str
    test_target_path: str
    durations: Literal["strict", "grid"]
    acceptable_durations: Annotated[list[Positive], Meta(min_length=1)]
    ties: Ties
    sequence_length: Annotated[int, Meta(ge=2)]
    data_size: Annotated[int, Meta(ge=0)]
    is_preprocessing_required: bool
    held_out: str


class Train(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a dataset becomes a network."""

    cues: bool
    units: Annotated[list[Count], Meta(min_length=1)]
    dropout: Share
    learning_rate: Positive
    batch_size: Count
    epochs: Count
    patience: Count
    validation_share: Annotated[float, Meta(gt=0, lt=1)]
    seed: Annotated[int, Meta(ge=0)]
    model_path: str


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
