"""What the commands do, once their settings are read: the work in order, and what they print."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import typer

from antiphon.errors import UserError
from antiphon.files import write_whole
from antiphon.melody.bundle import find_bundle, read_bundle
from antiphon.melody.grid import STEP
from antiphon.melody.vocabulary import Signs, mapping_text, read_mapping
from antiphon.quiet import silenced
from antiphon.settings import Prepare, Settings, Train, model_folders
from antiphon_trainer import screen
from antiphon_trainer.corpus import report
from antiphon_trainer.corpus.provenance import versions
from antiphon_trainer.corpus.songs import HELD_OUT, TRAINING, Song, read_songs
from antiphon_trainer.dataset import dataset
from antiphon_trainer.generation.generation import Wanted, generate
from antiphon_trainer.network.origin import Origin, write_origin
from antiphon_trainer.storage import write_json, write_text


def prepare_corpus(corpora: Sequence[str], settings: Prepare, processes: int | None, scheduler: str | None) -> None:
    """Prepare a corpus, in processes of this machine or on a Dask cluster, or load what is stored; print the report.

    Raises:
        UserError: see `prepare.prepare`, `prepare.load` and `sources.collect`.
    """
    from antiphon_trainer.corpus.engines import carried, cluster, local
    from antiphon_trainer.corpus.parsing import cores
    from antiphon_trainer.corpus.prepare import load, prepare
    from antiphon_trainer.corpus.sources import collect

    if settings.is_preprocessing_required:
        sources = collect(corpora)
        if scheduler is not None:
            sources = [carried(source) for source in sources]
        engine = local(processes or cores()) if scheduler is None else cluster(scheduler)
        with (
            screen.stoppable("what was parsed is kept: the same command goes on from there"),
            screen.parsing(len(sources)) as advance,
        ):
            done = prepare(corpora, sources, settings, engine, advance)
    else:
        done = load(settings)
    for line in report.lines(done.report):
        typer.echo(line)
    if settings.held_out and not done.report.held_out.songs:
        typer.echo(f"         none held out: no song has a catalogue number of {settings.held_out!r}")
    count, length = done.windows.inputs.shape
    typer.echo(f"mapping  {len(done.vocabulary)} symbols in {settings.mapping_file_path}")
    typer.echo(f"tensors  {count:,} windows of {length} steps in {settings.test_target_path}")
    typer.echo(f"songs    {settings.save_path}, merged in {settings.merged_path}")
    file = report.report_file(settings.merged_path)
    typer.echo(f"report   {file}, and as a page of pictures {file.with_suffix('.png')}")


def train_network(settings: Settings, resume: bool) -> None:
    """Train a network and write it with its mapping, its history and its origin.

    Raises:
        UserError: nothing is prepared, or a setting doesn't fit.
    """
    path = Path(settings.train.model_path)
    if path.suffix != ".keras":
        raise UserError(f"{path}: a Keras file ends with .keras")
    folder = Path(settings.prepare.test_target_path)
    windows, vocabulary = dataset.read_windows(folder, Path(settings.prepare.mapping_file_path))
    details = dataset.read_details(folder)
    if int(windows.songs.max()) >= len(details.titles):
        raise UserError(f"{folder}: windows and details are of two datasets; run 'antiphon-trainer prepare' again")

    with silenced():
        from antiphon_trainer.network.checkpoint import Checkpoint
        from antiphon_trainer.network.history import plot
        from antiphon_trainer.network.training import split_by_song, train

    split = split_by_song(windows, details.titles, settings.train.validation_share, settings.train.seed)
    checkpoint = Checkpoint(path.with_name(f"{path.stem}-checkpoint"), _identity(settings.train, windows))
    if not resume:
        checkpoint.remove()
    with screen.stoppable("the same command goes on after the last finished epoch"):
        with screen.TrainingScreen(settings.train.epochs) as watcher:
            network, progress = train(windows, split, vocabulary, settings.train, checkpoint, watcher)
        write_whole(path, network.save)
        write_text(path.with_name("mapping.json"), mapping_text(vocabulary))
        write_origin(
            path, _origin(settings.train, windows, details, progress.best.number, progress.best.validation_bits)
        )
        write_json(path.with_name("history.json"), [msgspec.to_builtins(epoch) for epoch in progress.epochs])
        plot(progress, path.with_name("history.png"))
        checkpoint.remove()
    seconds = sum(epoch.seconds for epoch in progress.epochs)
    typer.echo(f"trained  {len(progress.epochs)} epochs in {seconds:.0f} s")
    typer.echo(f"best     epoch {progress.best.number}: {progress.best.validation_bits:.4f} bits a step in validation")
    typer.echo(f"model    {path}, with mapping.json, training.json, history.json and history.png beside it")


def _identity(settings: Train, windows: dataset.Windows) -> str:
    """Return what tells a training from others: everything that its course depends on."""
    chosen = msgspec.to_builtins(msgspec.structs.replace(settings, model_path=""))
    digest = hashlib.sha256(msgspec.json.encode(chosen, order="sorted"))
    for array in (windows.inputs, windows.targets, windows.songs, windows.positions, windows.bars):
        digest.update(array.tobytes())
    return digest.hexdigest()


def _origin(
    settings: Train, windows: dataset.Windows, details: dataset.Details, best_epoch: int, validation_bits: float
) -> Origin:
    chosen: dict[str, Any] = msgspec.to_builtins(settings)
    del chosen["model_path"]
    return Origin(
        fingerprint=details.fingerprint,
        corpus=details.corpus,
        acceptable_durations=details.acceptable_durations,
        sequence_length=windows.length,
        settings=chosen,
        best_epoch=best_epoch,
        validation_bits=round(validation_bits, 6),
        versions=versions("antiphon", "keras", "tensorflow", "tensorflow-cpu", "music21"),
    )


def convert_network(
    model: Path, mapping: Path, signs: Signs, out: Path, settings: Prepare, wish: dict[str, Any]
) -> None:
    """Convert a Keras file, prove the bundle and write it; `wish` holds the fields of `conversion.Wish`.

    Raises:
        UserError: see `keras_file` and `conversion`; nothing was written.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is a file; a bundle is a folder")
    vocabulary = read_mapping(mapping, signs)

    with silenced():
        from antiphon_trainer.conversion import conversion
        from antiphon_trainer.conversion.keras_file import load_network

    with screen.stoppable("nothing was written"):
        network = load_network(model)
        bundle, choice = conversion.convert(network, vocabulary, model, out, settings, conversion.Wish(**wish))
    manifest = bundle.manifest
    typer.echo(f"context  {choice.context}: {choice.why}")
    typer.echo(
        "parity   largest difference {largest_difference:.1e} on {melodies}; "
        "bits a step: Keras {keras_bits_a_step:.4f}, bundle {bundle_bits_a_step:.4f}".format(**manifest.parity)
    )
    if manifest.held_out:
        line = "held out {bits_a_step:.4f} bits a step on {songs} songs, {symbols:,} symbols"
        with_metre = "; told the metre {bits_a_step_with_metre:.4f}" if manifest.inputs else ""
        typer.echo((line + with_metre).format(**manifest.held_out))
    typer.echo(
        f"bundle   {out}: {len(bundle.model):,} bytes, V = {manifest.vocabulary_size}, S = {manifest.state_size}"
    )
    if manifest.context == "window":
        listens = "the model 'essen' listens for the key" if manifest.step == STEP else "say the key that you play in"
        typer.echo(f"key      a window bundle can't tell keys apart: {listens}")
    key = " --key C" if manifest.context == "window" and manifest.step != STEP else ""
    typer.echo(f"play it  {_antiphon()} run --model {shlex.quote(str(out))}{key}")


