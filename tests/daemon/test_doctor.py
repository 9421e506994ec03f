import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

import antiphon
from antiphon.cli import app
from antiphon.melody.model import LiteModel
from antiphon.midi import libjack
from tests.conftest import running_jack
from tests.daemon.full_disk import full_disk
from tests.daemon.live import punctual

ESSEN = Path(antiphon.__file__).parents[2] / "models" / "essen"


def doctor(*options: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", "doctor", "--api", "jack", *options],
        cwd=cwd,
        env=dict(os.environ) | {"XDG_DATA_HOME": str(cwd / "data")} | environment,
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        check=False,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in json.loads(done.stdout)}


def test_a_machine_that_can_play_is_told_so(jack_server: dict[str, str], tmp_path: Path) -> None:
    done = doctor("--json", cwd=tmp_path)
    assert done.returncode == 0
    found = findings(done)
    for what in ("Python", "model", "speed", "MIDI system", "MIDI loop", "recording"):
        assert found[what]["state"] != "must be fixed", what
    assert "Nothing would stop a set." in doctor(cwd=tmp_path).stdout


def test_fifty_notes_go_through_the_midi_system(jack_server: dict[str, str], tmp_path: Path) -> None:
    loop = findings(doctor("--json", cwd=tmp_path))["MIDI loop"]
    said = re.match(r"(\d+) of 50 notes came back, ([\d.]+) ms later \(p50\), ([\d.]+) ms at most", loop["says"])
    assert said, loop
    came, typical, most = map(float, said.groups())
    assert came == 50
    # Two periods of 64 frames are 2.7 ms; how late a busy machine is beyond that is its own matter.
    assert 0 < typical < 60 and typical <= most


def test_a_period_that_is_felt_is_named_as_the_cause(tmp_path: Path) -> None:
    with running_jack(period=1024):
        found = findings(doctor("--json", cwd=tmp_path))["MIDI loop"]
    assert found["state"] == "could be better", found
    assert "21 ms" in found["fix"] and "-p 64" in found["fix"]


def test_a_server_that_was_stopped_is_seen_in_time(tmp_path: Path) -> None:
    with running_jack(), stopped(jackd()):
        start = time.monotonic()
        done = doctor("--json", cwd=tmp_path)
        seconds = time.monotonic() - start
    assert done.returncode == 1
    found = findings(done)
    assert "MIDI loop" not in found
    assert "hangs" in found["MIDI system"]["says"]
    assert re.search(r"kill -CONT \d+", found["MIDI system"]["fix"])
    assert seconds < 25  # mostly a busy machine's, which starts Python twice


def test_a_server_that_stands_still_while_notes_are_sent_is_seen_by_its_frames(tmp_path: Path) -> None:
    environment = dict(os.environ) | {"XDG_DATA_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "antiphon", "doctor", "--api", "jack", "--json"]
    with running_jack() as server, punctual():
        started = subprocess.Popen(command, cwd=tmp_path, env=environment | server, stdout=subprocess.PIPE, text=True)
        wait_until_connected("Antiphon doctor", started)
        with stopped(jackd()):  # there are 0.3 s until the first note
            said, _ = started.communicate(timeout=60)
    found = {finding["what"]: finding for finding in json.loads(said)}["MIDI loop"]
    assert found["state"] == "must be fixed"
    assert "jackd hangs: it plays no audio frames" in found["says"]


def wait_until_connected(name: str, program: subprocess.Popen[str]) -> None:
    """Wait until a port to listen to, of a client so called, is connected; the program that makes it must still run."""
    lib = libjack.load()
    assert lib is not None
    lib.jack_get_ports.restype = ctypes.POINTER(ctypes.c_char_p)
    lib.jack_get_ports.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong]
    lib.jack_port_by_name.restype = ctypes.c_void_p
    lib.jack_port_by_name.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    lib.jack_port_connected.argtypes = [ctypes.c_void_p]
    client = lib.jack_client_open(b"Test looks", libjack.NO_START_SERVER, None)
    is_input = 1
    while not (
        (ports := lib.jack_get_ports(client, name.encode(), None, is_input))
        and ports[0]
        and lib.jack_port_connected(lib.jack_port_by_name(client, ports[0]))
    ):
        assert program.poll() is None, program.communicate()
        time.sleep(0.005)
    lib.jack_client_close(client)


def jackd() -> psutil.Process:
    """Return the server that `running_jack` has started."""
    return next(each for each in psutil.Process().children(recursive=True) if each.name() == "jackd")


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_what_it_says_goes_through_a_pipe_of_an_old_windows(jack_server: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[ports]\ninput = "Steinway"\n')
    done = doctor(cwd=tmp_path, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert done.returncode == 1, done.stderr
    assert "x port: no input port has 'Steinway'" in done.stdout
    assert "    -> plug it in" in done.stdout


DEV = """
set -e
mkdir "$1"
mount -t tmpfs dev "$1"
mkdir "$1/shm" "$1/snd"
mount --bind /dev/shm "$1/shm"
for node in null zero full random urandom; do : >"$1/$node"; mount --bind "/dev/$node" "$1/$node"; done
: >"$1/snd/seq"
chown nobody:audio "$1/snd/seq"
chmod 660 "$1/snd/seq"
mount --rbind "$1" /dev
shift
exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"
"""
"""A /dev of this process's own, whose sequencer is there, but not for a user that isn't in the group audio."""


def test_a_user_outside_the_group_is_told_to_join_it(tmp_path: Path) -> None:
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("needs root, to mount another /dev")
    place = ["unshare", "--mount", "sh", "-c", DEV, "sh", str(tmp_path / "dev")]
    if subprocess.run([*place, "true"], check=False).returncode:
        pytest.skip("needs the right to mount another /dev")
    (tmp_path / "dev").rmdir()
    environment = dict(os.environ) | {"XDG_DATA_HOME": str(tmp_path / "data"), "JACK_DEFAULT_SERVER": "antiphon-nobody"}
    command = [*place, sys.executable, "-m", "antiphon", "doctor", "--json"]
    for more in ([], ["--api", "alsa"]):
        done = subprocess.run([*command, *more], env=environment, capture_output=True, text=True, check=False)
        shutil.rmtree(tmp_path / "dev")
        found = findings(done)["MIDI system"]
        assert found["state"] == "must be fixed"
        assert "usermod -aG audio root" in found["fix"]
        assert "modprobe" not in done.stdout and "sudo" not in done.stdout


def test_a_full_disk_is_said(jack_server: dict[str, str], tmp_path: Path) -> None:
    with full_disk(tmp_path) as (folder, ballast):
        with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        done = doctor("--json", cwd=tmp_path, XDG_DATA_HOME=str(folder))
    assert done.returncode == 0
    assert "No space left" in findings(done)["recording"]["says"]


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


def test_a_model_that_is_too_slow_must_be_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = LiteModel.step

    def slow(*arguments: Any) -> Any:
        time.sleep(0.018)
        return step(*arguments)

    monkeypatch.setattr(LiteModel, "step", slow)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    done = CliRunner().invoke(app, ["doctor", "--json", "--api", "jack"])
    assert done.exit_code == 1
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}["speed"]
    assert found["state"] == "must be fixed"
    milliseconds = re.search(r"a step of the model takes ([\d.]+) ms", found["says"])
    assert milliseconds and 18 <= float(milliseconds[1]) < 60
    assert "--model essen" in found["fix"]


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
