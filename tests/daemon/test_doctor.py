import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import antiphon

ESSEN = Path(antiphon.__file__).parents[2] / "models" / "essen"


def doctor(*options: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", "doctor", "--api", "jack", *options],
        cwd=cwd,
        env=dict(os.environ) | {"XDG_DATA_HOME": str(cwd / "data")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in json.loads(done.stdout)}


def test_a_machine_that_can_play_is_told_so(jack_server: dict[str, str], tmp_path: Path) -> None:
    done = doctor("--json", cwd=tmp_path)
    assert done.returncode == 0
    found = findings(done)
    for what in ("Python", "model", "speed", "MIDI system", "recording"):
        assert found[what]["state"] != "must be fixed", what
    assert "Nothing would stop a set." in doctor(cwd=tmp_path).stdout


def test_without_a_midi_system_it_says_how_to_get_one(tmp_path: Path) -> None:
    done = doctor("--json", cwd=tmp_path, JACK_DEFAULT_SERVER="antiphon-nobody", JACK_NO_START_SERVER="1")
    assert done.returncode == 1
    found = findings(done)["MIDI system"]
    assert found["state"] == "must be fixed"
    assert found["fix"]


def test_a_damaged_model_is_found(jack_server: dict[str, str], tmp_path: Path) -> None:
    copy = shutil.copytree(ESSEN, tmp_path / "models" / "mine")
    content = bytearray((copy / "model.tflite").read_bytes())
    content[1000] ^= 1
    (copy / "model.tflite").write_bytes(content)
    done = doctor("--model", "mine", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert findings(done)["model"]["state"] == "must be fixed"


def test_ports_that_are_missing_are_named(jack_server: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[ports]\ninput = "Steinway"\n')
    done = doctor("--json", cwd=tmp_path)
    assert done.returncode == 1
    assert "Steinway" in findings(done)["port"]["says"]


def test_a_recording_that_cannot_be_written_is_said(jack_server: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, and no folder")
    (tmp_path / "config.toml").write_text('[sessions]\nfolder = "taken"\n')
    done = doctor("--json", cwd=tmp_path)
    assert done.returncode == 0
    found = findings(done)["recording"]
    assert found["state"] == "could be better" and "--no-record" in found["fix"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such permissions")
def test_the_folder_that_it_makes_for_recordings_is_the_performers_own(tmp_path: Path) -> None:
    assert findings(doctor("--json", cwd=tmp_path))["recording"]["state"] == "good"
    assert stat.S_IMODE((tmp_path / "data" / "antiphon" / "sessions").stat().st_mode) == 0o700
