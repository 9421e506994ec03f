"""From a score to a duet: what prepare, train and convert made is played by the daemon."""

import json
import subprocess
import sys
from pathlib import Path

import mido
import pytest

from tests.daemon.midi_files import save_tune
from tests.daemon.tunes import ODE_IN_E_FLAT

from .conftest import Workplace


@pytest.mark.parametrize("place", ["finished", "reminded"])
def test_a_score_becomes_a_partner(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    made: Workplace = request.getfixturevalue(place)
    tune = save_tune(tmp_path / "tune.mid", ODE_IN_E_FLAT)
    done = subprocess.run(
        [sys.executable, "-m", "antiphon", "render", tune, tmp_path / "duet.mid", "--model", "small", "--seed", "1"],
        cwd=made.path,  # where ./models holds it
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answer = mido.MidiFile(tmp_path / "duet.mid").tracks[2]
    assert answer.name == "Antiphon"
    pitches = [message.note for message in answer if message.type == "note_on"]
    assert len(pitches) == len(ODE_IN_E_FLAT)
    assert len({message.note for message in answer if message.type == "note_off"} ^ set(pitches)) == 0
    symbols = json.loads((made.path / "models/small/mapping.json").read_text())
    heard = subprocess.run(
        [sys.executable, "-m", "antiphon", "listen", tune, "--json", "--model", "small"],
        cwd=made.path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {json.loads(line)["symbol"] for line in heard.stdout.splitlines()} <= set(symbols)
