"""Bundles whose checksums hold and whose graphs are others, damaged or hostile: refused before a note is played."""

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon import trial
from antiphon.errors import UserError
from antiphon.melody import key_model
from antiphon.melody.bundle import KEY_FILE, MANIFEST_FILE, MAPPING_FILE, MODEL_FILE, read_bundle
from antiphon.settings import package_folder
from antiphon.trial import try_bundle
from tests.daemon import graphs
from tests.daemon.graphs import other
from tests.daemon.live import run_antiphon
from tests.daemon.midi_files import save_tune
from tests.daemon.tunes import ODE_TO_JOY
from tests.soak.graphs import soak

ESSEN = package_folder() / "models" / "essen"
MANIFEST: dict[str, Any] = json.loads((ESSEN / MANIFEST_FILE).read_text())
MAPPING: dict[str, int] = json.loads((ESSEN / MAPPING_FILE).read_text())


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


HOSTILE = {
    "crash": (graphs.crashing, "TensorFlow Lite crashes on the model"),
    "NaN": (graphs.with_weights(math.nan), "predicts numbers that are not finite"),
    "infinity": (graphs.with_weights(math.inf), "predicts numbers that are not finite"),
}
"""How a graph is changed, and why it is refused."""


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("command", [("run", "--no-stage"), ("render", "tune.mid", "duet.mid"), ("doctor",)])
def test_a_hostile_graph_is_refused_in_a_line(name: str, command: tuple[str, ...], tmp_path: Path) -> None:
    change, reason = HOSTILE[name]
    bundle = other(tmp_path, {MODEL_FILE: graphs.changed((ESSEN / MODEL_FILE).read_bytes(), change)})
    save_tune(tmp_path / "tune.mid", ODE_TO_JOY)
    done = run_antiphon(*command, "--model", bundle, cwd=tmp_path)
    said = done.stdout if command[0] == "doctor" else done.stderr
    assert done.returncode == (1 if command[0] == "doctor" else 2), done
    (line,) = [line for line in said.splitlines() if str(bundle) in line]
    assert reason in line
    assert "take another model" in line


def test_a_network_of_zeros_plays_for_its_predictions_are_probabilities(tmp_path: Path) -> None:
    bundle = other(tmp_path, {MODEL_FILE: graphs.changed((ESSEN / MODEL_FILE).read_bytes(), graphs.with_weights(0.0))})
    save_tune(tmp_path / "tune.mid", ODE_TO_JOY)
    assert run_antiphon("render", "tune.mid", "duet.mid", "--model", bundle, cwd=tmp_path).returncode == 0


def test_what_has_passed_its_trial_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    bundle = read_bundle(ESSEN)
    try_bundle(bundle, (1,))
    (passed,) = tmp_path.rglob("trials/*")
    started: list[Any] = []
    monkeypatch.setattr(subprocess, "run", lambda *given, **_options: started.append(given))
    try_bundle(bundle, (1,))
    assert not started
    with pytest.raises(AttributeError):  # it is tried: what stands for subprocess.run gives None
        try_bundle(bundle, (2,))
    assert len(started) == 1
    assert passed.stat().st_size == 0


def test_a_trial_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(trial, "LIMIT_SECONDS", 0.001)
    with pytest.raises(UserError, match="doesn't end within"):
        try_bundle(read_bundle(ESSEN), (1,))


@given(st.integers(0, 1 << 30))
@settings(max_examples=25, deadline=None)
def test_a_mutated_graph_that_passes_its_trial_crashes_nobody(seed: int) -> None:
    _, plays = soak(1, seed)
    assert not set(plays) - {"passed"}


def test_a_key_model_of_other_shapes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_model, "TRANSPOSITIONS", key_model.TRANSPOSITIONS + 1)
    with pytest.raises(UserError, match=r"degrees has shape \(12,\), and not \(13,\); run train-key again"):
        key_model.LiteKeyModel(read_bundle(ESSEN))
