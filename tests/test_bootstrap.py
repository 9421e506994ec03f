"""The set-up: which Python it takes, when it works again, and what it says when it can't go on."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import bootstrap
from bootstrap import SetUpError


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, bootstrap.__file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def make_program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, with locks and an environment in which nothing is installed."""
    for file in ("pyproject.toml", *bootstrap.LOCKS.values()):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(f"{file}\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    for name in ("VENV", "SCRIPTS", "STAMP", "PIP_LOG"):
        place = tmp_path / Path(getattr(bootstrap, name)).relative_to(Path(bootstrap.__file__).parent)
        monkeypatch.setattr(bootstrap, name, place)
    bootstrap.SCRIPTS.mkdir(parents=True)
    python = make_program(bootstrap.SCRIPTS, "python", 'echo "$*" >> "$(dirname "$0")/calls"')
    monkeypatch.setattr(bootstrap, "PYTHON", str(python))
    return tmp_path


def pip_calls() -> list[str]:
    calls = bootstrap.SCRIPTS / "calls"
    text = calls.read_text() if calls.exists() else ""
    calls.unlink(missing_ok=True)
    return [line for line in text.splitlines() if "pip install" in line]


@pytest.mark.parametrize("arguments", [(), ("play",), ("--verbose", "run")])
def test_bad_usage_is_told_in_one_line(arguments: tuple[str, ...]) -> None:
    done = start(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "run or test" in done.stderr


def test_help_explains_both_commands() -> None:
    done = start("--help")
    assert done.returncode == 0
    assert "bootstrap.py run" in done.stdout
    assert "bootstrap.py test" in done.stdout


posix_only = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in programs are shell scripts")


@posix_only
def test_playing_installs_the_lock_and_then_the_checkout_itself(checkout: Path) -> None:
    bootstrap.set_up("run")
    lock, project = pip_calls()
    assert "--require-hashes" in lock
    assert lock.endswith("requirements/play.txt")
    assert project.endswith(f"--no-deps --no-build-isolation --editable {checkout}")


@posix_only
@pytest.mark.parametrize(
    ("done_before", "command", "installs"),
    [("run", "run", False), ("test", "test", False), ("test", "run", False), ("run", "test", True)],
)
def test_a_set_up_is_done_once_and_testing_serves_playing(
    checkout: Path, done_before: str, command: str, installs: bool
) -> None:
    bootstrap.set_up(done_before)
    pip_calls()
    bootstrap.set_up(command)
    assert bool(pip_calls()) == installs


@posix_only
@pytest.mark.parametrize("file", ["pyproject.toml", "requirements/play.txt"])
def test_a_changed_lock_is_installed(checkout: Path, file: str) -> None:
    bootstrap.set_up("run")
    pip_calls()
    (checkout / file).write_text("changed\n")
    bootstrap.set_up("run")
    assert pip_calls()


@posix_only
def test_a_failed_installation_is_told_in_a_line_and_tried_again(checkout: Path) -> None:
    bootstrap.set_up("run")
    make_program(bootstrap.SCRIPTS, "python", 'case "$*" in *install*) echo "ERROR: no room"; exit 1;; esac')
    with pytest.raises(SetUpError, match=r"requirements/develop.txt: ERROR: no room .*pip\.log") as failure:
        bootstrap.set_up("test")
    assert "\n" not in str(failure.value)
    assert not bootstrap.is_current("run")  # half of an installation is none


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("ERROR: early\nERROR: the cause\nnotice: a new pip\n", "ERROR: the cause"),
        ("Reading lists\nE: Unable to locate package jackd2\n", "E: Unable to locate package jackd2"),
        ("killed\n\n", "killed"),
        ("", "it gave no reason"),
    ],
)
def test_of_a_failure_the_line_that_says_most_is_told(output: str, line: str) -> None:
    assert bootstrap.reason(output) == line


