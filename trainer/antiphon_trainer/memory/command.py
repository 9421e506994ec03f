"""The command `antiphon-trainer train-memory`: learns a memory's start weights and puts them into a bundle.

They are learned on sessions of songs that the network was validated on, because it knows those that it was trained on
too well to need a memory for them, and on a session in a foreign style. No held-out song has a part in it.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from antiphon.errors import UserError
from antiphon.files import status_before
from antiphon.improviser.memory.weights import UNTRAINED, StartWeights
from antiphon.melody.bundle import MEMORY_FILE, Bundle, find_bundle, read_bundle, write_bundle
from antiphon.quiet import silenced
from antiphon.settings import model_folders
from antiphon.streams import say
from antiphon_trainer import screen
from antiphon_trainer.corpus.songs import TRAINING, Song, read_songs
from antiphon_trainer.dataset.melody import melody_of
from antiphon_trainer.evaluation.measure import predictions_of
from antiphon_trainer.key.command import stored_songs
from antiphon_trainer.memory.examples import Examples, examples, joined
from antiphon_trainer.memory.training import Lesson, trained
from antiphon_trainer.memory.tunes import drawn_tunes
from antiphon_trainer.settings import Settings

FOREIGN_BOOK, FOREIGN_SONGS = "essenFolksong/han1.abc", 150
"""The foreign style: the first Chinese songs of Essen's Han collection, in music21's corpus."""
_FOREIGN_WEIGHT = 0.25
"""What a foreign session counts beside one at home: of ¼ and 1, the better at home and nearly as good abroad."""
_TERMS = "weights only, numbers derived from statistics of the songs; nothing of a song is in them"


def train_memory(name: str, settings: Settings, is_also_foreign: bool = True) -> None:
    """Learn the start weights of a bundle's memory, and add them to the bundle.

    Args:
        name: of the bundle, or its folder.
        settings: where the dataset is stored, the share of validation songs, and the seed.
        is_also_foreign: whether it learns on songs of a foreign style too; these are for non-commercial use.

    Raises:
        UserError: the bundle, what prepare stored or music21's corpus can't be read, or doesn't belong together.
    """
    bundle = read_bundle(find_bundle(name, model_folders()))
    status_before(bundle.path, stat.S_IFDIR)
    at_home = _validation_songs(settings)
    tunes = drawn_tunes([FOREIGN_BOOK], FOREIGN_SONGS, settings.prepare, seed=None) if is_also_foreign else []
    with screen.stoppable("nothing was written"):
        weights = _learned(bundle, at_home, [tune.song for tune in tunes])
    content = msgspec.json.format(msgspec.json.encode(weights), indent=0) + b"\n"
    about = {
        "validation_songs": len(at_home),
        "foreign_songs": len(tunes),
        "foreign": f"music21: {FOREIGN_BOOK}" if tunes else "",
        "seed": settings.train.seed,
        "licence": _TERMS,
    }
    manifest = msgspec.structs.replace(bundle.manifest, memory=about)
    write_bundle(bundle.path, bundle.model, bundle.vocabulary, manifest, bundle.key_model, content)
    say(f"learned  on {len(at_home):,} validation songs{f' and {len(tunes):,} of a foreign style' if tunes else ''}")
    say(f"bundle   {bundle.path / MEMORY_FILE}: {len(content):,} bytes")


def _validation_songs(settings: Settings) -> list[Song]:
    """Return the songs that the network was validated on, in an order that is drawn.

    Raises:
        UserError: what prepare stored can't be read, or is of two datasets.
    """
    symbols, windows, titles = stored_songs(settings.prepare)
    with silenced():
        from antiphon_trainer.network.training import split_by_song

    split = split_by_song(windows, titles, settings.train.validation_share, settings.train.seed)
    folder = Path(settings.prepare.save_path) / TRAINING
    known = {tuple(song.symbols): song for song in read_songs(folder)}
    numbers = np.random.default_rng(settings.train.seed).permutation(np.unique(windows.songs[split.validation]))
    found = [known.get(tuple(symbols[number][:-1])) for number in numbers]
    songs = [song for song in found if song is not None]
    if not songs:
        raise UserError(f"{folder}: holds other songs than the dataset; run 'antiphon-trainer prepare' again")
    return songs


def _learned(bundle: Bundle, at_home: Sequence[Song], abroad: Sequence[Song]) -> StartWeights:
    """Return the best weights for single songs, without and with the metre, and for sessions at home and, if songs
    from there are given, abroad.
    """
    takes_metre = bool(bundle.manifest.inputs)
    sessions = [
        ("a song", _alone(bundle, at_home, with_metre=False), 1.0),
        *([("a song, told the metre", _alone(bundle, at_home, with_metre=True), 1.0)] if takes_metre else []),
        ("a session", _together(bundle, at_home, with_metre=False), 1.0),
        *([("a session abroad", _together(bundle, abroad, with_metre=False), _FOREIGN_WEIGHT)] if abroad else []),
    ]
    stages = []
    for index, (stage, start) in enumerate((("class", UNTRAINED.classes), ("pitch", UNTRAINED.pitches))):
        lessons = [Lesson(title, found[index], weight) for title, found, weight in sessions]
        weights, bits = trained(lessons, start)
        stages.append(weights)
        for title, (network, mixture) in bits.items():
            say(
                f"{stage}    {title}: {network:.4f} bits with the network alone, {mixture:.4f} with the memory",
                err=True,
            )
    return StartWeights(classes=stages[0], pitches=stages[1])


def _together(bundle: Bundle, songs: Sequence[Song], with_metre: bool) -> tuple[Examples, Examples]:
    melodies = [melody_of(song, bundle.vocabulary) for song in songs]
    return examples(bundle.vocabulary, melodies, predictions_of(bundle, melodies, with_metre), with_metre)


def _alone(bundle: Bundle, songs: Sequence[Song], with_metre: bool) -> tuple[Examples, Examples]:
    melodies = [melody_of(song, bundle.vocabulary) for song in songs]
    predicted = predictions_of(bundle, melodies, with_metre)
    found = [
        examples(bundle.vocabulary, [melody], [network], with_metre)
        for melody, network in zip(melodies, predicted, strict=True)
    ]
    classes, pitches = zip(*found, strict=True)
    return joined(classes), joined(pitches)
