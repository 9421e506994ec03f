"""From scores to a dataset, at the command line."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from antiphon.melody.vocabulary import read_mapping
from antiphon_trainer import screen
from antiphon_trainer.corpus.songs import read_songs
from antiphon_trainer.dataset.windows import PAD

from .conftest import GOOD_SONGS, SCORES, Workplace


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_what_prepare_leaves(finished: Workplace) -> None:
    root = finished.path
    training = sorted(file.name for file in (root / "prepared/songs/training").iterdir())
    held_out = sorted(file.name for file in (root / "prepared/songs/held-out").iterdir())
    assert training == ["scores-amazing-grace.txt", "scores-frere-jacques.txt", "scores-ode-to-joy.txt"]
    assert held_out == ["scores-auld-lang-syne.txt", "scores-god-rest-you-merry.txt"]
    files = [(root / "prepared/songs/training" / name).read_text().splitlines() for name in training]
    songs = [symbols for symbols, *_ in files]
    assert files[1][1].startswith("bars 0:0/16 16:0/16 32:0/16")
    assert songs[2].startswith("64 _ _ _ 64 _ _ _ 65 _ _ _ 67 _ _ _ 67")
    assert (root / "prepared/dataset.txt").read_text().split() == " / ".join([*songs, ""]).split()
    vocabulary = read_mapping(root / "prepared/mapping.json")
    kept_apart = [song.symbols for song in read_songs(root / "prepared/songs/held-out")]
    assert set(vocabulary.symbols) == {*" ".join(songs).split(), *(s for song in kept_apart for s in song), "/", "r"}
    inputs, targets = (np.load(root / f"processed_tensors/{name}.npy") for name in ("inputs", "targets"))
    assert inputs.shape == targets.shape == (sum(-(-(len(song.split()) + 1) // 32) for song in songs), 32)
    assert inputs.dtype == np.int16
    assert [vocabulary.symbols[token] for token in targets[targets != PAD]] == " / ".join([*songs, ""]).split()


def test_the_report_is_a_page_of_pictures_too(finished: Workplace) -> None:
    assert (finished.path / "prepared/report.png").read_bytes().startswith(b"\x89PNG")


def test_minor_goes_to_a_minor(finished: Workplace) -> None:
    song = (finished.path / "prepared/songs/held-out/scores-god-rest-you-merry.txt").read_text()
    assert song.startswith("69 _ _ _ 69 _ _ _ 76")


def test_the_report_says_what_was_kept_and_refused(finished: Workplace) -> None:
    report = json.loads((finished.path / "prepared/report.json").read_text())
    assert report["kept"] == GOOD_SONGS
    assert (report["training"]["songs"], report["held_out"]["songs"]) == (3, 2)
    assert report["training"]["symbols"] == len((finished.path / "prepared/dataset.txt").read_text().split())
    assert report["refused"] == {"a duration off the sixteenth grid": 1, "a duration that isn't acceptable": 1}
    assert {song["song"] for song in report["refused_songs"]} == {"triplets.krn", "breve.krn"}


def test_bad_files_are_named_and_stop_nothing(workplace: Workplace) -> None:
    corpus = workplace.path / "corpus"
    shutil.copytree(SCORES, corpus)
    (corpus / "letter.krn").write_text("Dear diary")
    (corpus / "noise.krn").write_bytes(bytes(range(256)))
    (corpus / "noise.mid").write_bytes(bytes(range(256)))
    (corpus / "nothing.krn").touch()
    out = workplace.succeeds("prepare", "corpus")
    assert f"kept     {GOOD_SONGS} songs" in out
    for line in ("1 no **kern spine: letter.krn", "1 no text file: noise.krn", "1 empty file: nothing.krn"):
        assert line in out
    assert "a MIDI file that can't be read: noise.mid (is no MIDI file" in out


def test_the_same_corpus_gives_the_same_bytes_whatever_the_processes(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for processes, cache in ((1, "cache1"), (2, "cache2"), (2, "cache2")):
        monkeypatch.setenv("XDG_CACHE_HOME", str(workplace.path / cache))
        workplace.succeeds("prepare", SCORES, "--processes", processes, "--held-out", "essen")
        runs.append(contents(workplace.path / "prepared") | contents(workplace.path / "processed_tensors"))
        shutil.rmtree(workplace.path / "prepared")
    assert runs[0] == runs[1] == runs[2]


def test_a_cluster_gives_the_same_bytes(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    # Eight times over: more than the workers take at once. The scores stay here, and their bytes go there.
    for copy in range(8):
        for score in SCORES.glob("*.krn"):
            target = workplace.path / "corpus" / str(copy) / score.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"!! copy %d\n" % copy + score.read_bytes())
    runs = []
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        for cache, engine in (("cache1", []), ("cache2", ["--scheduler", cluster.scheduler_address])):
            monkeypatch.setenv("XDG_CACHE_HOME", str(workplace.path / cache))
            assert f"kept     {8 * GOOD_SONGS} songs" in workplace.succeeds("prepare", "corpus", *engine)
            runs.append(contents(workplace.path / "prepared") | contents(workplace.path / "processed_tensors"))
            shutil.rmtree(workplace.path / "prepared")
    assert runs[0] == runs[1]


def test_a_scheduler_that_is_not_there_is_one_line(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    from antiphon_trainer.corpus import engines

    monkeypatch.setattr(engines, "_PATIENCE", "100ms")
    monkeypatch.setenv("XDG_CACHE_HOME", str(workplace.path / "cache"))
    assert "dask scheduler" in workplace.refuses("prepare", SCORES, "--scheduler", "tcp://127.0.0.1:9")
    assert "dask scheduler" in workplace.refuses("prepare", SCORES, "--scheduler", "nonsense")


def test_songs_of_an_earlier_run_do_not_survive(workplace: Workplace) -> None:
    workplace.succeeds("prepare", SCORES)
    workplace.succeeds("prepare", SCORES / "ode-to-joy.krn")
    songs = workplace.path / "prepared" / "songs"
    assert [file.name for file in songs.rglob("*.txt")] == ["scores-ode-to-joy.txt"]


def test_files_of_others_are_not_replaced(workplace: Workplace) -> None:
    (workplace.path / "mine").mkdir()
    (workplace.path / "mine" / "poem.txt").write_text("roses")
    assert "poem.txt" in workplace.refuses("prepare", SCORES, "--save-path", "mine")
    assert (workplace.path / "mine" / "poem.txt").read_text() == "roses"


def test_data_size_and_durations_are_obeyed(workplace: Workplace) -> None:
    out = workplace.succeeds("prepare", SCORES, "--data-size", 50, "--acceptable-durations", "0.5,1,1.5,2,3,4,6")
    assert "kept     6 songs" in out
    assert len((workplace.path / "prepared/dataset.txt").read_text().split()) == 50
    assert (np.load(workplace.path / "processed_tensors/targets.npy") != PAD).sum() == 50


def test_the_grid_keeps_breves(workplace: Workplace) -> None:
    assert f"kept     {GOOD_SONGS + 1} songs" in workplace.succeeds("prepare", SCORES, "--durations", "grid")
    song = (workplace.path / "prepared/songs/training/scores-breve.txt").read_text().split()
    assert song[1:24] == ["_"] * 23
    assert song[24] != "_"
    details = json.loads((workplace.path / "processed_tensors/details.json").read_text())
    assert 6.0 in details["acceptable_durations"]
    assert "durations = grid, now it is strict" in workplace.refuses("prepare", "--no-preprocess")


def test_ties_as_written_start_anew(workplace: Workplace) -> None:
    (workplace.path / "tied.krn").write_text("**kern\n*C:\n*M4/4\n[2c\n2c_\n=\n2c]\n*-\n")
    onsets = {}
    for ties in ("merged", "written"):
        workplace.succeeds("prepare", "tied.krn", "--ties", ties)
        report = json.loads((workplace.path / "prepared/report.json").read_text())
        onsets[ties] = report["training"]["onsets"], report["training"]["symbols"]
    assert onsets == {"merged": (1, 25), "written": (3, 25)}


def test_the_configuration_names_the_corpus(workplace: Workplace) -> None:
    (workplace.path / "mine.toml").write_text(f"[prepare]\ndataset_path = '{SCORES}'\nsave_path = 'here'\n")
    workplace.succeeds("prepare", "--config", "mine.toml")
    assert len(list((workplace.path / "here" / "training").iterdir())) == GOOD_SONGS


@contextmanager
def _interrupted(description: str, total: int) -> Iterator[object]:
    def stop(count: int) -> None:
        raise KeyboardInterrupt

    yield stop


def test_ctrl_c_ends_in_good_order(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "progress_bar", _interrupted)
    outcome = workplace("prepare", SCORES)
    assert outcome.code == 130
    assert "the same command goes on" in outcome.message
    assert not (workplace.path / "prepared").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: there is no such folder"),
        (["."], "holds no score"),
        ([], "corpora: there is no such folder"),
        ([SCORES / "triplets.krn", SCORES / "breve.krn"], "every song was refused (1 × a duration off the"),
        ([SCORES, "--held-out", "nowhere.txt"], "nowhere.txt: can't be read"),
        ([SCORES / "ode-to-joy.krn", "--held-out", "list.txt"], "all 1 usable songs are held out"),
        ([SCORES, "--sequence-length", "1"], "--sequence-length"),
        ([SCORES, "--sequence-length", "many"], "--sequence-length"),
        ([SCORES, "--acceptable-durations", "0.25,0.3"], "0.3 is no multiple"),
        ([SCORES, "--acceptable-durations", "quarters"], "numbers with commas"),
        ([SCORES, "--config", "bad.toml"], "bad.toml"),
        ([SCORES, "--data-size", "-1"], "--data-size"),
        ([SCORES, "--durations", "loose"], "durations"),
        ([SCORES, "--ties", "cut"], "ties"),
    ],
)
def test_a_users_mistake_is_one_line(workplace: Workplace, arguments: list[object], message: str) -> None:
    (workplace.path / "list.txt").write_text("T0001\n")
    (workplace.path / "bad.toml").write_text("[prepare]\nsequence_lenght = 3\n")
    assert message in workplace.refuses("prepare", *arguments)
    assert not (workplace.path / "prepared").exists()


def test_what_is_stored_is_loaded_without_the_scores(finished: Workplace) -> None:
    before = contents(finished.path / "prepared")
    out = finished.succeeds("prepare", "--no-preprocess", "--sequence-length", 32)
    assert f"kept     {GOOD_SONGS} songs" in out
    assert contents(finished.path / "prepared") == before


def test_loading_needs_something_stored(workplace: Workplace) -> None:
    (workplace.path / "mine.toml").write_text("[prepare]\nis_preprocessing_required = false\n")
    assert "nothing is prepared" in workplace.refuses("prepare", "--config", "mine.toml")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("prepared/report.json", "{}", "is no report"),
        ("prepared/dataset.txt", None, "isn't there"),
        ("prepared/mapping.json", '{"60": 0}', "lacks the symbol"),
        ("prepared/songs/training/scores-ode-to-joy.txt", "60 _", "not those that were prepared"),
        ("prepared/songs/training/scores-ode-to-joy.txt", "sixty", "is no symbol"),
        ("processed_tensors/targets.npy", None, "can't be read"),
        ("processed_tensors/details.json", "[]", "is damaged"),
    ],
)
def test_loading_checks_what_is_stored(
    finished: Workplace, workplace: Workplace, file: str, content: str | None, message: str
) -> None:
    for folder in ("prepared", "processed_tensors"):
        shutil.copytree(finished.path / folder, workplace.path / folder)
    damaged = workplace.path / file
    damaged.unlink()
    if content is not None:
        damaged.write_text(content)
    assert message in workplace.refuses("prepare", "--no-preprocess", "--sequence-length", 32)


def test_loading_refuses_other_settings(finished: Workplace) -> None:
    assert "sequence_length = 32, now it is 64" in finished.refuses("prepare", "--no-preprocess")
