"""Settings: `config.toml` from the package, the user and the command, merged and checked.

In rising order: the packaged file, the user's (platformdirs), `./config.toml`, `--config FILE`, the command's options.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_type_hints

import msgspec
from msgspec import Meta
from platformdirs import user_config_path, user_data_path

from antiphon.budgets import SETTINGS_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file
from antiphon.parameter import About, Parameter, declared
from antiphon.parameters import CONTROLS, PLAY, Channel, Pitch, Play

CONFIG_NAME = "config.toml"
COMMAND_LINE = "command line"
Api = Literal["auto", "alsa", "jack", "coremidi", "winmm"]
Host = Annotated[str, Meta(min_length=1, max_length=253)]
NetworkPort = Annotated[int, Meta(ge=0, le=65535)]


class Hands(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of the performer's playing is heard, and what is passed on."""

    channel: Annotated[int, Meta(ge=0, le=16)]
    split: Pitch
    left_hand: Literal["heard", "passed", "ignored"]
    thru: bool
    thru_channel: Channel


class Metronome(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the beat is made heard."""

    on: Annotated[bool, About(option="--metronome/--no-metronome")]
    channel: Channel
    pitch: Pitch
    accent: Pitch
    count_in: Annotated[int, Meta(ge=0, le=8)]


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the page is served."""

    on: Annotated[bool, About(option="--stage/--no-stage")]
    host: Annotated[Host, About(option="--stage-host")]
    port: Annotated[NetworkPort, About(option="--stage-port")]


class Osc(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where OSC is heard, and to whom it is sent."""

    on: Annotated[bool, About(option="--osc/--no-osc")]
    host: Annotated[Host, About(option="--osc-host")]
    port: Annotated[NetworkPort, About(option="--osc-port")]
    send_to: Annotated[list[str], About(option="--osc-send-to")]


class Sessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept of a set."""

    record: Annotated[bool, About(option="--record/--no-record")]
    folder: str


class MemoryFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept of what was learned of a performer."""

    keep: Annotated[bool, About(option="--keep-memory/--no-keep-memory")]
    performer: Annotated[
        str,
        Meta(pattern=r"^[^\W_][\w .-]{0,39}$"),
        About(
            option="--performer",
            allowed="a name of up to 40 letters, digits, spaces, dots, - and _ that begins with a letter or digit",
        ),
    ]
    """Names a folder, too."""
    folder: str


class Ports(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where Antiphon listens and plays."""

    name: Annotated[str, Meta(min_length=1, max_length=40), About(option="--name")]
    api: Annotated[Api, About(option="--api")]
    input: Annotated[str, About(option="--input")]
    output: Annotated[str, About(option="--output")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything in `config.toml` that Antiphon plays by; another program may add sections of its own to a subclass."""

    paths: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "play": ("model",),
        "sessions": ("folder",),
        "memory": ("folder",),
    }
    """Section → the keys that are paths, which count from the file they stand in."""
    names: ClassVar[frozenset[str]] = frozenset({"model"})
    """Of these keys, those whose value may be a name as well, say of a bundle."""

    play: Play
    hands: Hands
    metronome: Metronome
    ports: Ports
    controls: dict[str, str]
    """What steers which control: sources as `antiphon learn` writes them, "" for none."""
    stage: Stage
    osc: Osc
    sessions: Sessions
    memory: MemoryFile


Kind = TypeVar("Kind", bound=Settings)


def package_folder() -> Path:
    """Return the folder that holds the packaged `config.toml` and `models/`.

    In a checkout that is the repository's root, two folders above the package.
    """
    installed = Path(str(files("antiphon")))
    return installed if (installed / CONFIG_NAME).is_file() else installed.parents[1]


def model_folders() -> list[Path]:
    """Return where a bundle is looked up by name, in this order."""
    return [Path("models"), own_models(), package_folder() / "models"]


def own_models() -> Path:
    """Return the folder of the bundles that the user has made, in the platform's data folder."""
    return user_data_path("antiphon", appauthor=False) / "models"


def session_settings(header: Mapping[str, Any], play: Mapping[str, Any], config: Path | None = None) -> Settings:
    """Return the settings that a recorded session was played with.

    Args:
        header: the session's; settings that it lacks are as they were before they could be set, or read as ever.
        play: what is to be otherwise, of section `[play]`; a value of None was not given.
        config: the file named with `--config`.

    Raises:
        UserError: see `read_settings`.
    """
    sections = header.get("settings")
    sections = dict(sections) if isinstance(sections, Mapping) else {}
    recorded = sections.get("play")
    sections["play"] = {
        **{name: each.about.before for name, each in PLAY.items() if each.about.before is not None},
        **(recorded if isinstance(recorded, Mapping) else {}),
        **{key: value for key, value in play.items() if value is not None},
    }
    return read_settings(config, sections)


def read_settings(config: Path | None = None, options: Mapping[str, Mapping[str, Any]] | None = None) -> Settings:
    """Read, merge and check the settings that Antiphon plays by.

    Args:
        config: the file named with `--config`.
        options: section → key → value of the command's options; a value of None was not given.

    Raises:
        UserError: a file can't be read, or a key is unknown or has a wrong value; the message names key and file.
    """
    return read_settings_of(Settings, config, options)


def read_settings_of(
    kind: type[Kind], config: Path | None, options: Mapping[str, Mapping[str, Any]] | None = None
) -> Kind:
    """Read, merge and check the settings of a program. Sections of the packaged file that it hasn't are skipped.

    Args:
        kind: the program's settings.
        config: see `read_settings`; `options` likewise.

    Raises:
        UserError: see `read_settings`.
    """
    merged: dict[str, Any] = {}
    for file in _config_files(config):
        _merge(merged, _read_toml(file, kind))
        _check(merged, str(file), kind)
    given = {
        section: {key: value for key, value in values.items() if value is not None}
        for section, values in (options or {}).items()
    }
    _merge(merged, given)
    _check(merged, COMMAND_LINE, kind)
    sections = {section: values for section, values in merged.items() if section in kind.__struct_fields__}
    return msgspec.convert(sections, kind)


@cache
def packaged_defaults() -> Mapping[str, Mapping[str, Any]]:
    """Return section → key → value of the packaged `config.toml`, the one place where defaults stand."""
    return tomllib.loads((package_folder() / CONFIG_NAME).read_text(encoding="utf-8"))


@cache
def fields_of(section: type) -> Mapping[str, Parameter]:
    """Return what a section's keys may be, by their names."""
    return declared(section)


def _config_files(config: Path | None) -> Iterator[Path]:
    packaged = package_folder() / CONFIG_NAME
    yield packaged
    for file in (user_config_path("antiphon", appauthor=False) / CONFIG_NAME, Path(CONFIG_NAME)):
        # Whoever starts in a checkout has the packaged file before them: it must not undo what they say in their own.
        if file.exists() and not file.samefile(packaged):
            yield file
    if config is not None:
        yield config


_SIGNS_OF_A_PATH = ("Unescaped '\\'", "Invalid hex value")
"""What tomllib says of "C:\\music" and "C:\\Users", whose backslashes TOML takes for the start of an escape."""


def _read_toml(file: Path, kind: type[Settings]) -> dict[str, Any]:
    try:
        # Windows' editors may begin a file with a mark.
        content = tomllib.loads(read_file(file, SETTINGS_BYTES).decode("utf-8-sig"))
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:  # no TOML, no text, or numbers and nesting beyond all bounds
        is_path = any(sign in str(error) for sign in _SIGNS_OF_A_PATH)
        hint = "; write a path with / or in 'single quotes'" if is_path else ""
        raise UserError(f"{file}: is not valid TOML ({error}){hint}") from None
    # The packaged defaults stand nowhere that a user knows: their paths count from where the command runs.
    if file.parent not in (Path(), package_folder()):
        for section, keys in kind.paths.items():
            values = content.get(section)
            if isinstance(values, dict):
                for key in keys:
                    if key in values:
                        values[key] = _resolved(values[key], file.parent, may_be_name=key in kind.names)
    return content


def _resolved(value: Any, folder: Path, may_be_name: bool) -> Any:
    is_text = isinstance(value, str) and value != ""
    if not is_text or (may_be_name and not (folder / value).exists()):
        return value
    return str(folder / Path(value).expanduser())


def _merge(merged: dict[str, Any], content: Mapping[str, Any]) -> None:
    for section, values in content.items():
        if isinstance(values, Mapping):
            merged.setdefault(section, {}).update(values)
        else:
            merged[section] = values


def _check(merged: Mapping[str, Any], where: str, kind: type[Settings]) -> None:
    """Refuse what is no setting, and leave every value as its type has it, say 100 BPM as 100.0.

    Args:
        merged: section → key → value, of all that was read up to now.
        where: the file that was read last, or `COMMAND_LINE`.
        kind: the program's settings.

    Raises:
        UserError: a section or a key is unknown, or a value is not one of those that its key may have.
    """
    sections = get_type_hints(kind)
    for section, values in merged.items():
        if section not in sections:
            if section not in packaged_defaults():
                raise UserError(f"{where}: unknown section [{section}]{_meant(section, packaged_defaults())}")
            continue  # another program's
        if not isinstance(values, dict):
            raise UserError(f"{where}: {section} is a section; write [{section}], and its keys below it")
        if section == "controls":
            _check_controls(values, where)
            continue
        known = fields_of(sections[section])
        for key, value in list(values.items()):
            if key not in known:
                raise UserError(f"{where}: unknown key {section}.{key}{_meant(key, known)}")
            option = known[key].option if where == COMMAND_LINE else None
            values[key] = known[key].checked(value, option or f"{where}: {section}.{key}")


def _check_controls(values: Mapping[str, Any], where: str) -> None:
    for key, value in values.items():
        if key not in CONTROLS:
            raise UserError(f"{where}: unknown key controls.{key}{_meant(key, CONTROLS)}")
        if not isinstance(value, str):
            raise UserError(f'{where}: controls.{key} must be a text such as "cc 21", or "" for none, not {value!r}')


def _meant(name: str, known: Iterable[str]) -> str:
    """Return what was perhaps meant by a name that isn't known, and otherwise where to look, as the end of a line."""
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else "; the packaged config.toml lists them all"
