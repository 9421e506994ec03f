"""Prepare: scores → encoded songs, merged dataset, mapping and stored tensors. Or, of an earlier run, load them."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import msgspec

from antiphon.budgets import PREPARED_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file, status_before
from antiphon.melody.vocabulary import Vocabulary, mapping_text, vocabulary_of
from antiphon_trainer.corpus.cache import ScoreCache
from antiphon_trainer.corpus.corpus_page import draw_corpus
from antiphon_trainer.corpus.encoding import Refused, barlines, check_durations, encode
from antiphon_trainer.corpus.engines import Engine
from antiphon_trainer.corpus.held_out import HeldOut, read_held_out
from antiphon_trainer.corpus.parsing import Advance, parse_all
from antiphon_trainer.corpus.provenance import corpus_terms, versions
from antiphon_trainer.corpus.report import RefusedSong, Report, count_reasons, figures, report_file
from antiphon_trainer.corpus.score import Parsed, Unreadable
from antiphon_trainer.corpus.song_store import SongStore
from antiphon_trainer.corpus.songs import (
    HELD_OUT,
    TRAINING,
    Song,
    fingerprint_in_order,
    read_song,
    song_files,
    write_songs,
)
from antiphon_trainer.corpus.sources import Source
from antiphon_trainer.corpus.statistics import Statistics
from antiphon_trainer.corpus.versions import TENTH, held_out_tunes, tunes_of
from antiphon_trainer.dataset.windows import (
    Details,
    Windows,
    check_can_write,
    cut_windows,
    merge,
    merged_lines,
    open_windows,
    read_details,
    read_windows,
    window_count,
    write_details,
    write_windows,
)
from antiphon_trainer.settings import Prepare
from antiphon_trainer.storage import write_json, write_lines, write_text

_KEPT_SETTINGS = ("durations", "acceptable_durations", "ties", "sequence_length", "data_size")
"""The settings that what is stored depends on; the held-out list may be gone by the time it is loaded."""


@dataclass
class Sorted:
    """The songs of a corpus, each in the split where it belongs: `training`, `test` or `near`."""

    store: SongStore
    counts: Counter[str] = field(default_factory=Counter)
    """Songs of each split."""
    refused: list[RefusedSong] = field(default_factory=list)
    statistics: Statistics = field(default_factory=Statistics)
    """Of all songs that weren't refused."""

    def songs_of(self, split: str) -> Iterator[Song]:
        """Yield the songs of a folder, `TRAINING` or `HELD_OUT`, in their order."""
        return self.store.songs("training" if split == TRAINING else "test")


@dataclass(frozen=True)
class Prepared:
    """What a preparation left on disk."""

    report: Report
    windows: Windows
    vocabulary: Vocabulary


def prepare(
    corpora: Sequence[str],
    sources: Sequence[Source],
    settings: Prepare,
    engine: Engine,
    advance: Advance,
    changed: Callable[[Song], Song] | None = None,
) -> Prepared:
    """Parse, encode and write a corpus.

    Args:
        corpora: how the user named it.
        sources: its scores.
        settings: what to keep and where to write.
        engine: what parses; the result doesn't depend on it.
        advance: told how many songs more are parsed.
        changed: returns a training song as it is learned from, under its own name; None leaves all as they are.

    Raises:
        UserError: a setting doesn't fit, or no song is left to train on; nothing was written.
    """
    check_durations(settings.acceptable_durations)
    _check_can_write(settings)
    held_out = read_held_out(settings.held_out)
    with SongStore() as store:
        with ScoreCache() as cache:
            split = sort_songs(store, sources, parse_all(sources, cache, engine, advance), settings, held_out)
        if settings.held_out == TENTH:
            _hold_out_a_tenth(split)
        if changed is not None:
            for song in list(split.songs_of(TRAINING)):
                store.replace("training", changed(song))
        if not split.counts["training"]:
            raise UserError(_why_nothing_is_left(corpora, split))
        return _written(corpora, split, settings)


