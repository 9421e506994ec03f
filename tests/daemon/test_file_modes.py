"""The modes of all files that `antiphon` writes: private things are private, whatever the umask, and others obey it."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.midi.messages import ControlChange
from antiphon.recording.journal import ENDING
from tests.daemon.live import PATIENCE, Keyboard, daemon, run_antiphon
from tests.daemon.midi_files import save_tune
from tests.daemon.test_learn import learning
from tests.daemon.tunes import ODE_TO_JOY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@pytest.fixture(params=[0o022, 0o027, 0], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """A umask that the commands have."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Return the modes of all that a folder holds, and its own under its name."""
    there = [folder, *folder.rglob("*")]
    return {path.relative_to(folder.parent).as_posix(): oct(stat.S_IMODE(path.lstat().st_mode)) for path in there}


def test_renders_and_pictures_obey_the_umask_and_keep_their_modes(umask: int, tmp_path: Path) -> None:
    save_tune(tmp_path / "tune.mid", ODE_TO_JOY)
    command = ("render", "tune.mid", "duet.mid", "--picture", "duet.png", "--seed", "1")
    for wanted in (0o666 & ~umask, 0o604):
        assert run_antiphon(*command, cwd=tmp_path).returncode == 0
        for name in ("duet.mid", "duet.png"):
            assert oct(stat.S_IMODE((tmp_path / name).stat().st_mode)) == oct(wanted)
            (tmp_path / name).chmod(0o604)


def test_what_is_kept_of_a_performer_is_private(
    umask: int, jack_server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    sessions = tmp_path / "data" / "antiphon" / "sessions"
    with daemon("--name", "Modes", cwd=tmp_path) as running, Keyboard("Modes") as pianist:
        pianist.send(0x90, 60, 80)
        pianist.hear(1)
        deadline = time.monotonic() + PATIENCE
        while not (journals := list(sessions.glob(f"*{ENDING}"))) and time.monotonic() < deadline:
            time.sleep(0.05)  # it is written by a thread of its own
        (journal,) = journals
        assert oct(stat.S_IMODE(journal.stat().st_mode)) == "0o600"
        pianist.send(0x80, 60, 0)
        locks = modes(tmp_path / "xdg_runtime_dir" / "antiphon")
        assert locks.pop("antiphon") == "0o700"
        assert set(locks.values()) == {"0o600"}
        running.stop()
    assert sorted(modes(sessions).values()) == ["0o600", "0o700"]
    trials = modes(tmp_path / "xdg_cache_home" / "antiphon" / "trials")
    assert trials.pop("trials") == "0o700"
    assert set(trials.values()) == {"0o600"}


@pytest.mark.parametrize("through", ["itself", "a link"])
def test_settings_that_learn_writes_keep_mode_and_owner(
    through: str, umask: int, jack_server: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "config" / "antiphon" / "config.toml"
    meant = config

    def learn() -> os.stat_result:
        with learning("mute", home=tmp_path) as pupil:
            pupil.says("mute:")
            pupil.connect("Antiphon in")
            pupil.move(*[ControlChange(64, value, 1) for value in (0, 127)])
            pupil.says("is written")
            assert pupil.process.wait(20) == 0
        return meant.stat()

    if through == "itself":
        assert oct(stat.S_IMODE(learn().st_mode)) == oct(0o666 & ~umask)
    else:
        config.parent.mkdir(parents=True)
        meant = tmp_path / "dotfiles.toml"
        meant.touch()
        config.symlink_to(meant)
    if os.geteuid() == 0:
        os.chown(meant, 1234, 4321)
    meant.chmod(0o600)
    before = meant.stat()
    after = learn()
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert config.is_symlink() == (through == "a link")
