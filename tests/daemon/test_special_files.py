"""Files that are none, at every door of `antiphon`: FIFOs, devices, folders and links are refused in a line at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from antiphon.melody.bundle import (
    KEY_FILE,
    MANIFEST_FILE,
    MAPPING_FILE,
    MODEL_FILE,
    bundle_names,
    read_bundle,
    write_bundle,
)
from antiphon.settings import package_folder
from tests.daemon.live import environment
from tests.daemon.midi_files import save_tune
from tests.daemon.tunes import ODE_TO_JOY

ESSEN = package_folder() / "models" / "essen"
SECONDS = 60
"""After which a command hangs: each takes a second or two."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFOs")

KINDS: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
}


def antiphon(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", *map(str, arguments)],
        cwd=cwd,
        env=environment(cwd),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def refuses(*arguments: str | Path, cwd: Path) -> str:
    """Let a command refuse what it is given, and return its line."""
    done = antiphon(*arguments, cwd=cwd)
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a tune."""
    save_tune(tmp_path / "tune.mid", ODE_TO_JOY)
    return tmp_path


INPUTS: dict[str, tuple[str, ...]] = {
    "odd.mid": ("render", "odd.mid", "duet.mid"),
    "./odd.mid": ("listen", "odd.mid"),
    "odd.toml": ("listen", "tune.mid", "--config", "odd.toml"),
    "./odd.toml": ("learn", "mute", "--config", "odd.toml"),
    "config.toml": ("ports",),
    "config/antiphon/config.toml": ("sessions",),
}
"""What is odd, and what reads it."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", INPUTS)
def test_what_is_read_is_a_file(name: str, kind: str, folder: Path) -> None:
    odd = folder / name
    odd.parent.mkdir(parents=True, exist_ok=True)
    KINDS[kind](odd)
    line = refuses(*INPUTS[name], cwd=folder)
    assert f"{odd.name}: is {kind}; a file is needed there" in line
    assert not (folder / "duet.mid").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [MANIFEST_FILE, MAPPING_FILE, MODEL_FILE, KEY_FILE])
def test_the_files_of_a_bundle_are_files(name: str, kind: str, folder: Path) -> None:
    bundle = shutil.copytree(ESSEN, folder / "mine")
    (bundle / name).unlink()
    KINDS[kind](bundle / name)
    assert f"{name}: is {kind}; a file is needed there" in refuses("listen", "tune.mid", "--model", bundle, cwd=folder)


def test_the_files_of_a_bundle_may_be_links_for_their_checksums_count(folder: Path) -> None:
    """Caches keep the content of bundles elsewhere, and links to it."""
    bundle = folder / "models" / "mine"
    bundle.mkdir(parents=True)
    for file in ESSEN.iterdir():
        (bundle / file.name).symlink_to(file)
    assert "mine" in bundle_names([folder / "models"])
    assert antiphon("listen", "tune.mid", "--model", "mine", cwd=folder).returncode == 0
    (folder / "secret").write_text("Rosebud")
    for name in (MODEL_FILE, MAPPING_FILE, MANIFEST_FILE):
        (bundle / name).unlink()
        (bundle / name).symlink_to(folder / "secret")
        assert "Rosebud" not in refuses("listen", "tune.mid", "--model", "mine", cwd=folder)


def test_writing_a_bundle_again_leaves_what_its_links_point_to(folder: Path) -> None:
    shipped = read_bundle(ESSEN)
    bundle, target = folder / "mine", folder / "precious"
    bundle.mkdir()
    target.write_text("mine")
    (bundle / MODEL_FILE).symlink_to(target)
    (bundle / "notes.txt").symlink_to(target)
    write_bundle(bundle, shipped.model, shipped.vocabulary, shipped.manifest)
    assert target.read_text() == "mine"
    assert not (bundle / MODEL_FILE).is_symlink()
    assert (bundle / "notes.txt").is_symlink()
    assert read_bundle(bundle).model == shipped.model


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a FIFO": (os.mkfifo, "is a FIFO, which isn't replaced; name another file"),
    "a folder": (Path.mkdir, "is a folder, which isn't replaced; name another file"),
    "a link": (link_to("other.mid"), "is a link, which isn't replaced; name another file"),
    "a dangling link": (link_to("nowhere"), "is a link, which isn't replaced; name another file"),
    "a link to a device": (link_to("/dev/null"), "is a link, which isn't replaced; name another file"),
    "a link to the input": (link_to("tune.mid"), "is the performance itself; give another name to write to"),
    "the input": (lambda path: path.hardlink_to(path.with_name("tune.mid")), "is the performance itself"),
}
"""What stands where something is to be written, and why that is refused."""


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("command", [("odd.mid",), ("duet.mid", "--picture", "odd.mid")], ids=["duet", "picture"])
def test_what_is_written_replaces_files_alone(command: tuple[str, ...], kind: str, folder: Path) -> None:
    (folder / "other.mid").write_bytes(b"precious")
    put, reason = PLACES[kind]
    put(folder / "odd.mid")
    before = {path.name: path.lstat().st_ino for path in folder.iterdir()}
    assert f"odd.mid: {reason}" in refuses("render", "tune.mid", *command, cwd=folder)
    assert {path.name: path.lstat().st_ino for path in folder.iterdir()} == before
    assert (folder / "other.mid").read_bytes() == b"precious"


def test_a_device_is_not_replaced_even_by_root(folder: Path) -> None:
    before = Path("/dev/null").lstat()
    assert "/dev/null: is a device, which isn't replaced" in refuses("render", "tune.mid", "/dev/null", cwd=folder)
    line = refuses("render", "tune.mid", "duet.mid", "--picture", "/dev/null", cwd=folder)
    assert "/dev/null: is a device, which isn't replaced" in line
    after = Path("/dev/null").lstat()
    assert (before.st_ino, before.st_mode, before.st_rdev) == (after.st_ino, after.st_mode, after.st_rdev)


def test_picture_and_performance_are_two_files(folder: Path) -> None:
    for picture in ("duet.mid", "./duet.mid", folder / "duet.mid"):
        line = refuses("render", "tune.mid", "duet.mid", "--picture", picture, cwd=folder)
        assert "is to be the picture and the performance" in line
    assert not (folder / "duet.mid").exists()


def test_learn_writes_through_a_link_to_the_file_that_is_meant_and_into_nothing_else(folder: Path) -> None:
    (folder / "odd.toml").symlink_to("/dev/null")
    assert "odd.toml: is a device" in refuses("learn", "mute", "--config", "odd.toml", cwd=folder)
    assert (folder / "odd.toml").readlink() == Path("/dev/null")
