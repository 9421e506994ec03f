"""Prepare: scores → encoded songs, merged dataset, mapping and stored tensors. Or, of an earlier run, load them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from antiphon.errors import UserError
from antiphon.melody.vocabulary import Vocabulary, mapping_text, vocabulary_of
from antiphon_trainer.corpus.cache import ScoreCache
from antiphon_trainer.corpus.corpus_page import draw_corpus
from antiphon_trainer.corpus.encoding import Refused, barlines, check_durations, encode
from antiphon_trainer.corpus.engines import Engine
from antiphon_trainer.corpus.held_out import HeldOut, read_held_out
from antiphon_trainer.corpus.parsing import Advance, parse_all
from antiphon_trainer.corpus.provenance import corpus_terms, versions
from antiphon_trainer.corpus.report import RefusedSong, Report, count_reasons, figures, report_file
from antiphon_trainer.corpus.score import Parsed, Score, Unreadable
from antiphon_trainer.corpus.songs import HELD_OUT, TRAINING, Song, fingerprint, read_songs, write_songs
from antiphon_trainer.corpus.sources import Source
from antiphon_trainer.dataset.windows import (
    Details,
    Windows,
    cut_windows,
    merge,
    merged_text,
    read_details,
    read_windows,
    write_details,
    write_windows,
)
from antiphon_trainer.settings import Prepare
from antiphon_trainer.storage import write_json, write_text

_KEPT_SETTINGS = ("durations", "acceptable_durations", "ties", "sequence_length", "data_size")
"""The settings that what is stored depends on; the held-out list may be gone by the time it is loaded."""


@dataclass
class Sorted:
    """The songs of a corpus, each in the split where it belongs."""

    training: list[Song] = field(default_factory=list)
    test: list[Song] = field(default_factory=list)
    near: list[Song] = field(default_factory=list)
    refused: list[RefusedSong] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    """The scores of all songs that weren't refused."""

    def songs(self, split: str) -> list[Song]:
        """Return the songs of `training`, `test` or `near`."""
        songs: list[Song] = getattr(self, split)
        return songs


@dataclass(frozen=True)
class Prepared:
    """What a preparation left on disk."""

    report: Report
    windows: Windows
    vocabulary: Vocabulary


def prepare(
    corpora: Sequence[str], sources: Sequence[Source], settings: Prepare, engine: Engine, advance: Advance
) -> Prepared:
    """Parse, encode and write a corpus.

    Args:
        corpora: how the user named it.
        sources: its scores.
        settings: what to keep and where to write.
        engine: what parses; the result doesn't depend on it.
        advance: told how many songs more are parsed.

    Raises:
        UserError: a setting doesn't fit, or no song is left to train on; nothing was written.
    """
    check_durations(settings.acceptable_durations)
    held_out = read_held_out(settings.held_out)
    with ScoreCache() as cache:
        parsed = parse_all(sources, cache, engine, advance)
    split = sort_songs(sources, parsed, settings, held_out)
    if not split.training:
        raise UserError(_why_nothing_is_left(corpora, split))
    merged = merge((song.symbols for song in split.training), settings.data_size)
    # Nothing is learned from the songs held out, but to be measured on them a model must be able to spell them.
    spelled = [*merged, *(song.symbols for song in split.test)]
    vocabulary = vocabulary_of(symbol for song in spelled for symbol in song)
    metres = [song.barlines for song in split.training[: len(merged)]]
    windows = cut_windows(merged, metres, vocabulary, settings.sequence_length)
    report = _report(corpora, split, settings)
    write_songs(Path(settings.save_path), split.training, split.test)
    write_text(Path(settings.merged_path), merged_text(merged))
    write_text(Path(settings.mapping_file_path), mapping_text(vocabulary))
    write_windows(Path(settings.test_target_path), windows)
    details = Details(
        fingerprint=report.fingerprint,
        corpus=report.corpus,
        acceptable_durations=_durations(split, settings),
        titles=[song.title for song in split.training[: len(merged)]],
    )
    write_details(Path(settings.test_target_path), details)
    _write_report(report, report_file(settings.merged_path), split.scores)
    return Prepared(report, windows, vocabulary)


def _write_report(report: Report, file: Path, scores: Sequence[Score]) -> None:
    """Write the report and its page of pictures; where nothing changed, the page is there already."""
    picture = file.with_suffix(".png")
    before = file.read_bytes() if file.is_file() and picture.is_file() else b""
    write_json(file, msgspec.to_builtins(report))
    if file.read_bytes() != before:
        draw_corpus(picture, scores)


def sort_songs(sources: Sequence[Source], parsed: Sequence[Parsed], settings: Prepare, held_out: HeldOut) -> Sorted:
    """Encode the songs and put each into its split, or among the refused."""
    acceptable = frozenset(settings.acceptable_durations) if settings.durations == "strict" else None
    split = Sorted()
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
        split.songs(held_out.split_of(score.number)).append(song)
        split.scores.append(score)
    return split


def encoded(
    corpora: Sequence[str], sources: Sequence[Source], settings: Prepare, engine: Engine, advance: Advance
) -> list[Song]:
    """Parse and encode a corpus without writing anything; of what is refused, nothing is said.

    Raises:
        UserError: a setting doesn't fit, or every song is refused.
    """
    check_durations(settings.acceptable_durations)
    with ScoreCache() as cache:
        parsed = parse_all(sources, cache, engine, advance)
    split = sort_songs(sources, parsed, settings, read_held_out(""))
    if not split.training:
        raise UserError(_why_nothing_is_left(corpora, split))
    return split.training


def _durations(split: Sorted, settings: Prepare) -> list[float]:
    """Return the quarter lengths that were acceptable: those of the settings, or all that occur."""
    if settings.durations == "strict":
        return settings.acceptable_durations
    return sorted({note.quarter_length for score in split.scores for note in score.notes})


def _why_nothing_is_left(corpora: Sequence[str], split: Sorted) -> str:
    where = ", ".join(corpora)
    if split.test or split.near:
        return f"{where}: all {len(split.test) + len(split.near)} usable songs are held out; none is left to train on"
    reasons = "; ".join(f"{count} × {reason}" for reason, count in count_reasons(split.refused).items())
    first = split.refused[0]
    return f"{where}: every song was refused ({reasons}); the first: {first.song}: {first.detail or first.reason}"


def _report(corpora: Sequence[str], split: Sorted, settings: Prepare) -> Report:
    training = figures(split.training)
    corpus = corpus_terms(corpora, split.scores) | {"songs": training.songs, "symbols": training.symbols}
    return Report(
        corpus=corpus,
        kept=len(split.scores),
        training=training,
        held_out=figures(split.test),
        near=[song.name for song in split.near],
        refused=count_reasons(split.refused),
        refused_songs=split.refused,
        settings={name: getattr(settings, name) for name in _KEPT_SETTINGS},
        fingerprint=fingerprint(split.training, split.test),
        versions=versions("antiphon", "music21"),
    )


def load(settings: Prepare) -> Prepared:
    """Load what an earlier preparation stored, and check that it belongs together.

    Raises:
        UserError: something isn't there, or doesn't fit the rest or the settings.
    """
    file = report_file(settings.merged_path)
    try:
        report = msgspec.json.decode(file.read_bytes(), type=Report)
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
    training = read_songs(folder / TRAINING)
    held_out = read_songs(folder / HELD_OUT) if report.held_out.songs else []
    if fingerprint(training, held_out) != report.fingerprint:
        raise UserError(f"{folder}: the songs are not those that were prepared; set is_preprocessing_required = true")
