"""The trainer reads its own sections of `config.toml`, and the daemon's beside them."""

from pathlib import Path

import pytest

from antiphon import settings
from antiphon.errors import UserError
from antiphon_trainer.settings import read_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "user_config_path", lambda *_, **__: tmp_path / "home")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[train]\nunits = []", r"train\.units must be"),
        ("[train]\ndropout = 1.0", r"train\.dropout must be a number of at least 0 and below 1, not 1\.0"),
        ("[prepare]\nacceptable_durations = [0.25, -1]", r"prepare\.acceptable_durations must be"),
        ("[prepare]\nties = 'cut'", r"prepare\.ties must be one of merged, written, not 'cut'"),
        ("[train]\nepoch = 3", r"unknown key train\.epoch; did you mean epochs\?"),
        ("[play]\nbpm = 0", r"play\.bpm must be"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(content: str, complaint: str) -> None:
    Path("config.toml").write_text(content)
    with pytest.raises(UserError, match=complaint) as refused:
        read_settings()
    assert str(refused.value).startswith("config.toml: ")
    assert "\n" not in str(refused.value)


def test_relative_paths_count_from_the_file_that_holds_them(home: Path) -> None:
    (home / "songs").mkdir()
    (home / "mine.toml").write_text(
        '[prepare]\ndataset_path = "songs"\nsave_path = "a/b"\n[play]\nmodel = "essen"\n[train]\nmodel_path = "/m"\n'
    )
    read = read_settings(home / "mine.toml")
    assert read.prepare.dataset_path == str(home / "songs")
    assert read.prepare.save_path == str(home / "a/b")
    assert read.prepare.test_target_path == "processed_tensors"  # the packaged one: from where the command runs
    assert read.play.model == "essen"  # a name
    assert read.train.model_path == "/m"
