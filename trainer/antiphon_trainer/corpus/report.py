"""The report of a preparation: what was kept, what was refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from antiphon_trainer.corpus.songs import Song, onsets

FILE = "report.json"
_EXAMPLES = 3


class Figures(msgspec.Struct, frozen=True):
    """The size of a split. `symbols` counts the final `"/"` of every song."""

    songs: int = 0
    symbols: int = 0
    onsets: int = 0


class RefusedSong(msgspec.Struct, frozen=True):
    """A song or file that isn't used."""

    song: str
    reason: str
    detail: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of every song of a corpus."""

    corpus: dict[str, Any]
    kept: int
    training: Figures
    held_out: Figures
    near: list[str]
    """Songs left out because they are versions of held-out songs."""
    refused: dict[str, int]
    """Reason → how many songs, the commonest first."""
    refused_songs: list[RefusedSong]
    settings: dict[str, Any]
    fingerprint: str
    """What tells this dataset from others (`dataset.fingerprint`)."""
    versions: dict[str, str]


def figures(songs: Iterable[Song]) -> Figures:
    """Count a split."""
    sizes = [(len(song.symbols) + 1, onsets(song.symbols)) for song in songs]
    return Figures(len(sizes), sum(symbols for symbols, _ in sizes), sum(notes for _, notes in sizes))


def count_reasons(refused: Sequence[RefusedSong]) -> dict[str, int]:
    """Count the refused songs by reason, the commonest first."""
    counted = Counter(song.reason for song in refused)
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def lines(report: Report) -> Iterator[str]:
    """Yield the report as lines to print."""
    training, held_out = report.training, report.held_out
    yield f"kept     {report.kept:,} songs"
    yield f"         {training.songs:,} to train on: {training.symbols:,} symbols, {training.onsets:,} onsets"
    if held_out.songs:
        yield f"         {held_out.songs:,} held out: {held_out.symbols:,} symbols, {held_out.onsets:,} onsets"
    if report.near:
        yield f"         {len(report.near):,} used nowhere: versions of held-out songs"
    yield f"refused  {len(report.refused_songs):,} songs"
    yield from reason_lines(report.refused_songs)


def reason_lines(refused: Sequence[RefusedSong]) -> Iterator[str]:
    """Yield a line a reason, with its count and some songs."""
    for reason, count in count_reasons(refused).items():
        songs = [song for song in refused if song.reason == reason][:_EXAMPLES]
        examples = "; ".join(f"{song.song} ({song.detail})" if song.detail else song.song for song in songs)
        yield f"{count:>8,} {reason}: {examples}{'; …' if count > len(songs) else ''}"


def report_file(merged_path: str) -> Path:
    """Return where the report lies: beside the merged dataset."""
    return Path(merged_path).with_name(FILE)
