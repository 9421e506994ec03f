"""What the commands print into pipes that don't have our letters: a Windows code page, ASCII, a bare locale."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon.midi.backends import load_backend
from tests.daemon.faults import in_terminal, watch_a_note
from tests.daemon.live import PATIENCE, daemon, environment

ODE = Path(__file__).parents[2] / "docs" / "ode-to-joy.mid"
MODEL = Path(__file__).parents[2] / "models" / "essen"
PROGRAMS = {
    "antiphon": ("run", "render", "listen", "learn", "ports", "sessions", "doctor", "bench"),
    "antiphon_trainer": ("prepare", "train", "convert", "train-key", "evaluate", "audition", "generate"),
}
ENCODINGS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    "cp437": {"PYTHONIOENCODING": "cp437", "PYTHONUTF8": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    "C": {"LC_ALL": "C", "LANG": "C"},
}
READ_AS = {"ascii": "utf-8", "C": "utf-8"}  # where a stream claims to be ASCII, Typer takes that for a mistake


def printed(encoding: str, *arguments: str, cwd: Path, program: str = "antiphon") -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=cwd,
        env=environment(cwd) | ENCODINGS[encoding],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert b"Error" not in done.stderr, done.stderr
    done.stdout.decode(READ_AS.get(encoding, encoding))  # raises where a byte is of another encoding
    return done


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_commands_help_can_be_printed(program: str, tmp_path: Path) -> None:
    for command in PROGRAMS[program]:
        done = printed("cp1252", command, "--help", cwd=tmp_path, program=program)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"Usage:" in done.stdout


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "C"])
def test_what_commands_print_can_be_printed(encoding: str, tmp_path: Path, jack_server: dict[str, str]) -> None:
    for arguments in (["sessions"], ["ports", "--api", "jack"], ["listen", str(ODE)], ["render", str(ODE), "out.mid"]):
        done = printed(encoding, *arguments, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, b""), arguments
        assert done.stdout
    learn = printed(encoding, "learn", "tap", "--seconds", "1", "--api", "jack", "--config", "own.toml", cwd=tmp_path)
    assert (learn.returncode, learn.stderr) == (0, b"")
    assert b"connect your knobs and pads" in learn.stdout
    doctor = printed(encoding, "doctor", "--api", "jack", cwd=tmp_path)
    assert doctor.returncode in (0, 1)
    mark = "✓".encode() if encoding == "C" else b"+"
    assert doctor.stdout.startswith(mark + b" Python: ")
    as_json = printed(encoding, "doctor", "--json", "--api", "jack", cwd=tmp_path).stdout
    assert json.loads(as_json.decode("ascii"))
    missing = printed(encoding, "listen", "fehlt→ラ.mid", cwd=tmp_path)
    assert missing.returncode == 2
    if encoding.startswith("cp"):
        assert b"fehlt->\\u30e9.mid" in missing.stderr


def test_ports_and_folders_may_have_any_name(tmp_path: Path, jack_server: dict[str, str]) -> None:
    home = tmp_path / "Zoë ラ →"
    home.mkdir()
    shutil.copytree(MODEL, home / "modèle")
    piano = load_backend().output("jack", "Flügel ラ")
    piano.open_virtual("→")
    try:
        ports = printed("cp1252", "ports", "--api", "jack", cwd=home)
        assert "  Flügel \\u30e9:->" in ports.stdout.decode("cp1252").splitlines()
        (home / "own.toml").write_text('[ports]\ninput = "Klavier"\n', encoding="utf-8")
        doctor = printed("cp1252", "doctor", "--api", "jack", "--config", str(home / "own.toml"), cwd=home)
        assert "'Flügel \\u30e9:->'" in doctor.stdout.decode("cp1252")
    finally:
        piano.close()
    heard = printed("cp1252", "listen", str(ODE), "--model", str(home / "modèle"), cwd=home)
    assert (heard.returncode, heard.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_set_is_played_into_such_a_pipe(
    encoding: str, tmp_path: Path, jack_server: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENCODINGS[encoding].items():
        monkeypatch.setenv(name, value)
    with daemon("--name", "Code", cwd=tmp_path) as running:
        running.stop()
    assert any("Code in   <- connect your keyboard" in line for line in running.said), running.said
    assert running.errors() == ""


def test_the_terminals_line_can_be_drawn_in_a_code_page(
    jack_server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in ENCODINGS["cp437"].items():  # which has no – for "nothing played yet"
        monkeypatch.setenv(name, value)
    with in_terminal("--name", "Page", cwd=tmp_path) as (process, master):
        watch_a_note(process, master, "Page")
        assert process.wait(PATIENCE) == 0
    assert (tmp_path / "errors").read_bytes() == b""
