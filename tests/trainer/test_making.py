"""Bundles that one line makes: recipes, the choice of tunes by their metre, and a tiny one from tunes to playing."""

import shutil
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from antiphon.melody.bundle import MADE, read_bundle
from antiphon.settings import own_models
from antiphon_trainer.corpus.metre import read, written
from antiphon_trainer.corpus.provenance import corpus_terms
from antiphon_trainer.corpus.songs import Song
from antiphon_trainer.corpus.sources import Source, collect, music21_corpus
from antiphon_trainer.making.compound import is_written_in, sometimes_in_twelve
from antiphon_trainer.making.recipes import RECIPES, Recipe
from tests.daemon.midi_files import save_tune
from tests.daemon.test_cli import antiphon
from tests.daemon.tunes import ODE_IN_E_FLAT

from .conftest import Workplace

TUNES = {
    "Jig": "6/8\nL:1/8\nK:G\nD|GAB AGE|GED DEG|AGA BGE|GED DED|GAB AGE|GED DEG|AGA BAG|EAG E2|]",
    "Slide": "12/8\nL:1/8\nK:D\nA3 B2A F2A d2e|f2e d2B A2F E3|A3 B2A F2A d2e|f2e d2e f3 d3|]",
    "Air": "6/8\nL:1/8\nK:Am\nA2B c2d|e3 d3|c2B A2G|A3 A3|e2f g2e|d2c B3|c2B A2G|A3 A3|]",
    "March": "6/8\nL:1/8\nK:F\nF2F F2G|A2G F2C|D2D D2E|F3 C3|F2F F2G|A2B c2A|B2G A2F|G3 F3|]",
    "Round": "6/8\nL:1/8\nK:C\nc2G E2G|c3 G3|A2B c2A|G3 E3|F2G A2F|E2F G2E|D2E F2D|C3 C3|]",
    "Lullaby": "6/8\nL:1/8\nK:D\nf3 e2d|B3 A3|d2e f2d|e3 A3|f3 e2d|B3 A3|d2f e2c|d3 d3|]",
    "Waltz": "3/4\nL:1/8\nK:C\nC2E2G2|c4G2|",
}


@pytest.fixture
def tunes(tmp_path: Path) -> Path:
    folder = tmp_path / "tunes"
    folder.mkdir()
    for title, tune in TUNES.items():
        (folder / f"{title}.abc").write_text(f"X:1\nT:{title}\nM:{tune}\n")
    return folder


