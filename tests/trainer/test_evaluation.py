"""Bits per step."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from antiphon.errors import UserError
from antiphon.melody.bundle import read_bundle
from antiphon.melody.vocabulary import vocabulary_of
from antiphon_trainer.corpus.songs import Song, onsets, read_songs
from antiphon_trainer.dataset.melody import melody_of
from antiphon_trainer.evaluation.measure import evaluate

from .conftest import SCORES, Workplace


def test_the_figures_are_those_of_the_keras_network(finished: Workplace) -> None:
    import keras

    songs = read_songs(finished.path / "prepared/songs/held-out")
    bundle = read_bundle(finished.path / "models/small")
    network = keras.saving.load_model(finished.path / "trained/model.keras", compile=False)
    bits, symbols = 0.0, 0
    for song in songs:
        tokens = melody_of(song, bundle.vocabulary).tokens
        read = np.concatenate([[bundle.vocabulary.end], tokens[:-1]])
        predicted = np.asarray(network(read[None]))[0]
        bits -= sum(math.log2(predicted[step, token]) for step, token in enumerate(tokens))
        symbols += len(tokens)
    found = evaluate(bundle, songs)
    assert found.bits_a_step == pytest.approx(bits / symbols, abs=1e-5)
    assert (found.songs, found.symbols) == (2, symbols)
    assert found.onsets == sum(onsets(song.symbols) for song in songs)


@pytest.mark.parametrize("network", ["finished", "reminded"])
def test_songs_are_alone_whatever_they_are_measured_with(network: str, request: pytest.FixtureRequest) -> None:
    place = request.getfixturevalue(network)
    songs = read_songs(place.path / "prepared/songs/training")
    assert len({len(song.symbols) for song in songs}) > 1
    bundle = read_bundle(place.path / "models/small")
    alone = [evaluate(bundle, [song]) for song in songs]
    together = evaluate(bundle, songs)
    bits = sum(each.bits_a_step * each.symbols for each in alone)
    assert together.bits_a_step * together.symbols == pytest.approx(bits, rel=1e-5)


def test_unknown_pitches_are_folded_and_counted(finished: Workplace) -> None:
    bundle = read_bundle(finished.path / "models/small")
    low, high = Song("a", "", ["60", "_", "64", "_"]), Song("a", "", ["108", "_", "28", "_"])
    folded = evaluate(bundle, [high])
    assert folded.folded == 2
    assert melody_of(Song("a", "", ["36", "60"]), vocabulary_of(["60", "62"])).tokens.tolist() == [1, 1, 0]
    assert evaluate(bundle, [low]).folded == 0


def test_the_table_and_the_json_say_the_same(finished: Workplace) -> None:
    rows = json.loads(finished.succeeds("evaluate", "small", "--json"))
    table = finished.succeeds("evaluate", "small").splitlines()
    assert table[0].startswith(f"2 songs, {rows[0]['symbols']} symbols")
    assert " ".join(table[2].split()).startswith("bits per step per note per pitch top 1 top 3 calibration of pitch")
    shown = dict(re.split(r"  +(?=[\d-])", line, maxsplit=1) for line in table[3 : 3 + len(rows)])
    assert list(shown) == [row.get("bundle") or row["baseline"] for row in rows]
    for row, cells in zip(rows, shown.values(), strict=True):
        figures = row["without_metre"]
        bits, note, pitch, top_1, _, _, _, major, minor = cells.split()
        assert float(bits) == pytest.approx(row["bits_a_step"], abs=1e-4)
        assert (float(note), float(pitch)) == pytest.approx(
            (figures["all"]["bits_a_note"], figures["all"]["bits_a_pitch"]), abs=1e-3
        )
        assert float(top_1.rstrip("%")) == pytest.approx(100 * figures["all"]["top_1"], abs=0.1)
        assert (float(major), float(minor)) == pytest.approx(
            (figures["major"]["bits_a_step"], figures["minor"]["bits_a_step"]), abs=1e-4
        )


def test_the_manifest_has_its_figures_from_here(finished: Workplace) -> None:
    (row,) = json.loads(finished.succeeds("evaluate", "small", "--json", "--no-baselines"))
    held_out = read_bundle(finished.path / "models/small").manifest.held_out
    assert held_out["bits_a_step"] == pytest.approx(row["bits_a_step"], abs=1e-5)
    assert held_out["without_metre"] == row["without_metre"]
    assert (held_out["symbols"], row["with_metre"]) == (row["symbols"], None)


def test_a_model_that_takes_the_metre_is_read_with_and_without_it(reminded: Workplace) -> None:
    (row,) = json.loads(reminded.succeeds("evaluate", "small", "--json", "--no-baselines"))
    assert row["with_metre"]["all"]["bits_a_step"] == pytest.approx(row["bits_a_step_with_metre"], abs=1e-6)
    assert row["with_metre"]["all"] != row["without_metre"]["all"]
    assert "small, told the metre " in reminded.succeeds("evaluate", "small", "--no-baselines")


def test_modes_are_those_of_the_scores(finished: Workplace) -> None:
    rows = json.loads(finished.succeeds("evaluate", "small", "--json", "--no-baselines", "--corpus", SCORES))
    songs = read_songs(finished.path / "prepared/songs/held-out")
    assert {song.name: song.mode for song in songs} == {
        "scores-auld-lang-syne": "major",
        "scores-god-rest-you-merry": "minor",
    }
    figures = rows[0]["without_metre"]
    minor, major = len(songs[1].symbols) + 1, rows[0]["symbols"] - len(songs[1].symbols) - 1
    together = figures["minor"]["bits_a_step"] * minor + figures["major"]["bits_a_step"] * major
    assert together / (minor + major) == pytest.approx(figures["all"]["bits_a_step"], abs=1e-5)


def test_scores_are_measured_as_prepare_would_encode_them(finished: Workplace) -> None:
    arguments = ("evaluate", "small", "--json", "--no-baselines")
    corpus = json.loads(finished.succeeds(*arguments, "--corpus", SCORES / "ode-to-joy.krn"))
    (row,) = corpus
    song = next(s for s in read_songs(finished.path / "prepared/songs/training") if "ode" in s.name)
    assert (row["songs"], row["symbols"]) == (1, len(song.symbols) + 1)


def test_pictures_are_drawn(finished: Workplace, tmp_path: Path) -> None:
    out = finished.succeeds("evaluate", "small", "--plots", tmp_path / "plots")
    for name in ("bits.png", "reliability.png", "course.png"):
        assert str(tmp_path / "plots" / name) in out
        assert (tmp_path / "plots" / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no model 'nowhere'"),
        (["small", "--songs", "models"], "holds no encoded song"),
        (["small", "--songs", "prepared/songs/training"], "none is left for the baselines: --no-baselines"),
        (["small", "--songs", "prepared/songs/training", "--corpus", "."], "give one of them"),
        (["small", "--corpus", "models"], "holds no score"),
        (["small", "--corpus", SCORES / "triplets.krn"], "every song was refused"),
    ],
)
def test_a_users_mistake_is_one_line(finished: Workplace, arguments: list[object], message: str) -> None:
    assert message in finished.refuses("evaluate", *arguments)


@pytest.mark.parametrize(
    "content", [b"", b"/", b"60 _ x", b"60 / 62", b"128", b"\xff\xfe", b"60\nbars x", b"60\nmode dorian"]
)
def test_what_is_no_song_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "song.txt").write_bytes(content)
    with pytest.raises(UserError, match=r"song\.txt"):
        read_songs(tmp_path)


def test_a_final_end_is_taken_off(tmp_path: Path) -> None:
    (tmp_path / "song.txt").write_text("60 _ r /\n")
    assert read_songs(tmp_path) == [Song("song", "", ["60", "_", "r"])]
