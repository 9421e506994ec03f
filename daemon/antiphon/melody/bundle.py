"""The bundle: a folder with everything that plays one model, its format, and the checks on the way in and out.

`model.tflite`, `mapping.json` and `manifest.json`; the manifest holds the checksums of the other two.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from antiphon.budgets import MANIFEST_BYTES, MODEL_BYTES
from antiphon.errors import UserError
from antiphon.files import read_file, write_folder_whole
from antiphon.melody.vocabulary import Vocabulary, mapping_text, read_mapping
from antiphon.printable import printable

Quantization = Literal["none", "int8"]
FORMAT_VERSION = 1
MODEL_FILE = "model.tflite"
MAPPING_FILE = "mapping.json"
MANIFEST_FILE = "manifest.json"
KEY_FILE = "key.tflite"
"""Optional: a small model that estimates which key a melody is in (`key_model`)."""
MEMORY_FILE = "memory.json"
"""Optional: the weights with which the memory of what is played begins (`improviser/memory/weights`)."""

MADE = ("irish", "jigs")
"""Models that don't ship: `antiphon-trainer make NAME` makes each of them."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What `manifest.json` says. Fields that a later version adds are read past."""

    format_version: int
    sha256: dict[str, str]
    """File name → SHA-256 of its bytes, for every other file of the bundle."""
    vocabulary_size: int
    state_size: int
    initial_state: float
    """The one value that a fresh state is filled with."""
    context: Literal["stream", "window"]
    sequence_length: int
    """Symbols of a training window; of a `window` bundle also the symbols that a prediction depends on."""
    step: Annotated[float, Meta(ge=1 / 32, le=4)]
    """Length of a step in quarter lengths."""
    acceptable_durations: list[float]
    inputs: list[Literal["position", "bar"]] = []
    """The optional inputs that the signature takes."""
    quantization: Quantization = "none"
    corpus: dict[str, Any] = {}
    """The training corpus and its licence."""
    held_out: dict[str, Any] = {}
    """Figures on songs that the model never learned from."""
    parity: dict[str, Any] = {}
    """How far the bundle was found from the network that it was converted from."""
    key_model: dict[str, Any] = {}
    """How the optional `key.tflite` was trained, and its bits a note on validation songs."""
    memory: dict[str, Any] = {}
    """What the optional `memory.json` was learned from, and its licence."""
    versions: dict[str, str] = {}
    """The programs that wrote the bundle."""


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. The models are the content of their files, read once, so that what was checked is played."""

    path: Path
    manifest: Manifest
    vocabulary: Vocabulary
    model: bytes
    key_model: bytes = b""
    """Empty where the bundle has none."""
    memory: bytes = b""
    """The content of `memory.json`; empty where the bundle has none."""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name


def read_bundle(path: Path) -> Bundle:
    """Read and check a bundle.

    The checksums are compared before TensorFlow Lite sees the model: a corrupt flatbuffer can crash the process.

    Raises:
        UserError: a file is missing, changed since it was written, or doesn't fit the others.
    """
    manifest = _read_manifest(path)
    for name in (MODEL_FILE, MAPPING_FILE):
        if name not in manifest.sha256:
            raise UserError(f"{path / MANIFEST_FILE}: holds no checksum for {name}; convert the model again")
    content = {name: _checked_bytes(path, name, expected) for name, expected in manifest.sha256.items()}
    vocabulary = read_mapping(path / MAPPING_FILE)
    if len(vocabulary) != manifest.vocabulary_size:
        raise UserError(
            f"{path / MAPPING_FILE}: has {len(vocabulary)} symbols, but the model {manifest.vocabulary_size}; "
            "take the mapping that was written with the model"
        )
    return Bundle(
        path, manifest, vocabulary, content[MODEL_FILE], content.get(KEY_FILE, b""), content.get(MEMORY_FILE, b"")
    )


def _read_manifest(path: Path) -> Manifest:
    file = path / MANIFEST_FILE
    try:
        content = read_file(file, MANIFEST_BYTES)
    except OSError as error:
        raise UserError(f"{file}: can't be read ({error.strerror}); a bundle needs its manifest") from None
    try:
        version = msgspec.json.decode(content).get("format_version")
        if version != FORMAT_VERSION:
            raise UserError(
                f"{file}: format version {version!r}; this Antiphon reads version {FORMAT_VERSION}: "
                "update Antiphon or convert the model again"
            )
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, RecursionError) as error:
        raise UserError(f"{file}: is no manifest ({error}); convert the model again") from None


def _checked_bytes(path: Path, name: str, expected: str) -> bytes:
    if Path(name).name != name or "\0" in name:
        raise UserError(f"{path / MANIFEST_FILE}: names {name!r}, which is outside the bundle")
    try:
        content = read_file(path / name, MODEL_BYTES)
    except OSError as error:
        raise UserError(f"{path / name}: can't be read ({error.strerror}); the bundle is incomplete") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise UserError(
            f"{path / name}: differs from its checksum in {MANIFEST_FILE}; "
            "the file was changed or damaged: copy the bundle again"
        )
    return content


def write_bundle(
    path: Path, model: bytes, vocabulary: Vocabulary, manifest: Manifest, key_model: bytes = b"", memory: bytes = b""
) -> None:
    """Write a bundle whole or not at all: beside its place first, then renamed into it.

    The manifest's `format_version` and `sha256` are filled in here. Of a bundle that stood there before only these
    files are replaced; whatever else lies in its folder is carried over.
    """
    files = {MODEL_FILE: model, MAPPING_FILE: mapping_text(vocabulary).encode()}
    if key_model:
        files[KEY_FILE] = key_model
    if memory:
        files[MEMORY_FILE] = memory
    manifest = msgspec.structs.replace(
        manifest,
        format_version=FORMAT_VERSION,
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    files[MANIFEST_FILE] = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"

    def write(beside: Path) -> None:
        if path.is_dir():
            shutil.copytree(path, beside, symlinks=True, dirs_exist_ok=True)
        for name, content in files.items():
            if (beside / name).is_symlink():  # its target stays as it is
                (beside / name).unlink()
            (beside / name).write_bytes(content)

    write_folder_whole(path, write)


def bundle_names(folders: list[Path]) -> list[str]:
    """Return the names of the bundles in some folders, sorted: their order is that of MIDI's programs, from 0.

    A folder whose name can't be shown as it is (not UTF-8, or with control codes) has no number; its path names it.
    """
    names = {path.parent.name for folder in folders for path in folder.glob(f"*/{MANIFEST_FILE}")}
    return sorted(name for name in names if printable(name) == name)


def find_bundle(name: str, folders: list[Path]) -> Path:
    """Return the folder of a model: `name` is a path, or the name of a bundle in one of `folders`, in their order.

    Raises:
        UserError: there is none; the message lists the names that there are, and the line that makes others.
    """
    as_path = Path(name).expanduser()
    if (as_path / MANIFEST_FILE).is_file() or (os.sep in name and as_path.is_dir()):
        return as_path
    for folder in folders:
        if (folder / name / MANIFEST_FILE).is_file():
            return folder / name
    known = bundle_names(folders)
    there_is = f"no model {name!r}; there is: {', '.join(known) or 'none'}"
    if name in MADE:
        raise UserError(f"{there_is}. This line makes it: antiphon-trainer make {name}")
    others = "".join(f"; antiphon-trainer make {made} makes {made!r}" for made in MADE if made not in known)
    raise UserError(
        f"{there_is}. Give one of these names or a folder (names are looked up in {', '.join(map(str, folders))})"
        f"{others}"
    )
