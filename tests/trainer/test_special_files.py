"""Files that are none, at every door of the trainer: FIFOs, devices, folders and links are refused in a line."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from .conftest import SCORES, Workplace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFOs")
SECONDS = 120
"""After which a command hangs."""
KINDS: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
}


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    def hangs(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def place(finished: Workplace, tmp_path: Path) -> Workplace:
    """A copy of the folder where everything has been done."""
    place = Workplace(shutil.copytree(finished.path, tmp_path / "place"))
    (place.path / "stored.toml").write_text("[prepare]\nis_preprocessing_required = false\nsequence_length = 32\n")
    return place


def replaced(place: Workplace, name: str, kind: str) -> None:
    """Let something else stand where a file did."""
    odd = place.path / name
    odd.parent.mkdir(parents=True, exist_ok=True)
    odd.unlink(missing_ok=True)
    KINDS[kind](odd)


TRAIN = ("train", "--no-cues", "--units", 8, "--epochs", 1)
READ: dict[str, tuple[object, ...]] = {
    "held-out.txt": ("prepare", SCORES, "--held-out", "held-out.txt"),
    "trained/mapping.json": ("convert", "trained/model.keras", "--out", "other"),
    "trained/training.json": ("convert", "trained/model.keras", "--out", "other"),
    "trained/model.keras": ("convert", "trained/model.keras", "--out", "other"),
    "models/small/model.tflite": ("generate", "models/small"),
    "models/small/manifest.json": ("evaluate", "models/small"),
    "prepared/mapping.json": TRAIN,
    "processed_tensors/inputs.npy": TRAIN,
    "processed_tensors/details.json": TRAIN,
    "prepared/dataset.txt": ("train-key", "models/small"),
    "prepared/report.json": ("prepare", "--config", "stored.toml"),
    "prepared/songs/held-out/scores-auld-lang-syne.txt": ("evaluate", "models/small"),
}
"""What is odd, and what reads it."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_a_file(name: str, kind: str, place: Workplace) -> None:
    replaced(place, name, kind)
    line = place.refuses(*READ[name])
    assert Path(name).name in line
    assert kind in line
    assert not (place.path / "other").exists()


PREPARE = ("prepare", SCORES, "--sequence-length", 16)
WRITTEN: dict[str, tuple[object, ...]] = {
    "prepared/dataset.txt": PREPARE,
    "prepared/mapping.json": PREPARE,
    "prepared/report.json": PREPARE,
    "prepared/report.png": PREPARE,
    "processed_tensors/songs.npy": PREPARE,
    "processed_tensors/details.json": PREPARE,
    "trained/model.keras": TRAIN,
    "trained/mapping.json": TRAIN,
    "trained/history.png": TRAIN,
    "plots/course.png": ("evaluate", "models/small", "--plots", "plots"),
    "generated/small-1.mid": ("generate", "models/small"),
}
"""What is odd, and what would write it."""


@pytest.mark.parametrize("kind", [*KINDS, "a link"])
@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_replaces_files_alone(name: str, kind: str, place: Workplace) -> None:
    target = place.path / "precious"
    target.write_text("mine")
    if kind == "a link":
        (place.path / name).parent.mkdir(exist_ok=True)
        (place.path / name).unlink(missing_ok=True)
        (place.path / name).symlink_to(target)
    else:
        replaced(place, name, kind)
    before = {path: path.lstat().st_ino for path in place.path.rglob("*")}
    line = place.refuses(*WRITTEN[name])
    assert f"{Path(name).name}: is a {'link' if kind == 'a device' else kind[2:]}, which isn't replaced" in line
    assert {path: path.lstat().st_ino for path in place.path.rglob("*")} == before
    assert target.read_text() == "mine"


FOLDERS: dict[str, tuple[object, ...]] = {
    "prepared/songs": PREPARE,
    "processed_tensors": PREPARE,
    "other": ("convert", "trained/model.keras", "--out", "other"),
    "generated": ("generate", "models/small"),
    "plots": ("evaluate", "models/small", "--plots", "plots"),
}


@pytest.mark.parametrize("kind", ["a FIFO", "a file", "a link"])
@pytest.mark.parametrize("name", FOLDERS)
def test_folders_take_the_place_of_folders_alone(name: str, kind: str, place: Workplace) -> None:
    odd = place.path / name
    if odd.is_dir():
        shutil.rmtree(odd)
    put: dict[str, Callable[[Path], object]] = {
        "a FIFO": os.mkfifo,
        "a file": Path.touch,
        "a link": lambda path: path.symlink_to("nowhere"),
    }
    put[kind](odd)
    assert f"{Path(name).name}: is {kind}" in place.refuses(*FOLDERS[name])
    assert not odd.is_dir()


def test_a_bundle_that_is_a_link_is_refused_before_hours_of_training(place: Workplace) -> None:
    (place.path / "models" / "small").rename(place.path / "models" / "other")
    (place.path / "models" / "small").symlink_to("other")
    line = place.refuses("train-key", "models/small", "--epochs", 1000)
    assert "models/small: is a link, which isn't replaced; name another folder" in line


def test_a_damaged_checkpoint_is_refused_in_a_line(place: Workplace) -> None:
    for name in ("progress.json", "last.keras"):
        epoch = place.path / "trained" / "model-checkpoint" / "epoch-00001"
        shutil.rmtree(epoch.parent, ignore_errors=True)
        epoch.mkdir(parents=True)
        (epoch / "progress.json").write_text('{"training": "other", "epochs": []}')
        (epoch / name).unlink(missing_ok=True)
        os.mkfifo(epoch / name)
        assert "--no-resume starts anew" in place.refuses(*TRAIN)
