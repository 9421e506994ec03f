"""Bits a step."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from antiphon.errors import UserError
from antiphon.melody.bundle import read_bundle
from antiphon.melody.vocabulary import vocabulary_of
from antiphon_trainer.evaluation import evaluate, melody_of
from antiphon_trainer.songs import Song, onsets, read_songs

from .conftest import Workplace


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
    (row,) = json.loads(finished.succeeds("evaluate", "small", "--json"))
    manifest = read_bundle(finished.path / "models/small").manifest
    assert row["bits_a_step"] == pytest.approx(manifest.held_out["bits_a_step"], abs=1e-5)
    assert row["symbols"] == manifest.held_out["symbols"]
    table = finished.succeeds("evaluate", "models/small", "models/small", "--songs", "prepared/songs/training")
    heading, one, other = table.splitlines()
    assert heading.split()[:3] == ["bundle", "bits", "a"]
    assert one == other
    assert one.split()[2:4] == ["-", "3"]


def test_a_users_mistake_is_one_line(finished: Workplace) -> None:
    assert "no model 'nowhere'" in finished.refuses("evaluate", "nowhere")
    assert "holds no encoded song" in finished.refuses("evaluate", "small", "--songs", "models")


@pytest.mark.parametrize("content", [b"", b"/", b"60 _ x", b"60 / 62", b"128", b"\xff\xfe", b"60\nbars x"])
def test_what_is_no_song_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "song.txt").write_bytes(content)
    with pytest.raises(UserError, match=r"song\.txt"):
        read_songs(tmp_path)


def test_a_final_end_is_taken_off(tmp_path: Path) -> None:
    (tmp_path / "song.txt").write_text("60 _ r /\n")
    assert read_songs(tmp_path) == [Song("song", "", ["60", "_", "r"])]