def _check_can_write(settings: Prepare) -> None:
    """Check, before hours of work, that what is written can take its places.

    Raises:
        UserError: what stands in one of them isn't replaced.
    """
    status_before(Path(settings.save_path), stat.S_IFDIR)
    report = report_file(settings.merged_path)
    for file in (Path(settings.merged_path), Path(settings.mapping_file_path), report, report.with_suffix(".png")):
        status_before(file)
    check_can_write(Path(settings.test_target_path))


def _written(corpora: Sequence[str], split: Sorted, settings: Prepare) -> Prepared:
    """Write a corpus that was sorted."""
    tensors, length = Path(settings.test_target_path), settings.sequence_length

    def merged() -> Iterator[list[str]]:
        return merge((song.symbols for song in split.songs_of(TRAINING)), settings.data_size)

    symbols, songs, windows = set[str](), 0, 0
    for song in merged():
        symbols.update(song)
        songs += 1
        windows += window_count(len(song), length)
    # Nothing is learned from the songs held out, but to be measured on them a model must be able to spell them.
    for held_out in split.songs_of(HELD_OUT):
        symbols.update(held_out.symbols)
    vocabulary = vocabulary_of(symbols)
    report = _report(corpora, split, settings)
    write_songs(Path(settings.save_path), split.songs_of)
    write_lines(Path(settings.merged_path), merged_lines(merged()))
    write_text(Path(settings.mapping_file_path), mapping_text(vocabulary))
    barlines_of_songs = (song.barlines for song in split.songs_of(TRAINING))
    write_windows(tensors, cut_windows(merged(), barlines_of_songs, vocabulary, length), windows, length)
    details = Details(
        fingerprint=report.fingerprint,
        corpus=report.corpus,
        acceptable_durations=_durations(split, settings),
        titles=[song.title for song in islice(split.songs_of(TRAINING), songs)],
    )
    write_details(tensors, details)
    _write_report(report, report_file(settings.merged_path), split.statistics)
    return Prepared(report, open_windows(tensors), vocabulary)


def _write_report(report: Report, file: Path, statistics: Statistics) -> None:
    """Write the report and its page of pictures; where nothing changed, the page is there already."""
    picture = file.with_suffix(".png")
    before = file.read_bytes() if file.is_file() and picture.is_file() else b""
    write_json(file, msgspec.to_builtins(report))
    if file.read_bytes() != before:
        draw_corpus(picture, statistics)


def sort_songs(
    store: SongStore, sources: Iterable[Source], parsed: Iterable[Parsed], settings: Prepare, held_out: HeldOut
) -> Sorted:
    """Encode the songs and put each into its split, or among the refused."""
    acceptable = frozenset(settings.acceptable_durations) if settings.durations == "strict" else None
    split = Sorted(store)
    for source, score in zip(sources, parsed, strict=True):
        if isinstance(score, Unreadable):
            split.refused.append(RefusedSong(source.where, score.reason, score.detail))
            continue
        try:
            symbols = encode(score, acceptable, settings.ties)
        except Refused as refusal:
            split.refused.append(RefusedSong(source.where, refusal.reason, refusal.detail))
            continue
        song = Song(source.name, score.title, symbols, barlines(score), score.mode)
        place = held_out.split_of(score.number)
        store.add(place, song)
        split.counts[place] += 1
        split.statistics.add(score)
    return split


def _hold_out_a_tenth(split: Sorted) -> None:
    """Hold out a tenth of the tunes, and name all versions of a tune alike: validation keeps those together too."""
    songs = list(split.songs_of(TRAINING))
    tunes = tunes_of(songs)
    held_out = held_out_tunes(tunes)
    split.counts.clear()
    for song, tune in zip(songs, tunes, strict=True):
        place = "test" if tune in held_out else "training"
        split.store.replace(place, replace(song, title=tune))
        split.counts[place] += 1


