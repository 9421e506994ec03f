"""Bundles whose checksums hold and whose graphs are others: refused with the reason, before a note is played."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from antiphon.errors import UserError
from antiphon.melody import key_model
from antiphon.melody.bundle import KEY_FILE, MANIFEST_FILE, MAPPING_FILE, MODEL_FILE, read_bundle
from antiphon.settings import package_folder
from tests.daemon.live import run_antiphon
from tests.daemon.midi_files import save_tune
from tests.daemon.tunes import ODE_TO_JOY

ESSEN = package_folder() / "models" / "essen"
MANIFEST: dict[str, Any] = json.loads((ESSEN / MANIFEST_FILE).read_text())
MAPPING: dict[str, int] = json.loads((ESSEN / MAPPING_FILE).read_text())


def other(folder: Path, files: dict[str, bytes], **changes: Any) -> Path:
    """Make a copy of the shipped bundle in which some files are others; the checksums are theirs."""
    bundle = shutil.copytree(ESSEN, folder / "other")
    for name, content in files.items():
        (bundle / name).write_bytes(content)
    sums = {name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() for name in MANIFEST["sha256"]}
    (bundle / MANIFEST_FILE).write_text(json.dumps(MANIFEST | changes | {"sha256": sums}))
    return bundle


@pytest.mark.parametrize(
    ("files", "changes", "reason"),
    [
        ({}, {"state_size": MANIFEST["state_size"] + 1}, "the state that it takes has shape"),
        (
            {MAPPING_FILE: json.dumps(MAPPING | {"127": len(MAPPING)}).encode()},
            {"vocabulary_size": len(MAPPING) + 1},
            "probabilities has shape",
        ),
        ({}, {"inputs": []}, "takes ['bar', 'position', 'state', 'token']"),
        ({MODEL_FILE: (ESSEN / KEY_FILE).read_bytes()}, {}, "has no signature 'step'"),
        ({KEY_FILE: (ESSEN / MODEL_FILE).read_bytes()}, {}, "key.tflite has no signature 'hear'"),
    ],
    ids=["state", "vocabulary", "inputs", "signature", "key model"],
)
def test_a_graph_of_other_shapes_is_refused_with_the_reason(
    files: dict[str, bytes], changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    bundle = other(tmp_path, files, **changes)
    read_bundle(bundle)  # its checksums hold
    save_tune(tmp_path / "tune.mid", ODE_TO_JOY)
    done = run_antiphon("render", "tune.mid", "duet.mid", "--model", bundle, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert reason in line
    assert "convert" in line or "train-key" in line or "manifest says" in line
    assert not (tmp_path / "duet.mid").exists()


def test_a_key_model_of_other_shapes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_model, "TRANSPOSITIONS", key_model.TRANSPOSITIONS + 1)
    with pytest.raises(UserError, match=r"degrees has shape \(12,\), and not \(13,\); run train-key again"):
        key_model.LiteKeyModel(read_bundle(ESSEN))