def _antiphon() -> str:
    """Return how the daemon is started from here: it may be in an environment that isn't on the path."""
    beside = Path(sys.executable).with_name("antiphon")
    is_here = beside.exists() and beside.is_relative_to(Path.cwd())
    return shlex.quote(str(beside.relative_to(Path.cwd()))) if is_here and not shutil.which("antiphon") else "antiphon"


def generate_melodies(name: str, wanted: Wanted, count: int, seed: int, bpm: float, out: Path) -> None:
    """Let a bundle make up melodies and write each as `.mid`, `.musicxml` and `.png`, and print a line each.

    The melodies are numbered from 1; number n is drawn with the seed `seed + n − 1`.

    Raises:
        UserError: the bundle can't be read, or makes no melody.
    """
    bundle = read_bundle(find_bundle(name, model_folders()))
    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is a file; a folder is needed there")

    from antiphon.melody.model import LiteModel
    from antiphon_trainer.generation import melody_files

    model = LiteModel(bundle)
    for number in range(1, count + 1):
        own = seed + number - 1
        notes = generate(model, bundle.vocabulary, wanted, own)
        title = f"{bundle.name}, seed {own}"
        piece = melody_files.Piece(title, notes, wanted.metre, wanted.sharps, bpm)
        file = out / f"{bundle.name}-{own}.mid"
        melody_files.write_midi(file, piece)
        melody_files.write_score(file.with_suffix(".musicxml"), piece)
        melody_files.draw_piano_roll(file.with_suffix(".png"), piece)
        sounding = sum(note.pitch is not None for note in notes)
        bars = sum(note.steps for note in notes) / wanted.metre.bar
        typer.echo(f"melody   {file} (.musicxml, .png): {sounding} notes, {bars:.4g} bars of {wanted.metre}")


