"""What the trainer's tests share: the command line in this process, and one small corpus taken all the way."""

import contextlib
import importlib.util
import io
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from antiphon.commands import run
from antiphon_trainer.cli import app
from antiphon_trainer.corpus.score import WrittenNote


def joined(notes: Iterable[WrittenNote]) -> list[tuple[int | None, float]]:
    """Return pitches, none for a rest, and quarter lengths; tied notes and rests that follow each other are one."""
    together: list[tuple[int | None, float]] = []
    tied = False
    for note in notes:
        if together and together[-1][0] == note.pitch and (tied or note.pitch is None):
            together[-1] = note.pitch, together[-1][1] + note.quarter_length
        else:
            together.append((note.pitch, note.quarter_length))
        tied = note.tied
    return together


class Untrained(pytest.Module):
    """A module of tests where there is no TensorFlow."""

    def collect(self) -> Iterable[pytest.Item]:
        pytest.skip("training needs TensorFlow, which is not installed (it has no wheels for Python 3.14)")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Skip these tests where nothing can be trained, in a way that is seen."""
    if importlib.util.find_spec("tensorflow") is not None:
        return None
    return Untrained.from_parent(parent, path=module_path)


SCORES = Path(__file__).parent / "scores"
GOOD_SONGS = 5
"""Of the scores, those that lie on the grid and hold acceptable durations only."""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The one line that a user's mistake must be answered with."""
        assert self.err.count("\n") == 1, f"not one line: {self.err!r}"
        assert "Traceback" not in self.err
        return self.err.strip()


@dataclass(frozen=True)
class Workplace:
    """A folder to type commands in."""

    path: Path

    def __call__(self, *arguments: object) -> Outcome:
        """Run `antiphon-trainer` with arguments."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.path), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                run(app, [str(argument) for argument in arguments])
            except SystemExit as leaving:
                code = leaving.code
        assert isinstance(code, int)
        return Outcome(code, out.getvalue(), err.getvalue())

    def refuses(self, *arguments: object) -> str:
        """Run a command that is a user's mistake and return its one line."""
        outcome = self(*arguments)
        assert outcome.code == 2, outcome
        return outcome.message

    def succeeds(self, *arguments: object) -> str:
        """Run a command and return what it printed."""
        outcome = self(*arguments)
        assert outcome.code == 0, outcome
        return outcome.out


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache and settings out of the tests."""
    home = tmp_path_factory.mktemp("home")
    before = dict(os.environ)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        os.environ[name] = str(home)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """An empty folder."""
    return Workplace(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A folder where the scores were prepared, trained on and converted; two songs are held out. Don't write there.

    The network is the tutorial's, `reminded` has ours.
    """
    place = Workplace(tmp_path_factory.mktemp("finished"))
    (place.path / "held-out.txt").write_text("# kept apart\ntest\tT0002\nT0005\n")
    place.succeeds("prepare", SCORES, "--held-out", "held-out.txt", "--sequence-length", 32)
    small = ("--epochs", 2, "--batch-size", 2, "--validation-share", 0.3)
    place.succeeds("train", "--no-cues", "--units", 8, "--units", 6, *small)
    place.succeeds("convert", "trained/model.keras", "--out", "models/small")
    return place


@pytest.fixture(scope="session")
def reminded(finished: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """As `finished`, with a network that reads cues. Don't write there."""
    place = Workplace(tmp_path_factory.mktemp("reminded") / "place")
    shutil.copytree(finished.path, place.path, ignore=shutil.ignore_patterns("trained", "models"))
    small = ("--epochs", 1, "--batch-size", 2, "--validation-share", 0.3)
    place.succeeds("train", "--units", 8, "--units", 6, *small)
    place.succeeds("convert", "trained/model.keras", "--out", "models/small")
    return place
