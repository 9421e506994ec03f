"""What was learned lasts: from one live set to the next, from files, and in the rendering of what was recorded."""

import json
import shutil
import stat
import time
from pathlib import Path

import pytest

from antiphon.improviser.memory.memory import Memory
from antiphon.improviser.memory.stored import store
from antiphon.melody.bundle import find_bundle, read_bundle
from antiphon.recording.memories import ENDING, memory_path
from antiphon.settings import model_folders
from tests.daemon.live import (
    PATIENCE,
    PHRASE,
    Keyboard,
    antiphon,
    check_renders_again,
    daemon,
    ons,
    recorded,
    run_antiphon,
)

ESSEN = read_bundle(find_bundle("essen", model_folders())).vocabulary
QUICK = 240.0


def play_a_set(cwd: Path, *options: str) -> list[str]:
    with daemon("--name", "Kept", "--seed", "3", *options, cwd=cwd) as running, Keyboard("Kept") as pianist:
        pianist.play(PHRASE, QUICK)
        pianist.hear_until(lambda came: len(ons(came)) >= 2)
        running.stop()
    return running.said


def kept_file(cwd: Path) -> Path:
    return memory_path(cwd / "data/antiphon/memories", "anna", ESSEN)


def test_the_next_set_begins_with_what_was_learned_and_both_render_again(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    keeping = ("--keep-memory", "--performer", "anna")
    first = play_a_set(tmp_path, *keeping)
    assert any(line.startswith("kept ") for line in first)
    check_renders_again(tmp_path)
    recorded(tmp_path).unlink()
    assert stat.S_IMODE(kept_file(tmp_path).stat().st_mode) == 0o600

    second = play_a_set(tmp_path, *keeping)
    assert any("remembers" in line and "of anna" in line for line in second)
    # The memory has grown since, and the recording renders to what was played with the one that it began with.
    check_renders_again(tmp_path)
    (held,) = json.loads(antiphon("memory", "--performer", "anna", "--json", cwd=tmp_path))
    assert held["notes"] >= 2 * len(PHRASE) - 4
    assert held["path"] == str(kept_file(tmp_path))


def test_a_crash_loses_no_more_than_the_last_minutes(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        daemon("--name", "Kept", "--keep-memory", "--performer", "anna", cwd=tmp_path) as running,
        Keyboard("Kept") as pianist,
    ):
        pianist.play(PHRASE, QUICK)
        wait_for(kept_file(tmp_path))
        running.process.kill()
        running.process.wait()
    (held,) = json.loads(antiphon("memory", "--performer", "anna", "--json", cwd=tmp_path))
    assert held["notes"] >= len(PHRASE) - 1
    assert held["bits_a_note_gained"] is not None
    assert "bits a note against the network alone, lately" in antiphon("memory", "--performer", "anna", cwd=tmp_path)


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.05)


def test_without_its_memory_a_recording_says_that_it_will_sound_otherwise(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    for _ in range(2):
        play_a_set(tmp_path, "--keep-memory", "--performer", "anna")
    folder = tmp_path / "data/antiphon/sessions"
    (memory,) = folder.glob(f"*{ENDING}")
    memory.unlink()
    last = max(folder.glob("*.mid"), key=lambda path: path.stat().st_mtime)
    done = run_antiphon("render", last, "again.mid", cwd=tmp_path)
    assert done.returncode == 0
    assert "isn't there; the answers won't be the same" in done.stderr


@pytest.mark.parametrize("content", [b"no memory", b""])
def test_a_damaged_memory_stays_as_it_is_and_the_set_is_played(
    jack_server: dict[str, str], tmp_path: Path, content: bytes
) -> None:
    kept_file(tmp_path).parent.mkdir(parents=True)
    kept_file(tmp_path).write_bytes(content)
    with (
        daemon("--name", "Kept", "--keep-memory", "--performer", "anna", cwd=tmp_path) as running,
        Keyboard("Kept") as pianist,
    ):
        pianist.play(PHRASE[:4], QUICK)
        assert ons(pianist.hear_until(lambda came: len(ons(came)) >= 1))
        running.stop()
    if content:
        assert kept_file(tmp_path).read_bytes() == content


def test_files_are_learned_before_the_first_note_and_change_the_answers(tmp_path: Path) -> None:
    song = Path("docs/ode-to-joy.mid").resolve()
    (tmp_path / "tunes").mkdir()
    for number in range(3):
        shutil.copy(song, tmp_path / f"tunes/{number}.mid")
    (tmp_path / "tunes/broken.mid").write_bytes(b"MThd")
    (tmp_path / "tunes/notes.txt").write_text("no tune")
    bits = []
    for options in ((), ("--learn", "tunes")):
        done = run_antiphon("listen", song, "--json", *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        bits.append(sum(json.loads(line)["bits"] for line in done.stdout.splitlines()))
    assert "broken.mid" in done.stderr and "passed over" in done.stderr
    assert "notes of 3 files" in done.stderr
    assert bits[1] < 0.7 * bits[0]
    rendered = antiphon("render", song, "out.mid", "--seed", "1", "--learn", "tunes", cwd=tmp_path)
    assert "answers" in rendered


@pytest.mark.parametrize(("path", "said"), [("nowhere", "is not there"), ("empty", "holds no MIDI file")])
def test_nothing_to_learn_from_is_said(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    song = Path("docs/ode-to-joy.mid").resolve()
    done = run_antiphon("listen", song, "--learn", path, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_what_is_kept_is_shown_copied_taken_and_cleared(tmp_path: Path) -> None:
    memory = Memory(ESSEN)
    kept_file(tmp_path).parent.mkdir(parents=True)
    kept_file(tmp_path).write_bytes(store(memory, ESSEN))
    anna, bert = ("--performer", "anna"), ("--performer", "bert")
    assert "anna: 0 notes" in antiphon("memory", *anna, cwd=tmp_path)
    antiphon("memory", "export", "copy.memory", *anna, cwd=tmp_path)
    assert (tmp_path / "copy.memory").read_bytes() == kept_file(tmp_path).read_bytes()
    taken = run_antiphon("memory", "import", "copy.memory", *anna, cwd=tmp_path)
    assert (taken.returncode, taken.stderr.count("is kept already")) == (2, 1)
    antiphon("memory", "import", "copy.memory", *bert, cwd=tmp_path)
    assert "bert: 0 notes" in antiphon("memory", *bert, cwd=tmp_path)
    kept_file(tmp_path).write_bytes(b"damaged")
    assert run_antiphon("memory", *anna, cwd=tmp_path).returncode == 2
    # Before the command it would be read past, and another performer's memory be cleared.
    before = run_antiphon("memory", *anna, "clear", "--yes", cwd=tmp_path)
    assert (before.returncode, "behind the command" in before.stderr) == (2, True)
    assert "cleared" in antiphon("memory", "clear", "--yes", *anna, cwd=tmp_path)
    assert "nothing is kept of anna" in antiphon("memory", *anna, cwd=tmp_path)
    assert "bert: 0 notes" in antiphon("memory", *bert, cwd=tmp_path)
    assert run_antiphon("memory", "export", "copy.memory", *anna, cwd=tmp_path).returncode == 2
    assert run_antiphon("memory", "--performer", "../x", cwd=tmp_path).returncode == 2
