"""The command `antiphon-trainer train-key`: trains a key network and puts it into a bundle."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import numpy as np

from antiphon.budgets import PREPARED_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file, status_before
from antiphon.melody.bundle import KEY_FILE, find_bundle, read_bundle, write_bundle
from antiphon.quiet import silenced
from antiphon.settings import model_folders
from antiphon.streams import say
from antiphon_trainer import screen
from antiphon_trainer.dataset.windows import Windows, read_details, read_windows
from antiphon_trainer.settings import Prepare, Settings


def train_key_network(name: str, epochs: int | None, settings: Settings) -> None:
    """Train a key network on the songs that the bundle's own network learned from, and add it to the bundle.

    The songs are split into training and validation as the command `train` splits them.

    Args:
        name: of the bundle, or its folder.
        epochs: passes through the songs; None is `training.EPOCHS`.
        settings: where the dataset is stored, the share of validation songs, and the seed.

    Raises:
        UserError: the bundle or what prepare stored can't be read, or doesn't belong together.
    """
    bundle = read_bundle(find_bundle(name, model_folders()))
    status_before(bundle.path, stat.S_IFDIR)
    songs, windows, titles = stored_songs(settings.prepare)

    with silenced():
        from antiphon_trainer.key.examples import tune
        from antiphon_trainer.key.network import key_model_to_tflite
        from antiphon_trainer.key.training import EPOCHS, KeyEpoch, key_bits, train
        from antiphon_trainer.network.training import split_by_song

    total = epochs or EPOCHS

    def show(epoch: KeyEpoch) -> None:
        say(
            f"epoch {epoch.number:>3}/{total}: key {epoch.key_bits:.4f}, next degree {epoch.degree_bits:.4f} "
            f"bits per note, {epoch.seconds:.0f} s",
            err=True,
        )

    split = split_by_song(windows, titles, settings.train.validation_share, settings.train.seed)
    tunes = [tune(song) for song in songs]
    training, validation = (
        [tunes[song] for song in np.unique(windows.songs[part]) if len(tunes[song].pitches)]
        for part in (split.training, split.validation)
    )
    with screen.stoppable("nothing was written"):
        network = train(training, total, settings.train.seed, show)
        bits = key_bits(network, validation)
        key_model = key_model_to_tflite(network)
    figures = {"bits_a_note": round(bits, 5), "epochs": total, "seed": settings.train.seed}
    manifest = msgspec.structs.replace(bundle.manifest, key_model=figures)
    write_bundle(bundle.path, bundle.model, bundle.vocabulary, manifest, key_model, bundle.memory)
    say(f"trained  on {len(training):,} songs")
    say(f"key      {bits:.4f} bits per note on {len(validation):,} songs of validation")
    say(f"bundle   {bundle.path / KEY_FILE}: {len(key_model):,} bytes")


def stored_songs(settings: Prepare) -> tuple[list[list[str]], Windows, list[str]]:
    """Read the stored dataset: the symbols of each song, the windows, and the title of each song.

    Raises:
        UserError: a file can't be read, or they are of two datasets.
    """
    folder, file = Path(settings.test_target_path), Path(settings.merged_path)
    windows, _ = read_windows(folder, Path(settings.mapping_file_path))
    titles = read_details(folder).titles
    try:
        songs = [line.split() for line in read_file(file, PREPARED_BYTES).decode().splitlines()]
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror}); run 'antiphon-trainer prepare' first") from None
    if int(windows.songs.max()) + 1 != len(songs) or len(songs) > len(titles):
        raise UserError(f"{file}: is of another dataset than {folder}; run 'antiphon-trainer prepare' again")
    return songs, windows, titles
