"""Sources: folders with performances of any kind that can be read, split into a half to tune on and one to report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from antiphon.errors import UserError
from antiphon_trainer.audition.performances import aligned_scores, annotated_midi, csv_files, match_files
from antiphon_trainer.audition.performances.performance import Performance
from antiphon_trainer.settings import Half


class Found(NamedTuple):
    """A performance that can be read."""

    name: str
    """Its path in the folder of its source, without the suffix."""
    read: Callable[[], Performance]

    @property
    def digest(self) -> bytes:
        """The SHA-256 of its name, which puts performances into an order that nobody has chosen."""
        return hashlib.sha256(self.name.encode()).digest()

    @property
    def half(self) -> Half:
        """Which half it belongs to."""
        return "odd" if self.digest[-1] % 2 else "even"


def find_performances(folder: Path, half: Half, most: int | None) -> list[Found]:
    """Return the performances of a source, one half of them.

    Args:
        folder: with the files of a public collection, in the folders that they have there.
        half: the one to return.
        most: how many at most, the first by the SHA-256 of their names; None is all.

    Raises:
        UserError: it is no folder, or holds no performance of that half.
    """
    if not folder.is_dir():
        raise UserError(f"--performances {folder}: is no folder")
    found = sorted((each for each in _all(folder) if each.half == half), key=lambda each: each.digest)
    if not found:
        raise UserError(
            f"--performances {folder}: holds no performance whose name's SHA-256 is {half}; wanted are .match files, "
            "MIDI files with *_annotations.txt, alignments with Scores/*.mxl, or .csv files with the columns "
            f"{', '.join(csv_files.COLUMNS)}"
        )
    return found[:most]


def _all(folder: Path) -> Iterator[Found]:
    matched = set[Path]()
    for path in sorted(folder.rglob("*.match")):
        matched.add(path.with_suffix(""))
        yield _found(folder, path, match_files.read_match)
    for path in sorted(folder.rglob(f"*{annotated_midi.SUFFIX}")):
        midi = path.with_name(path.name.removesuffix(annotated_midi.SUFFIX) + ".mid")
        if midi.is_file() and midi.with_suffix("") not in matched and midi.stem != "midi_score":
            yield _found(folder, midi, annotated_midi.read_annotated)
    for path in sorted(folder.rglob("*.txt")):
        if aligned_scores.score_of(path):
            yield _found(folder, path, aligned_scores.read_aligned)
    for path in sorted(folder.rglob("*.csv")):
        if csv_files.is_performance(path):
            yield _found(folder, path, csv_files.read_csv)


def _found(folder: Path, path: Path, read: Callable[[Path, str], Performance]) -> Found:
    name = path.relative_to(folder).with_suffix("").as_posix()
    return Found(name, lambda: read(path, name))
