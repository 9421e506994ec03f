"""The command `antiphon-trainer evaluate`: measures bundles and baselines on songs and prints a table or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon.errors import UserError
from antiphon.improviser.memory.weights import weights_of
from antiphon.melody.bundle import find_bundle, read_bundle
from antiphon.settings import model_folders
from antiphon.streams import say, say_json
from antiphon_trainer import screen
from antiphon_trainer.corpus.songs import HELD_OUT, TRAINING, Song, read_songs
from antiphon_trainer.settings import Prepare


@dataclass(frozen=True)
class EvaluationOptions:
    """What to measure on, and how to show it."""

    songs: Path | None
    """A folder of encoded songs; None is what prepare held out."""
    corpora: Sequence[str]
    """Scores to encode and measure on instead."""
    baselines: bool
    """Whether to measure the models without a network as well."""
    memory: bool
    """Whether to measure each bundle with a memory as well."""
    as_json: bool
    """Print JSON in place of a table."""
    plots: Path | None
    """The folder to draw pictures into; None draws none."""


def evaluate_bundles(names: Sequence[str], options: EvaluationOptions, settings: Prepare) -> None:
    """Measure bundles and baselines on the same songs and print the figures; draw pictures if a folder is named.

    Args:
        names: of bundles, or their folders.
        options: what to measure on, and how to show it.
        settings: where prepared songs lie, and how scores are encoded.

    Raises:
        UserError: a bundle or the songs can't be read.
    """
    if options.plots is not None:
        from antiphon_trainer.evaluation.plots import check_can_draw

        check_can_draw(options.plots)
    bundles = [read_bundle(find_bundle(name, model_folders())) for name in names]
    songs = _songs_to_measure(options, settings)
    training = _songs_to_learn_from(songs, settings) if options.baselines else None

    from antiphon_trainer.evaluation import comparison

    weights = [weights_of(bundle) for bundle in bundles] if options.memory else []
    total = comparison.passes([*bundles, *bundles[: len(weights)]], songs, options.baselines)
    with (
        screen.stoppable("nothing was written"),
        screen.progress_bar("measuring", total) as advance,
    ):
        entries = comparison.compare(list(zip(names, bundles, strict=True)), songs, training, weights, advance)
    drawn: Sequence[Path] = []
    if options.plots is not None:
        from antiphon_trainer.evaluation.plots import draw

        drawn = draw(entries, options.plots)
    if options.as_json:
        rows = [entry.as_json() for entry in entries]
        say_json(rows)
        return
    for line in (*comparison.summary(entries), "", *comparison.table(entries), "", *comparison.LEGEND):
        say(line)
    for path in drawn:
        say(f"picture  {path}")


def _songs_to_measure(options: EvaluationOptions, settings: Prepare) -> list[Song]:
    if not options.corpora:
        return read_songs(options.songs or Path(settings.save_path) / HELD_OUT)
    if options.songs is not None:
        raise UserError("--songs and --corpus both name songs; give one of them")
    from antiphon_trainer.corpus.engines import local
    from antiphon_trainer.corpus.parsing import cores
    from antiphon_trainer.corpus.sources import collect
    from antiphon_trainer.dataset.prepare import encoded

    sources = collect(options.corpora)
    with screen.stoppable("what was parsed is kept"), screen.progress_bar("parsing songs", len(sources)) as advance:
        return encoded(options.corpora, sources, settings, local(cores()), advance)


def _songs_to_learn_from(measured: Sequence[Song], settings: Prepare) -> list[Song]:
    """Return the training songs for the baselines, without any that is measured on."""
    excluded = {tuple(song.symbols) for song in measured}
    folder = Path(settings.save_path) / TRAINING
    songs = [song for song in read_songs(folder) if tuple(song.symbols) not in excluded]
    if not songs:
        raise UserError(f"{folder}: all its songs are measured on, and none is left for the baselines: --no-baselines")
    return songs
