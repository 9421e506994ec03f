"""Keras files that mean harm: refused in a line, before Keras is loaded, and without filling the memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from antiphon.budgets import KERAS_FILE_BYTES
from antiphon_trainer.conversion.keras_parts import take_parts

from .test_foreign_models import FILES, MAPPING

MOST_MB = 500
"""What refusing a file may take at its peak."""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read as Linux tells it")
CONVERT = """
from pathlib import Path
from antiphon_trainer.__main__ import main
try:
    main()
finally:
    print(*[line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")])
"""


def refused(path: Path) -> tuple[str, float]:
    """Let `convert` refuse a file; return its line, and the memory that its process took at its peak, in MB."""
    before = set(path.parent.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", CONVERT, "convert", str(path), "--mapping", str(MAPPING), "--out", str(path) + "-out"],
        capture_output=True,
        text=True,
        cwd=path.parent,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert set(path.parent.iterdir()) == before
    (line,) = done.stderr.splitlines()
    assert path.name in line
    return line, int(done.stdout.split()[-2]) / 1024


def archive(path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Path:
    """Write a `.keras` file as Keras wrote it, with other members."""
    with zipfile.ZipFile(FILES / "gru_before-2.15.keras") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as changed:
        for name, content in change(members).items():
            changed.writestr(name, content)
    return path


def hdf5(path: Path, change: Callable[[Any], None]) -> Path:
    """Write a `.h5` file as Keras wrote it, with a change."""
    path.write_bytes((FILES / "tutorial-2.8.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def weights(file: Any) -> Any:
    """Return the first dataset of weights."""
    found: list[Any] = []
    file.visititems(lambda _name, each: found.append(each) if isinstance(each, h5py.Dataset) else None)
    return found[0]


def zip_bomb(path: Path) -> Path:
    return archive(path, lambda members: members | {"model.weights.h5": bytes(1 << 30)})


def false_size(path: Path) -> Path:
    archive(path, lambda members: members | {"config.json": b'{"a": "' + bytes([97]) * (64 << 20) + b'"}'})
    content = bytearray(path.read_bytes())
    real, false = (64 << 20) + 9, 100
    assert content.count(real.to_bytes(4, "little")) == 2  # in the member's own header, and in the directory
    path.write_bytes(content.replace(real.to_bytes(4, "little"), false.to_bytes(4, "little")))
    return path


def many_units(path: Path) -> Path:
    def change(members: dict[str, bytes]) -> dict[str, bytes]:
        config = members["config.json"].decode()
        assert '"units": ' in config
        return members | {"config.json": config.replace('"units": ', '"units": 1000000').encode()}

    return archive(path, change)


def external_link(path: Path) -> Path:
    def change(file: Any) -> None:
        file["model_weights"]["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")

    return hdf5(path, change)


def soft_link(path: Path) -> Path:
    def change(file: Any) -> None:
        file["model_weights"]["elsewhere"] = h5py.SoftLink("/model_weights")

    return hdf5(path, change)


def external_data(path: Path) -> Path:
    def change(file: Any) -> None:
        file.create_dataset("model_weights/passwords", (10,), "u1", external=[("/etc/passwd", 0, 10)])

    return hdf5(path, change)


def virtual_data(path: Path) -> Path:
    def change(file: Any) -> None:
        layout = h5py.VirtualLayout((10,), "u1")
        layout[:] = h5py.VirtualSource("/tmp/other.h5", "a", (10,))  # noqa: S108
        file.create_virtual_dataset("model_weights/virtual", layout)

    return hdf5(path, change)


def data_without_bytes(path: Path) -> Path:
    def change(file: Any) -> None:
        file.create_dataset("model_weights/zeros", (1 << 34,), "f4", chunks=(1 << 20,))

    return hdf5(path, change)


def not_numbers(value: float) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        def change(file: Any) -> None:
            weights(file)[...] = value

        return hdf5(path, change)

    return write


def circle(path: Path) -> Path:
    """It holds no weights that Keras could find; that it is read to its end is the point."""

    def change(file: Any) -> None:
        file["model_weights"]["again"] = file["/"]
        del file.attrs["model_config"]

    return hdf5(path, change)


def sparse(path: Path) -> Path:
    path.write_bytes((FILES / "tutorial-2.8.h5").read_bytes())
    os.truncate(path, KERAS_FILE_BYTES + 1)
    return path


CASES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "bomb.keras": (zip_bomb, "model.weights.h5 is packed more than 100-fold"),
    "size.keras": (false_size, "Bad CRC-32 for file 'config.json'"),
    "units.keras": (many_units, "has a size of 10,000,004; at most 4,096"),
    "external-link.h5": (external_link, "/model_weights/elsewhere is a link elsewhere"),
    "soft-link.h5": (soft_link, "/model_weights/elsewhere is a link elsewhere"),
    "external-data.h5": (external_data, "/model_weights/passwords lies in another file"),
    "virtual-data.h5": (virtual_data, "/model_weights/virtual lies in another file"),
    "zeros.h5": (data_without_bytes, "its data has more than 268,435,456 bytes"),
    "nan.h5": (not_numbers(float("nan")), "holds numbers that are not finite: training has diverged"),
    "infinity.h5": (not_numbers(float("inf")), "holds numbers that are not finite: training has diverged"),
    "circle.h5": (circle, "holds weights only"),
    "sparse.h5": (sparse, "the file has more than 268,435,456 bytes"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_keras_file_is_refused_in_a_line(name: str, tmp_path: Path) -> None:
    make, reason = CASES[name]
    line, peak = refused(make(tmp_path / name))
    assert reason in line
    if name != "units.keras":  # its architecture is read with Keras' help, which has half a gigabyte itself
        assert peak < MOST_MB


def test_a_model_that_is_a_fifo_or_a_device_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.h5")
    for path, kind in ((tmp_path / "fifo.h5", "a FIFO"), (Path("/dev/zero"), "a device")):
        done = subprocess.run(
            [sys.executable, "-c", CONVERT, "convert", str(path), "--mapping", str(MAPPING), "--out", "mine"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert (done.returncode, f"{path}: is {kind}" in done.stderr) == (2, True), done.stderr


def test_only_what_keras_needs_is_taken_of_an_archive(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "whole.keras", lambda members: members | {"../outside": b"", "assets/huge": bytes(1 << 20)}
    )
    parts = take_parts(path, tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {"whole.keras", "weights.h5"}
    assert parts.metadata is not None
    assert json.loads(parts.metadata)["keras_version"]