def encoded(
    corpora: Sequence[str], sources: Sequence[Source], settings: Prepare, engine: Engine, advance: Advance
) -> list[Song]:
    """Parse and encode a corpus without writing anything; of what is refused, nothing is said.

    Raises:
        UserError: a setting doesn't fit, or every song is refused.
    """
    check_durations(settings.acceptable_durations)
    with ScoreCache() as cache, SongStore() as store:
        split = sort_songs(store, sources, parse_all(sources, cache, engine, advance), settings, read_held_out(""))
        if not split.counts["training"]:
            raise UserError(_why_nothing_is_left(corpora, split))
        return list(split.songs_of(TRAINING))


def _durations(split: Sorted, settings: Prepare) -> list[float]:
    """Return the quarter lengths that were acceptable: those of the settings, or all that occur."""
    return settings.acceptable_durations if settings.durations == "strict" else sorted(split.statistics.durations)


def _why_nothing_is_left(corpora: Sequence[str], split: Sorted) -> str:
    where = ", ".join(corpora)
    if usable := split.counts.total():
        return f"{where}: all {usable} usable songs are held out; none is left to train on"
    reasons = "; ".join(f"{count} × {reason}" for reason, count in count_reasons(split.refused).items())
    first = split.refused[0]
    return f"{where}: every song was refused ({reasons}); the first: {first.song}: {first.detail or first.reason}"


def _report(corpora: Sequence[str], split: Sorted, settings: Prepare) -> Report:
    training = figures(split.songs_of(TRAINING))
    terms = corpus_terms(corpora, split.statistics.copyrights)
    return Report(
        corpus=terms | {"songs": training.songs, "symbols": training.symbols},
        kept=split.statistics.songs,
        training=training,
        held_out=figures(split.songs_of(HELD_OUT)),
        near=[song.name for song in split.store.songs("near")],
        refused=count_reasons(split.refused),
        refused_songs=split.refused,
        settings={name: getattr(settings, name) for name in _KEPT_SETTINGS},
        fingerprint=fingerprint_in_order(
            *((split.counts[name], split.store.by_name(name)) for name in ("training", "test"))
        ),
        versions=versions("antiphon", "music21"),
    )


def load(settings: Prepare) -> Prepared:
    """Load what an earlier preparation stored, and check that it belongs together.

    Raises:
        UserError: something isn't there, or doesn't fit the rest or the settings.
    """
    file = report_file(settings.merged_path)
    try:
        report = msgspec.json.decode(read_file(file, PREPARED_BYTES), type=Report)
    except OSError as error:
        raise UserError(
            f"{file}: can't be read ({error.strerror}); nothing is prepared: set is_preprocessing_required = true"
        ) from None
    except msgspec.DecodeError as error:
        raise UserError(f"{file}: is no report ({error}); set is_preprocessing_required = true") from None
    for name in _KEPT_SETTINGS:
        if report.settings.get(name) != getattr(settings, name):
            raise UserError(
                f"{file}: was prepared with {name} = {report.settings.get(name)}, now it is {getattr(settings, name)}; "
                "set is_preprocessing_required = true"
            )
    if not Path(settings.merged_path).is_file():
        raise UserError(f"{settings.merged_path}: isn't there; set is_preprocessing_required = true")
    tensors = Path(settings.test_target_path)
    windows, vocabulary = read_windows(tensors, Path(settings.mapping_file_path))
    _check_songs(settings, report)
    if read_details(tensors).fingerprint != report.fingerprint:
        raise UserError(f"{tensors}: holds another corpus than {file}; set is_preprocessing_required = true")
    return Prepared(report, windows, vocabulary)


def _check_songs(settings: Prepare, report: Report) -> None:
    folder = Path(settings.save_path)
    training = song_files(folder / TRAINING)
    held_out = song_files(folder / HELD_OUT) if report.held_out.songs else []
    splits = ((len(files), map(read_song, sorted(files, key=lambda file: file.stem))) for files in (training, held_out))
    if fingerprint_in_order(*splits) != report.fingerprint:
        raise UserError(f"{folder}: the songs are not those that were prepared; set is_preprocessing_required = true")
