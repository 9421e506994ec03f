"""The modes of all files that the trainer writes: new ones obey the umask, and what is written again keeps its mode."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from .conftest import SCORES, Workplace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
UMASK = 0o027
FEW = ("--epochs", 1, "--batch-size", 2, "--validation-share", 0.3)
COMMANDS = (
    ("prepare", SCORES, "--held-out", "held-out.txt", "--sequence-length", 16),
    ("train", "--no-cues", "--units", 4, *FEW),
    ("convert", "trained/model.keras", "--out", "models/small"),
    ("train-key", "models/small", "--epochs", 1),
    ("evaluate", "models/small", "--plots", "plots"),
    ("generate", "models/small", "--seed", 3),
)
FILES = (
    *("prepared/dataset.txt", "prepared/mapping.json", "prepared/report.json", "prepared/report.png"),
    *("prepared/songs/training/scores-ode-to-joy.txt", "prepared/songs/held-out/scores-auld-lang-syne.txt"),
    *(f"processed_tensors/{name}.npy" for name in ("inputs", "targets", "songs", "positions", "bars")),
    "processed_tensors/details.json",
    *(f"trained/{name}" for name in ("model.keras", "mapping.json", "training.json", "history.json", "history.png")),
    *(f"models/small/{name}" for name in ("model.tflite", "mapping.json", "manifest.json", "key.tflite")),
    *(f"plots/{name}" for name in ("bits.png", "reliability.png", "course.png")),
    *(f"generated/small-3{suffix}" for suffix in (".mid", ".musicxml", ".png")),
)
KEPT = (
    *("prepared/dataset.txt", "prepared/mapping.json", "prepared/report.json", "processed_tensors/inputs.npy"),
    "prepared/songs/training/scores-ode-to-joy.txt",
    *("processed_tensors/details.json", "trained/model.keras", "trained/history.png", "models/small/manifest.json"),
    *("plots/bits.png", "generated/small-3.mid", "generated/small-3.musicxml"),
)
"""Of these, some that are written again."""
FOLDERS = ("prepared", "prepared/songs", "processed_tensors", "trained", "models/small", "plots", "generated")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all commands have written with a umask of its own."""
    place = Workplace(tmp_path_factory.mktemp("modes"))
    (place.path / "held-out.txt").write_text("T0002\nT0005\n")
    before = os.umask(UMASK)
    try:
        for command in COMMANDS:
            place.succeeds(*command)
    finally:
        os.umask(before)
    return place.path


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_what_is_new_obeys_the_umask(name: str, written: Path) -> None:
    status = (written / name).stat()
    whole = 0o777 if stat.S_ISDIR(status.st_mode) else 0o666
    assert oct(stat.S_IMODE(status.st_mode)) == oct(whole & ~UMASK)


def test_no_other_file_is_left(written: Path) -> None:
    """So that none is forgotten above."""
    there = {path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()}
    songs = {name for name in there if name.startswith("prepared/songs/")}
    assert there - songs - {"held-out.txt"} == {name for name in FILES if not name.startswith("prepared/songs/")}


def test_what_is_written_again_keeps_mode_and_owner(written: Path) -> None:
    """The last test of this module: it changes the folder."""
    owner = (1234, 4321) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    for name in KEPT:
        os.chown(written / name, *owner)
        (written / name).chmod(0o604)
    for name in ("models/small", "prepared/songs"):
        (written / name).chmod(0o705)
    inodes = {name: (written / name).stat().st_ino for name in KEPT}
    (written / "held-out.txt").write_text("T0002\n")
    for command in COMMANDS:
        Workplace(written).succeeds(*command)
    again = {name: (written / name).stat() for name in KEPT}
    assert all(again[name].st_ino != inodes[name] for name in KEPT)
    found = {name: (oct(stat.S_IMODE(each.st_mode)), each.st_uid, each.st_gid) for name, each in again.items()}
    assert set(found.values()) == {("0o604", *owner)}, found
    for name in ("models/small", "prepared/songs"):
        assert oct(stat.S_IMODE((written / name).stat().st_mode)) == "0o705"
