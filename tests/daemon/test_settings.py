from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import settings
from antiphon.errors import UserError
from antiphon.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "user_config_path", lambda *_, **__: tmp_path / "home")
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_each_place_wins_over_the_one_before(home: Path) -> None:
    places = [home / "home" / "config.toml", Path("config.toml"), home / "mine.toml"]
    packaged = read_settings().play.bpm
    seen = [packaged]
    for bpm, file in zip((61, 62, 63), places, strict=True):
        file.write_text(f"[play]\nbpm = {bpm}\n")
        seen.append(read_settings(home / "mine.toml" if file == places[2] else None).play.bpm)
    seen.append(read_settings(home / "mine.toml", {"play": {"bpm": 64.0, "key": None}}).play.bpm)
    assert seen == [packaged, 61, 62, 63, 64]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[play]\nbmp = 90", "bmp"),
        ("[pray]\nbpm = 90", "pray"),
        ('[play]\nbpm = "fast"', "play.bpm"),
        ("[play]\nbpm = 0", "play.bpm"),
        ("[play]\nchannel = 17", "play.channel"),
        ("play = 3", "play"),
        ('[ports]\napi = "midi"', "ports.api"),
        ("[stage]\nport = 70000", "stage.port"),
        ('[play]\nmetre = "5/7"', "play.metre must be a time signature such as"),
        ('[memory]\nperformer = "../x"', "memory.performer must be a name"),
        ('[stage]\nhost = ""', "stage.host"),
        ("[play]\ntemperature = 10.5", r"play\.temperature must be a number from 0 to 10, not 10\.5"),
        ("[play]\ntemprature = 1.0", r"unknown key play\.temprature; did you mean temperature\?"),
        ("[controls]\nvolume = 'cc 7'", r"unknown key controls\.volume"),
        ("[controls]\ntap = 7", r"controls\.tap must be a text"),
        ("[play", "is not valid TOML"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(home: Path, content: str, complaint: str) -> None:
    Path("config.toml").write_text(content)
    with pytest.raises(UserError, match=complaint) as refused:
        read_settings()
    assert "config.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("said", "swing"), [("62", "62"), ("58.5", "58.5"), ('"62"', "62"), ('"auto"', "auto")])
def test_swing_in_a_file_needs_no_quotes(home: Path, said: str, swing: str) -> None:
    Path("config.toml").write_text(f"[play]\nswing = {said}\n")
    assert read_settings().play.swing == swing


@pytest.mark.parametrize("said", ["90", "true", "[62]", '"2:1"'])
def test_what_is_no_swing_in_a_file_is_refused(home: Path, said: str) -> None:
    Path("config.toml").write_text(f"[play]\nswing = {said}\n")
    with pytest.raises(UserError, match=r"^config\.toml: play\.swing must be .* from 50 \(straight\) to 67"):
        read_settings()


def test_a_file_that_is_not_there_is_named(home: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.toml: can't be read"):
        read_settings(home / "nowhere.toml")


def test_relative_paths_count_from_the_file_that_holds_them(home: Path) -> None:
    (home / "mine").mkdir()
    (home / "mine.toml").write_text('[play]\nmodel = "mine"\n[sessions]\nfolder = "a/b"\n')
    read = read_settings(home / "mine.toml")
    assert read.play.model == str(home / "mine")
    assert read.sessions.folder == str(home / "a/b")
    (home / "mine.toml").write_text('[play]\nmodel = "essen"\n')
    assert read_settings(home / "mine.toml").play.model == "essen"  # a name


def test_sections_of_the_trainer_are_none_of_the_daemons_business(home: Path) -> None:
    Path("config.toml").write_text("[train]\nunits = []\n[prepare]\nwhatever = 1\n[play]\nbpm = 90\n")
    assert read_settings().play.bpm == 90.0


@given(st.text())
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, noise: str) -> None:
    file = tmp_path_factory.mktemp("noise") / "config.toml"
    file.write_text(noise, encoding="utf-8", errors="surrogateescape")
    try:
        assert isinstance(read_settings(file), Settings)
    except UserError as error:
        assert str(file) in str(error)


def test_who_starts_in_a_checkout_keeps_their_own_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # There ./config.toml is the packaged file.
    (home / "home" / "config.toml").write_text('[controls]\npanic = "note 36 channel 10"\n')
    monkeypatch.chdir(settings.package_folder())
    assert read_settings().controls["panic"] == "note 36 channel 10"