@posix_only
def test_dead_stubs_and_wrong_versions_are_no_pythons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_program(tmp_path / "stubs", "python3.12", "echo 'command not found'; exit 127")
    make_program(tmp_path / "old", "python3.12", "exit 1")  # says that it is another version
    good = make_program(tmp_path / "good", "python3.12", "exit 0")
    second = make_program(tmp_path / "good", "python3.11", "exit 0")
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in ("stubs", "", "old", "good")))
    assert list(bootstrap.find_pythons(((3, 12), (3, 11)))) == [str(good), str(second)]


def a_python(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], others: list[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    monkeypatch.setattr(bootstrap, "find_pythons", lambda _: iter(others))


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
@pytest.mark.parametrize("command", ["run", "test"])
def test_this_python_is_taken_where_everything_is_ready_made(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], command: str
) -> None:
    a_python(monkeypatch, version, ["/usr/bin/python3.11"])
    assert bootstrap.python_for(command) == sys.executable


@pytest.mark.parametrize(
    ("version", "command", "why"),
    [((3, 9), "run", "is too old"), ((3, 15), "run", "LiteRT"), ((3, 14), "test", "TensorFlow")],
)
def test_a_better_python_is_taken_and_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    version: tuple[int, int],
    command: str,
    why: str,
) -> None:
    a_python(monkeypatch, version, ["/usr/bin/python3.12", "/usr/bin/python3.11"])
    assert bootstrap.python_for(command) == "/usr/bin/python3.12"
    (said,) = capsys.readouterr().err.splitlines()
    assert "/usr/bin/python3.12" in said
    assert why in said


@pytest.mark.parametrize(("system", "line"), [("linux", "python3.13"), ("win32", "py -3.13")])
@pytest.mark.parametrize(("version", "why"), [((3, 10), "is too old"), ((3, 15), "is too new")])
def test_a_python_that_is_too_old_or_too_new_is_refused(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], why: str, system: str, line: str
) -> None:
    a_python(monkeypatch, version, [])
    monkeypatch.setattr(sys, "platform", system)
    wanted = rf"{bootstrap.dotted(version)} {why}.*; install Python 3\.13, then: {line} bootstrap.py test"
    with pytest.raises(SetUpError, match=wanted):
        bootstrap.python_for("test")


def test_a_python_that_can_only_play_tests_without_the_trainer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_python(monkeypatch, (3, 14), [])
    assert bootstrap.python_for("run") == sys.executable
    assert capsys.readouterr().err == ""
    assert bootstrap.python_for("test") == sys.executable
    assert "TensorFlow, which trains networks, has no wheels for Python 3.14" in capsys.readouterr().err


def test_on_windows_other_pythons_are_found_through_its_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt(*command: str, **_: object) -> tuple[bool, str]:
        assert command[0] == "py"
        return command[1] == "-3.12", "C:\\Python312\\python.exe\r\n" if command[1] == "-3.12" else "No runtime"

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(bootstrap, "attempt", attempt)
    assert list(bootstrap.find_pythons(((3, 13), (3, 12)))) == ["C:\\Python312\\python.exe"]


@pytest.mark.parametrize(
    ("built_for", "processor", "libc", "fits"),
    [
        ("linux-x86_64", "x86_64", "glibc", True),
        ("linux-aarch64", "aarch64", "glibc", True),
        ("linux-x86_64", "x86_64", "", False),  # Alpine
        ("linux-armv7l", "armv7l", "glibc", False),
        ("macosx-11.0-arm64", "arm64", "", True),
        ("macosx-10.9-universal2", "arm64", "", True),
        ("macosx-10.9-universal2", "x86_64", "", False),  # an Intel Mac
        ("macosx-10.9-x86_64", "x86_64", "", False),
        ("win-amd64", "ARM64", "", True),  # Windows on ARM runs what is built for x64
        ("win-arm64", "ARM64", "", False),
        ("win32", "AMD64", "", False),
    ],
)
def test_where_litert_has_no_wheels_it_is_said_before_anything_is_installed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, built_for: str, processor: str, libc: str, fits: bool
) -> None:
    monkeypatch.setattr(sysconfig, "get_platform", lambda: built_for)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    made: list[str] = []
    monkeypatch.setattr(bootstrap, "make_venv", lambda python, command: made.append(python))
    monkeypatch.setattr(bootstrap, "attempt", lambda *command, **_: (bool(made), ""))
    if fits:
        bootstrap.set_up("run")
        return
    with pytest.raises(SetUpError, match=r"LiteRT.*Apple silicon.*Windows on x64 only") as failure:
        bootstrap.set_up("run")
    assert "\n" not in str(failure.value)
    assert not made


