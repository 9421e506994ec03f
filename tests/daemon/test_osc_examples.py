"""The examples of docs/osc in the programs that they are for, without a display: they play, and are answered."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import pytest

from tests.daemon.live import check_renders_again, notes, recorded
from tests.daemon.osc_client import Program, speaking

EXAMPLES = Path(__file__).parents[2] / "docs" / "osc"
PORT = "8378"
"""The one that the examples name, as config.toml does."""
START_SECONDS = 60.0
"""In which a program must start: sclang compiles its library of classes first."""


def example(name: str, port: int, folder: Path) -> Path:
    """Return a copy of an example that is as it stands but for the port."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert text.count(PORT) == 1
    copy = folder / name
    copy.write_text(text.replace(PORT, str(port)), encoding="utf-8")
    return copy


def needs(program: str, package: str) -> str:
    """Return a program's path, or skip the test."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed (Debian: {package})")
    return found


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[SimpleQueue[str | None]]:
    """Run a program, and yield the lines that it prints."""
    own = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    # sclang has a browser inside, which wants a display, and a sandbox that root can't have.
    headless = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
    process = subprocess.Popen(
        command,
        env={**os.environ, **own, **headless},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines: SimpleQueue[str | None] = SimpleQueue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line.strip())
        lines.put(None)

    Thread(target=read, daemon=True).start()
    try:
        yield lines
    finally:
        process.kill()
        process.wait()


def wait_for(lines: SimpleQueue[str | None], beginning: str) -> str:
    """Wait until a program prints a line that begins like this; return the rest."""
    said: list[str] = []
    with suppress(Empty):
        while (line := lines.get(timeout=START_SECONDS)) is not None:
            said.append(line)
            if line.startswith(beginning):
                return line.removeprefix(beginning)
    pytest.fail(f"no line began with {beginning!r}: {said[-20:]}")


def test_the_supercollider_example_plays_and_is_answered(jack_server: dict[str, str], tmp_path: Path) -> None:
    sclang = needs("sclang", "supercollider-language")
    with speaking("--name", "Collider", "--seed", "1", cwd=tmp_path) as (running, port), Program(port) as program:
        program.subscribe()
        with started([sclang, str(example("antiphon.scd", port, tmp_path))], tmp_path) as lines:
            wait_for(lines, "temperature 0.7")
            answers = [wait_for(lines, "answer ") for _ in range(5)]
            for pitch in (60, 62, 64, 65, 67):
                program.find("/antiphon/performer/note", lambda came, pitch=pitch: came == (pitch, 90, 1))
                pitch, velocity = (int(each) for each in answers.pop(0).split(" velocity "))
                program.find("/antiphon/note", lambda came, note=(pitch, velocity): came[:2] == note)
            program.find("/antiphon/performer/note", lambda came: came == (67, 0, 1))
        running.stop()
    assert [each.pitch for each in notes(recorded(tmp_path), "Performer")] == [60, 62, 64, 65, 67]
    check_renders_again(tmp_path)


def test_the_pure_data_example_plays_and_is_answered(jack_server: dict[str, str], tmp_path: Path) -> None:
    pd = needs("pd", "puredata-core")
    with speaking("--name", "Pure", cwd=tmp_path) as (_, port), Program(port) as program:
        program.subscribe()
        patch = str(example("antiphon.pd", port, tmp_path))
        with started([pd, "-nogui", "-noaudio", "-nomidi", "-stderr", patch], tmp_path) as lines:
            wait_for(lines, "temperature: 0.7")
            pitch, velocity, channel = wait_for(lines, "answer: ").split()
            program.find("/antiphon/note", lambda came: came == (int(pitch), int(velocity), int(channel)))
            program.find("/antiphon/performer/note", lambda came: came == (60, 90, 1))
            assert wait_for(lines, "answer: ") == f"{pitch} 0 {channel}"
