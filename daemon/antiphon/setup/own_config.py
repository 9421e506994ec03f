"""The user's own settings file: where it lies, and how one section of it is rewritten while all else stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path

import tomlkit
from platformdirs import user_config_path
from tomlkit.exceptions import TOMLKitError

from antiphon.budgets import SETTINGS_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file, write_whole
from antiphon.settings import CONFIG_NAME


def own_config_file() -> Path:
    """Return where the user's own settings file lies, or would."""
    return user_config_path("antiphon", appauthor=False) / CONFIG_NAME


def write_section(file: Path, section: str, values: Mapping[str, str]) -> None:
    """Set values in a section of a settings file; comments, order and all other keys are kept.

    The file and the section are made if need be.

    Raises:
        UserError: the file can't be read, is not valid TOML, or has something else under the section's name.
    """
    document = read_document(file)
    table = document.setdefault(section, tomlkit.table())
    if not isinstance(table, MutableMapping):
        raise UserError(f"{file}: `{section}` is no section; write it as [{section}]")
    table.update(values)
    content = document.as_string().encode()
    # Through a link, to the file that is meant; and bytes, since text would change the line ends on Windows.
    write_whole(file.resolve(), lambda beside: beside.write_bytes(content))


def read_document(file: Path) -> tomlkit.TOMLDocument:
    """Return what a settings file holds, comments and all; an empty document if it isn't there.

    Raises:
        UserError: it can't be read, or is not valid TOML.
    """
    try:
        text = read_file(file, SETTINGS_BYTES).decode("utf-8-sig")
        return tomlkit.parse(text if text.endswith("\n") or not text else f"{text}\n")
    except FileNotFoundError:
        return tomlkit.document()
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror})") from None
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: is not valid TOML ({error}); fix it first: it was left as it is") from None