@dataclass(frozen=True)
class Evaluate:
    """What to measure."""

    songs: Path | None
    """A folder of encoded songs; None is what prepare held out."""
    corpora: Sequence[str]
    """Scores to encode and measure instead."""
    baselines: bool


def evaluate_bundles(
    names: Sequence[str], wanted: Evaluate, settings: Prepare, as_json: bool, plots: Path | None
) -> None:
    """Evaluate bundles and baselines on songs and print a table, or JSON; draw pictures if a folder is named.

    Raises:
        UserError: a bundle or the songs can't be read.
    """
    bundles = [read_bundle(find_bundle(name, model_folders())) for name in names]
    songs = _songs_to_measure(wanted, settings)
    training = _songs_to_count(songs, settings) if wanted.baselines else None

    from antiphon_trainer.evaluation import comparison

    with (
        screen.stoppable("nothing was written"),
        screen.measuring(comparison.work(bundles, songs, wanted.baselines)) as advance,
    ):
        found = comparison.compare(list(zip(names, bundles, strict=True)), songs, training, advance)
    drawn: Sequence[Path] = []
    if plots is not None:
        from antiphon_trainer.evaluation.evaluation_plots import draw

        drawn = draw(found, plots)
    if as_json:
        rows = [contestant.as_json() for contestant in found]
        typer.echo(msgspec.json.format(msgspec.json.encode(rows), indent=1).decode())
        return
    for line in (*comparison.counted(found), "", *comparison.table(found), "", *comparison.LEGEND):
        typer.echo(line)
    for path in drawn:
        typer.echo(f"picture  {path}")


def _songs_to_measure(wanted: Evaluate, settings: Prepare) -> list[Song]:
    if not wanted.corpora:
        return read_songs(wanted.songs or Path(settings.save_path) / HELD_OUT)
    if wanted.songs is not None:
        raise UserError("--songs and --corpus both name songs; give one of them")
    from antiphon_trainer.corpus.engines import local
    from antiphon_trainer.corpus.parsing import cores
    from antiphon_trainer.corpus.prepare import encoded
    from antiphon_trainer.corpus.sources import collect

    sources = collect(wanted.corpora)
    with screen.stoppable("what was parsed is kept"), screen.parsing(len(sources)) as advance:
        return encoded(wanted.corpora, sources, settings, local(cores()), advance)


def _songs_to_count(measured: Sequence[Song], settings: Prepare) -> list[Song]:
    """Return the training songs for the baselines, without any that is measured."""
    heard = {tuple(song.symbols) for song in measured}
    folder = Path(settings.save_path) / TRAINING
    songs = [song for song in read_songs(folder) if tuple(song.symbols) not in heard]
    if not songs:
        raise UserError(f"{folder}: all its songs are measured, and none is left for the baselines: --no-baselines")
    return songs
