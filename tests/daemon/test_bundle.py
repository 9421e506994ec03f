import json
from pathlib import Path
from typing import Any

import pytest

from antiphon.errors import UserError
from antiphon.melody.bundle import Manifest, find_bundle, read_bundle, write_bundle
from tests.daemon.stub_model import VOCABULARY

MANIFEST = Manifest(
    format_version=0,
    sha256={},
    vocabulary_size=len(VOCABULARY),
    state_size=1,
    initial_state=0.0,
    context="stream",
    sequence_length=64,
    step=0.25,
    acceptable_durations=[1.0],
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "mine", b"a model", VOCABULARY, MANIFEST)
    return tmp_path / "mine"


def change_manifest(bundle: Path, **changes: Any) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps(manifest | changes))


def test_a_bundle_goes_through_its_folder(bundle: Path) -> None:
    read = read_bundle(bundle)
    assert (read.name, read.model, read.vocabulary) == ("mine", b"a model", VOCABULARY)
    assert read.manifest.format_version == 1
    assert sorted(p.name for p in bundle.iterdir()) == ["manifest.json", "mapping.json", "model.tflite"]


def test_writing_again_keeps_what_else_lies_there_and_leaves_nothing_beside(bundle: Path) -> None:
    (bundle / "model.keras").write_text("the source")
    write_bundle(bundle, b"a better model", VOCABULARY, MANIFEST)
    assert read_bundle(bundle).model == b"a better model"
    assert (bundle / "model.keras").read_text() == "the source"
    assert [p.name for p in bundle.parent.iterdir()] == ["mine"]


def test_what_fails_halfway_leaves_the_old_bundle(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_bundle(bundle, b"a better model", VOCABULARY, MANIFEST)
    assert read_bundle(bundle).model == b"a model"
    assert [p.name for p in bundle.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["model.tflite", "mapping.json"])
def test_a_flipped_bit_is_refused(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[3] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name}: differs from its checksum"):
        read_bundle(bundle)


@pytest.mark.parametrize("name", ["model.tflite", "mapping.json", "manifest.json"])
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(UserError, match=f"{name}: can't be read"):
        read_bundle(bundle)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format_version": 2}, "format version 2"),
        ({"vocabulary_size": 12}, "has 40 symbols, but the model 12"),
        ({"sha256": {}}, "no checksum for model.tflite"),
        ({"state_size": "many"}, "state_size"),
        ({"context": "both"}, "context"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(bundle: Path, changes: dict[str, Any], complaint: str) -> None:
    change_manifest(bundle, **changes)
    with pytest.raises(UserError, match=complaint):
        read_bundle(bundle)


def test_a_manifest_cannot_lead_outside_its_folder(bundle: Path) -> None:
    sums = json.loads((bundle / "manifest.json").read_text())["sha256"]
    change_manifest(bundle, sha256=sums | {"../../etc/passwd": "0" * 64})
    with pytest.raises(UserError, match="outside the bundle"):
        read_bundle(bundle)


@pytest.mark.parametrize("content", ["", "[]", "{", "null", "\x00"])
def test_a_manifest_that_is_none_is_refused(bundle: Path, content: str) -> None:
    (bundle / "manifest.json").write_text(content)
    with pytest.raises(UserError, match="manifest"):
        read_bundle(bundle)


def test_a_bundle_is_found_by_path_and_by_name(bundle: Path, tmp_path: Path) -> None:
    assert find_bundle(str(bundle), []) == bundle
    assert find_bundle("mine", [tmp_path / "nowhere", tmp_path]) == bundle
    with pytest.raises(UserError, match="there is: mine"):
        find_bundle("yours", [tmp_path])
