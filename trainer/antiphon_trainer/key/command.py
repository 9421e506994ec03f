"""The command `antiphon-trainer train-key`: trains a key network on what prepare stored and puts it into a bundle."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import typer

from antiphon.errors import UserError
from antiphon.melody.bundle import KEY_FILE, find_bundle, read_bundle, write_bundle
from antiphon.quiet import silenced
from antiphon.settings import model_folders
from antiphon_trainer import screen
from antiphon_trainer.dataset.windows import read_details, read_windows
from antiphon_trainer.settings import Settings


def train_key_network(name: str, epochs: int | None, settings: Settings) -> None:
    """Train a key network on the songs that the bundle's own network learned from, and add it to the bundle.

    The songs, and those of them that validation keeps for itself, are those of the command `train`.

    Raises:
        UserError: the bundle or what prepare stored can't be read.
    """
    bundle = read_bundle(find_bundle(name, model_folders()))
    folder = Path(settings.prepare.test_target_path)
    windows, _ = read_windows(folder, Path(settings.prepare.mapping_file_path))
    details = read_details(folder)
    songs = _merged(Path(settings.prepare.merged_path))
    if int(windows.songs.max()) + 1 != len(songs) or len(songs) > len(details.titles):
        raise UserError(f"{settings.prepare.merged_path}: is of another dataset than {folder}; run prepare again")

    with silenced():
        from antiphon_trainer.key.examples import tune
        from antiphon_trainer.key.network import key_model_to_tflite
        from antiphon_trainer.key.training import EPOCHS, KeyEpoch, key_bits, train
        from antiphon_trainer.network.training import split_by_song

    total = epochs or EPOCHS

    def show(epoch: KeyEpoch) -> None:
        typer.echo(
            f"epoch {epoch.number:>3}/{total}: key {epoch.key_bits:.4f}, next degree {epoch.degree_bits:.4f} "
            f"bits a note, {epoch.seconds:.0f} s",
            err=True,
        )

    split = split_by_song(windows, details.titles, settings.train.validation_share, settings.train.seed)
    tunes = [tune(song) for song in songs]
    to_learn, to_check = (
        [tunes[song] for song in np.unique(windows.songs[part]) if len(tunes[song].pitches)]
        for part in (split.training, split.validation)
    )
    with screen.stoppable("nothing was written"):
        network = train(to_learn, total, settings.train.seed, show)
        bits = key_bits(network, to_check)
        key_model = key_model_to_tflite(network)
    figures = {"bits_a_note": round(bits, 5), "epochs": total, "seed": settings.train.seed}
    manifest = msgspec.structs.replace(bundle.manifest, key_model=figures)
    write_bundle(bundle.path, bundle.model, bundle.vocabulary, manifest, key_model)
    typer.echo(f"trained  on {len(to_learn):,} songs")
    typer.echo(f"key      {bits:.4f} bits a note on {len(to_check):,} songs of validation")
    typer.echo(f"bundle   {bundle.path / KEY_FILE}: {len(key_model):,} bytes")


def _merged(file: Path) -> list[list[str]]:
    try:
        return [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror}); run 'antiphon-trainer prepare' first") from None
