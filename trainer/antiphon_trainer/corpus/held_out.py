"""Held out: the list of songs that nothing may be trained, tuned or selected on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from antiphon.budgets import SONG_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file
from antiphon_trainer.corpus.versions import TENTH

PACKAGED = "essen"
"""The word for the list that comes with the package."""

Split = Literal["training", "test", "near"]


@dataclass(frozen=True)
class HeldOut:
    """Catalogue numbers of the held-out songs (`test`) and of versions of them (`near`), which are used nowhere."""

    test: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()

    def split_of(self, number: str) -> Split:
        """Say where a song belongs, by its catalogue number (empty: it has none)."""
        if number in self.test:
            return "test"
        return "near" if number in self.near else "training"


def read_held_out(name: str) -> HeldOut:
    """Read a list: a file, or `essen` for the packaged one; an empty name and `tenth` are no list.

    A line is a catalogue number, or `test` or `near` and a catalogue number; what stands behind is passed over,
    and so are lines that begin with `#`.

    Raises:
        UserError: the file can't be read, or a line names no song.
    """
    if name in ("", TENTH):
        return HeldOut()
    if name == PACKAGED:
        text = (files("antiphon_trainer") / "data" / "essen-held-out.txt").read_text(encoding="utf-8")
        return _parsed(text, "essen-held-out.txt")
    try:
        text = read_file(Path(name).expanduser(), SONG_BYTES).decode()
    except OSError as error:
        raise UserError(
            f"{name}: can't be read ({error.strerror}); name a list, or say '{PACKAGED}' or '{TENTH}'"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{name}: is no list of catalogue numbers (not a text file)") from None
    return _parsed(text, name)


def _parsed(text: str, where: str) -> HeldOut:
    songs: dict[str, set[str]] = {"test": set(), "near": set()}
    for count, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        split, *rest = words if words[0] in songs else ["test", *words]
        if not rest:
            raise UserError(f"{where}, line {count}: {line!r} names no catalogue number")
        songs[split].add(rest[0])
    if not songs["test"]:
        raise UserError(f"{where}: names no song to hold out")
    return HeldOut(frozenset(songs["test"]), frozenset(songs["near"]))
