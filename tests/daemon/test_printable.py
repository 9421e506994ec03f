"""Names from outside, shown: ports, models, sessions, files. Nothing in them steers a terminal or forges a line."""

from __future__ import annotations

import ast
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import settings as fuzz
from hypothesis import strategies as st

from antiphon.melody.bundle import MANIFEST_FILE, bundle_names
from antiphon.recording.sessions import list_sessions
from antiphon.settings import package_folder
from antiphon.stage.server import PAGE, _listed
from tests.daemon import jack_names
from tests.daemon.live import PATIENCE, environment, run_antiphon
from tests.daemon.midi_files import save_tune
from tests.daemon.pages import page, staged
from tests.daemon.test_sessions import configured, record
from tests.daemon.tunes import ODE_TO_JOY

ESSEN = package_folder() / "models" / "essen"
EVIL = "ev\x1b[31mil\n\x9b2J\u202eforged"
SHOWN = r"ev\x1b[31mil\n\x9b2J\u202eforged"
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")


def is_plain(text: str) -> bool:
    """Return whether lines hold nothing that steers a terminal."""
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", text)


# The doors


PIPES = {"antiphon/setup/doctor/sender.py", "antiphon/bench/echo.py", "antiphon_trainer/audition/durations.py"}
"""Modules whose standard output is a pipe to their parent process, or a piece of source code."""
BARS = {"antiphon/live/terminal.py": "given", "antiphon_trainer/network/command.py": "line"}
"""Who prints above a line that rich redraws, and what: the reporter's words, and figures."""