@posix_only
def test_what_debian_lacks_is_said_at_once(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without `ensurepip`, without JACK, and where apt can't fetch pip either: one line, which names all packages."""
    python = make_program(tmp_path / "bin", "python3.13", "exit 1")
    make_program(tmp_path / "bin", "apt-get", "echo 'E: no network'; exit 100")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(bootstrap, "can_apt", lambda: False)
    monkeypatch.setattr(bootstrap, "missing_for_midi", lambda command: ["jackd2"])
    with pytest.raises(SetUpError, match=r"run: sudo apt-get install -y python3\.13-venv jackd2 ") as failure:
        bootstrap.make_venv(str(python), "run")
    assert "\n" not in str(failure.value)
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="JACK is started on Linux only")
def test_testing_without_jackd_goes_on_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(bootstrap, "attempt", lambda *command, **_: (command[0] == "apt-cache", ""))
    monkeypatch.delenv("ANTIPHON_WITHOUT_JACK", raising=False)
    bootstrap.prepare_tests()
    assert "sudo apt-get install -y jackd2 jack-example-tools" in capsys.readouterr().err
    monkeypatch.setenv("ANTIPHON_WITHOUT_JACK", "1")
    bootstrap.prepare_tests()
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="JACK is started on Linux only")
@pytest.mark.parametrize("fails", ["apt-get", "jackd"])
def test_where_there_can_be_no_midi_antiphon_starts_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fails: str
) -> None:
    if any(Path("/dev/snd").glob("*")):
        pytest.skip("this machine has sound hardware, and needs no JACK server")
    make_program(tmp_path / "bin", fails, "echo 'E: no network'; exit 1")
    which = shutil.which
    there = str(tmp_path / "bin" / "jackd") if fails == "jackd" else None
    monkeypatch.setattr(shutil, "which", lambda name, **how: there if name == "jackd" else which(name, **how))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(bootstrap, "can_apt", lambda: True)
    monkeypatch.setattr(bootstrap, "set_up", lambda command: None)
    monkeypatch.setattr(bootstrap, "jack_answers", lambda *_, **__: False)
    started: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "become", lambda program: started.append(program) or 0)
    assert bootstrap.main(["run", "--bpm", "90"]) == 0
    assert started[0][1:] == ["run", "--bpm", "90"]
    said = capsys.readouterr().err
    assert "going on without MIDI" in said
    assert "Traceback" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="PipeWire is a server on Linux")
@pytest.mark.parametrize("has_libjack", [True, False])
def test_where_pipewire_runs_no_other_server_is_installed_or_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], has_libjack: bool
) -> None:
    if Path("/dev/snd/seq").exists():
        pytest.skip("this machine has ALSA's sequencer, which is taken")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("PIPEWIRE_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("PIPEWIRE_REMOTE", raising=False)
    if has_libjack:
        make_program(tmp_path / "bin", "pw-jack", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(bootstrap, "jack_answers", lambda *_, **__: False)
    monkeypatch.setattr(bootstrap, "can_apt", lambda: False)
    monkeypatch.setattr(bootstrap, "start_jackd", lambda: pytest.fail("a JACK server beside PipeWire"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "pipewire-0"))
        server.listen()
        bootstrap.prepare_midi()
    said = capsys.readouterr().err
    assert "jackd2" not in said
    assert ("sudo apt-get install -y pipewire-jack" in said) != has_libjack