@pytest.fixture
def tiny(tunes: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe that takes seconds, and its name; what it leaves is removed."""
    recipe = Recipe(corpora=(str(tunes),), metres=("6/8", "12/8"), in_twelve=True, units=8, epochs=1, key_epochs=1)
    monkeypatch.setitem(RECIPES, "tiny", recipe)
    shutil.rmtree(own_models() / "tiny", ignore_errors=True)
    return "tiny"


def test_one_line_makes_a_bundle_that_plays_by_its_name_and_goes_on_where_it_was_stopped(
    workplace: Workplace, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("antiphon_trainer.key.training.train", stop)
        stopped = workplace("make", tiny)
    assert stopped.code != 0
    assert "parity" in stopped.out
    assert not (own_models() / tiny).exists()

    said = workplace.succeeds("make", tiny)
    assert "trained  before" in said
    assert "parity" not in said  # it isn't converted again
    assert [line.split()[0] for line in said.splitlines() if ", told the metre" in line] == ["essen,", "tiny,"]
    assert said.endswith("play it  antiphon run --model tiny\n")
    bundle = read_bundle(own_models() / tiny)
    assert bundle.manifest.held_out["songs"] == 1
    assert {"bits_a_step", "bits_a_step_with_metre", "with_metre"} <= set(bundle.manifest.held_out)
    assert (bundle.manifest.quantization, bundle.manifest.context) == ("int8", "stream")
    assert bundle.manifest.corpus["songs"] == 5  # six are written in its metres
    assert bundle.key_model
    assert bundle.memory
    assert bundle.manifest.memory["foreign_songs"] == 0  # their terms forbid commercial use
    assert not list((user_cache_path("antiphon", appauthor=False) / "making").glob("tiny-*"))

    tune = save_tune(workplace.path / "ode.mid", ODE_IN_E_FLAT)
    (workplace.path / "config.toml").write_text('[play]\nmodel = "tiny"\nmode = "continue"\nmetre = "12/8"\n')
    done = antiphon("render", tune, "duet.mid", "--seed", "1", cwd=workplace.path)
    assert (done.returncode, done.stderr) == (0, "")

    assert "is there already" in workplace.succeeds("make", tiny)
    elsewhere = workplace.path / "models"
    shutil.copytree(own_models() / tiny, elsewhere / tiny)
    assert f"{elsewhere / tiny} is there already" in workplace.succeeds("make", tiny, "--out", elsewhere)


def test_a_name_without_a_recipe_is_one_line_with_those_that_there_are(workplace: Workplace) -> None:
    assert workplace.refuses("make", "nobody") == (
        "antiphon-trainer: nobody: there is no recipe of this name; there is: irish, jigs"
    )


def test_the_daemon_knows_which_models_can_be_made() -> None:
    assert tuple(RECIPES) == MADE


def test_the_irish_tunes_are_those_of_three_collections() -> None:
    sources = collect(["irish"])
    assert {source.where.split("/")[0] for source in sources} == {"oneills1850", "ryansMammoth", "airdsAirs"}
    assert len(sources) > 4000
    assert 1000 < sum(is_written_in(source, RECIPES["jigs"].metres) for source in sources) < 1500


def test_their_terms_quote_what_music21_says() -> None:
    says = " ".join((music21_corpus() / "license.txt").read_text().split())
    terms = corpus_terms(["irish"], [])
    quoted = terms["licence"].split("says: '")[1].split("'")[0]
    assert len(quoted) > 200
    assert all(sentence.strip() in says for sentence in quoted.split(". "))
    assert "not distributed" in terms["licence"]


@pytest.mark.parametrize(
    ("metre", "is_chosen"),
    [("M:6/8", True), ("M: 12/8 % slide", True), ("M:3/4", False), ("M:6/8\nK:C\nCDE|[M:9/8] CDE", False), ("", False)],
)
def test_tunes_are_chosen_by_their_time_signatures(tmp_path: Path, metre: str, is_chosen: bool) -> None:
    file = tmp_path / "tune.abc"
    file.write_text(f"X:1\n{metre}\nK:C\nCDE\n")
    assert is_written_in(Source("tune", "tune.abc", str(file), ".abc"), ("6/8", "12/8")) is is_chosen


@pytest.mark.parametrize(
    ("six", "twelve"),
    [
        ("0:0/12 12:0/12 24:0/12", "0:0/24 12:12/24 24:0/24"),
        ("0:10/12 2:0/12 14:0/12 26:0/12", "0:22/24 2:0/24 14:12/24 26:0/24"),
        # The first part ends with a bar that the second part's upbeat fills.
        ("0:10/12 2:0/12 14:0/12 24:0/12 26:0/12", "0:22/24 2:0/24 14:12/24 24:12/24 26:0/24"),
    ],
)
def test_two_bars_of_six_eight_are_one_of_twelve_eight(six: str, twelve: str) -> None:
    songs = [Song(f"song {number}", "", ["60"] * 38, read(six)) for number in range(30)]
    found = {written(sometimes_in_twelve(song).barlines) for song in songs}
    assert found == {six, twelve}


def test_other_metres_stay_as_they_are() -> None:
    songs = [Song(f"song {number}", "", ["60"] * 38, read("0:0/12 12:0/16")) for number in range(30)]
    assert [sometimes_in_twelve(song) for song in songs] == songs