def printing(source: str) -> Iterator[str]:
    """Yield what a module calls that prints."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            streams = ("print", "sys.stdout.write", "sys.stderr.write")
            if called in streams or f".{called}".endswith((".echo", ".secho")):
                yield called
            elif called.endswith("console.print"):
                yield f"{called}({ast.unparse(node.args[0])})"


def test_all_that_is_printed_goes_through_one_door() -> None:
    found = {}
    roots = [Path(__file__).parents[2] / side for side in ("daemon", "trainer")]
    for root in roots:
        for path in root.rglob("*.py"):
            if prints := list(printing(path.read_text(encoding="utf-8"))):
                found[path.relative_to(root).as_posix()] = prints
    assert found.pop("antiphon/streams.py") == ["print", "print"]
    for name, what in BARS.items():
        assert re.fullmatch(rf"[\w.]*console\.print\({what}\)", " ".join(found.pop(name)))
    assert set(found) <= PIPES, found


def test_the_page_sets_texts_and_no_markup() -> None:
    scripts = {path.name: path.read_text(encoding="utf-8") for path in PAGE.rglob("*.js")}
    assert scripts
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|eval\("
    assert {name: found for name, text in scripts.items() if (found := re.findall(ways, text))} == {}


# Ports


@contextmanager
def evil_ports() -> Iterator[None]:
    """Let a JACK client have ports whose names hold control codes."""
    command = [sys.executable, "-m", jack_names.__name__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
        process.stdin.close()
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()


def test_names_of_ports_are_listed_on_a_line_each(jack_server: dict[str, str], tmp_path: Path) -> None:
    with evil_ports():
        done = run_antiphon("ports", "--api", "jack", cwd=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert "Antiphon" not in done.stdout  # another program's are marked as nobody's
    assert is_plain(done.stdout)
    assert r"  ev\x1b[31mil:keys\n\x1b[2J\x9b1mforged" in lines


def test_a_port_that_is_not_there_is_refused_in_a_line(jack_server: dict[str, str], tmp_path: Path) -> None:
    with evil_ports():
        done = run_antiphon("run", "--api", "jack", "--no-stage", "--input", "no\x1bsuch\nport", cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert is_plain(line)
    assert "forged" in line


def test_a_session_and_its_page_show_them_so_and_play(jack_server: dict[str, str], tmp_path: Path) -> None:
    model = shutil.copytree(ESSEN, tmp_path / "models" / EVIL)
    shutil.copytree(ESSEN, tmp_path / "models" / "plain")
    ports = ("--input", "forged", "--output", "synth", "--model", str(model))
    with evil_ports(), staged("--name", "Names", *ports, cwd=tmp_path) as (running, url), page(url) as one:
        state = one.wait_for("state")
        assert state["midi"]["input"] == r"ev\x1b[31mil:keys\n\x1b[2J\x9b1mforged"
        assert state["model"] == SHOWN
        assert state["models"] == ["essen", SHOWN, "plain"]
        assert is_plain(json.dumps(one.came, ensure_ascii=False))
        one.play(0x90, 60, 80)
        one.wait_for_answer()
        one.set("model", "\x1bother\n")
        assert is_plain(one.wait_for("refused")["text"])
        one.set("model", "plain")
        one.wait_for_state(model="plain")
        running.stop()
    assert all(is_plain(line) for line in running.said)
    assert sum("listens to" in line for line in running.said) == 1


def test_learn_says_on_which_port_it_listens(jack_server: dict[str, str], tmp_path: Path) -> None:
    given = ("learn", "mute", "--api", "jack", "--input", "forged", "--seconds", "1")
    with evil_ports():
        done = run_antiphon(*given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert r"ev\x1b[31mil:keys" in done.stdout
    assert is_plain(done.stdout + done.stderr)


def test_the_doctor_says_what_is_wrong_with_a_port(jack_server: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[ports]\ninput = "no\\u001b[31m\\nport"\n')
    with evil_ports():
        done = run_antiphon("doctor", "--api", "jack", cwd=tmp_path)
        as_json = run_antiphon("doctor", "--api", "jack", "--json", cwd=tmp_path)
    assert "forged" in done.stdout
    assert is_plain(done.stdout + done.stderr + as_json.stdout)
    assert any("forged" in finding["says"] for finding in json.loads(as_json.stdout))


# Models


@posix
@pytest.mark.parametrize("command", [("listen", "tune.mid"), ("render", "tune.mid", "duet.mid"), ("doctor",)])
def test_a_model_of_such_a_name_is_played_by_its_path(command: tuple[str, ...], tmp_path: Path) -> None:
    model = shutil.copytree(ESSEN, tmp_path / EVIL)
    save_tune(tmp_path / "tune.mid", ODE_TO_JOY)
    done = run_antiphon(*command, "--model", str(model), cwd=tmp_path)
    assert done.returncode == 0 or command == ("doctor",)
    assert is_plain(done.stdout + done.stderr)
    (model / MANIFEST_FILE).write_text(json.dumps({"format_version": EVIL}))
    done = run_antiphon(*command, "--model", str(model), cwd=tmp_path)
    assert is_plain(done.stdout + done.stderr)
    assert SHOWN in done.stdout + done.stderr


@posix
def test_a_manifest_with_such_words_is_refused_in_a_line(tmp_path: Path) -> None:
    model = shutil.copytree(ESSEN, tmp_path / "mine")
    manifest = json.loads((model / MANIFEST_FILE).read_text())
    save_tune(tmp_path / "tune.mid", ODE_TO_JOY)
    for changes in ({"sha256": manifest["sha256"] | {EVIL: ""}}, {"context": EVIL}, {"inputs": [EVIL]}, {EVIL: EVIL}):
        (model / MANIFEST_FILE).write_text(json.dumps(manifest | changes))
        done = run_antiphon("listen", "tune.mid", "--model", str(model), cwd=tmp_path)
        assert done.returncode == (0 if EVIL in changes else 2)
        assert done.stderr.count("\n") == (0 if EVIL in changes else 1)
        assert is_plain(done.stdout + done.stderr)


@posix
def test_models_that_cannot_be_shown_have_no_number(tmp_path: Path) -> None:
    shutil.copytree(ESSEN, tmp_path / "plain é")
    shutil.copytree(ESSEN, tmp_path / EVIL)
    shutil.copytree(ESSEN, os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    assert bundle_names([tmp_path]) == ["plain é"]


# Files


@posix
def test_files_of_such_names_are_named_on_one_line(tmp_path: Path) -> None:
    save_tune(tmp_path / f"{EVIL}.mid", ODE_TO_JOY)
    done = run_antiphon("render", f"{EVIL}.mid", f"{EVIL} duet.mid", "--picture", f"{EVIL} $\\no.png", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2
    assert is_plain(done.stdout)
    (tmp_path / f"{EVIL}.mid").write_bytes(b"nothing")
    for arguments in ((f"{EVIL}.mid",), (f"{EVIL}.mid", "b", f"{EVIL}.mid"), ("--model", EVIL, f"{EVIL}.mid"), (EVIL,)):
        done = run_antiphon("listen", *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert is_plain(done.stderr)


@posix
def test_a_recording_of_such_a_name_is_listed_and_downloaded(jack_server: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    content = record(folder).read_bytes()
    (folder / f"{EVIL}.mid").write_bytes(content)
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.mid")).write_bytes(content[:30])
    config = str(configured(folder))
    done = run_antiphon("sessions", "--config", config, cwd=tmp_path)
    assert (done.returncode, len(done.stdout.splitlines()), is_plain(done.stdout)) == (0, 3, True)
    with staged("--name", "Files", "--no-record", "--config", config, cwd=tmp_path) as (_, url):
        with urllib.request.urlopen(f"{url}/sessions") as answer:  # noqa: S310
            text = answer.read().decode()
        assert is_plain(text)
        names = {each["name"] for each in json.loads(text)}
        assert {SHOWN, "caf\ufffd"} < names
        for name in names:
            with urllib.request.urlopen(f"{url}/sessions/{quote(name)}.mid") as answer:  # noqa: S310
                assert answer.read() in (content, content[:30])
                assert is_plain(str(answer.headers["Content-Disposition"]))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are texts")
@given(name=st.binary(min_size=1, max_size=80).filter(lambda name: not {0, ord("/")} & set(name)))
@fuzz(max_examples=100, deadline=None)
def test_any_name_of_a_recording_is_listed(name: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names")
    record(folder).rename(os.fsdecode(os.fsencode(folder) + b"/a" + name + b".mid"))
    (listed,) = list_sessions(folder)
    assert listed.damaged is None
    told = f"{listed.as_line()}{listed.as_json()}{json.dumps(_listed(listed), ensure_ascii=False)}"
    assert is_plain(told)
    assert told.encode()


def test_a_bar_shows_a_name_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a terminal of its own: rich would take [red] for a style, and hand on the control code."""
    program = f"""
import time
from antiphon.offline import progress
progress.DELAY_SECONDS = 0
for _ in progress.with_progress(range(100), {EVIL + " [red]x[/red]"!r}): pass
"""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program], stderr=slave, env=environment(tmp_path) | {"TERM": "xterm", "COLUMNS": "200"}
    ) as process:
        os.close(slave)
        seen = b""
        while (more := _read(master)) != b"":
            seen += more
    os.close(master)
    assert process.returncode == 0
    assert f"{SHOWN} [red]x[/red]".encode() in re.sub(rb"\x1b\[[0-9;]*m", b"", seen)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so where nobody has the other end any more
        return b""
