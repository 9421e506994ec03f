"""Settings: `config.toml` from the package, the user and the command, merged and checked.

In rising order: the packaged file, the user's (platformdirs), `./config.toml`, `--config FILE`, the command's options.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from platformdirs import user_config_path, user_data_path

from antiphon.errors import UserError
from antiphon.parameters import Channel, Pitch, Play

CONFIG_NAME = "config.toml"
_PATH_KEYS = {
    "play": ("model",),
    "sessions": ("folder",),
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
_WORDS = {"model", "dataset_path", "held_out"}
"""Keys whose value may be a name (of a bundle, of the packaged corpus) as well as a path."""

Api = Literal["auto", "alsa", "jack", "coremidi", "winmm"]
Ties = Literal["merged", "written"]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, lt=1)]


class Hands(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of the performer's playing is heard, and what is passed on."""

    channel: Annotated[int, Meta(ge=0, le=16)]
    split: Pitch
    left_hand: Literal["heard", "passed", "ignored"]
    thru: bool
    thru_channel: Channel


class Metronome(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the beat is made heard."""

    on: bool
    channel: Channel
    pitch: Pitch
    accent: Pitch
    count_in: Annotated[int, Meta(ge=0, le=8)]


class Controls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which knob, pedal or pad steers what: sources as `antiphon learn` writes them, "" for none."""

    temperature: str
    density: str
    lowest: str
    highest: str
    mode: str
    answer: str
    tap: str
    panic: str
    hold: str
    mute: str


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the page is served."""

    on: bool
    host: Annotated[str, Meta(min_length=1, max_length=253)]
    port: Annotated[int, Meta(ge=0, le=65535)]


class Sessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept of a set."""

    record: bool
    folder: str


class Ports(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where Antiphon listens and plays."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    api: Api
    input: str
    output: str


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


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything in `config.toml`."""

    play: Play
    hands: Hands
    metronome: Metronome
    ports: Ports
    controls: Controls
    stage: Stage
    sessions: Sessions
    prepare: Prepare
    train: Train


def package_folder() -> Path:
    """Return the folder that holds the packaged `config.toml` and `models/`.

    In a checkout that is the repository's root, two folders above the package.
    """
    installed = Path(str(files("antiphon")))
    return installed if (installed / CONFIG_NAME).is_file() else installed.parents[1]


def model_folders() -> list[Path]:
    """Return where a bundle is looked up by name, in this order."""
    return [Path("models"), user_data_path("antiphon") / "models", package_folder() / "models"]


def session_settings(header: Mapping[str, Any], play: Mapping[str, Any], config: Path | None = None) -> Settings:
    """Return the settings that a recorded session was played with.

    Args:
        header: the session's; settings that it lacks are read as ever.
        play: what is to be otherwise, of section `[play]`; a value of None was not given.
        config: the file named with `--config`.

    Raises:
        UserError: see `read_settings`.
    """
    sections = header.get("settings")
    sections = dict(sections) if isinstance(sections, Mapping) else {}
    recorded = sections.get("play")
    sections["play"] = dict(recorded if isinstance(recorded, Mapping) else {}) | {
        key: value for key, value in play.items() if value is not None
    }
    return read_settings(config, sections)


def read_settings(config: Path | None = None, options: Mapping[str, Mapping[str, Any]] | None = None) -> Settings:
    """Read, merge and check the settings.

    Args:
        config: the file named with `--config`.
        options: section → key → value of the command's options; a value of None was not given.

    Raises:
        UserError: a file can't be read, or a key is unknown or has a wrong value; the message names key and file.
    """
    merged: dict[str, dict[str, Any]] = {}
    for file in _config_files(config):
        _merge(merged, _read_toml(file))
        _check(merged, str(file))
    given = {
        section: {key: value for key, value in values.items() if value is not None}
        for section, values in (options or {}).items()
    }
    _merge(merged, given)
    return _check(merged, "command line")


def _config_files(config: Path | None) -> Iterator[Path]:
    packaged = package_folder() / CONFIG_NAME
    yield packaged
    for file in (user_config_path("antiphon", appauthor=False) / CONFIG_NAME, Path(CONFIG_NAME)):
        # Whoever starts in a checkout has the packaged file before them: it must not undo what they say in their own.
        if file.is_file() and not file.samefile(packaged):
            yield file
    if config is not None:
        yield config


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:  # no TOML, no text, or numbers and nesting beyond all bounds
        raise UserError(f"{file}: is no TOML ({error})") from None
    # The packaged defaults stand nowhere that a user knows: their paths count from where the command runs.
    if file.parent not in (Path(), package_folder()):
        for section, keys in _PATH_KEYS.items():
            values = content.get(section)
            if isinstance(values, dict):
                values.update({key: _resolved(key, values[key], file.parent) for key in keys if key in values})
    return content


def _resolved(key: str, value: Any, folder: Path) -> Any:
    is_text = isinstance(value, str) and value != ""
    if not is_text or (key in _WORDS and not (folder / value).exists()):
        return value
    return str(folder / Path(value).expanduser())


def _merge(merged: dict[str, dict[str, Any]], content: Mapping[str, Any]) -> None:
    for section, values in content.items():
        if isinstance(values, Mapping):
            merged.setdefault(section, {}).update(values)
        else:
            merged[section] = values


def _check(merged: Mapping[str, Any], where: str) -> Settings:
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:
        text = str(error).replace("`$.", "`").replace("Object contains unknown field", "unknown key")
        raise UserError(f"{where}: {text}; config.toml in the package shows every key with its meaning") from None
