"""Sessions: what is played in them, what they are measured by, and what the command prints."""

import json
from pathlib import Path

import numpy as np
import pytest

from antiphon.improviser.memory.weights import weights_of
from antiphon.melody.bundle import read_bundle
from antiphon.melody.grid import read
from antiphon.melody.vocabulary import Vocabulary
from antiphon.musician import load_musician
from antiphon.settings import read_settings as read_daemon_settings
from antiphon_trainer.audition.sessions.measuring import ALL, measured
from antiphon_trainer.audition.sessions.playing import Played, heard, told
from antiphon_trainer.audition.sessions.playlists import PLAYLISTS, Choice
from antiphon_trainer.conversion.reference_melodies import TUNES
from antiphon_trainer.corpus.songs import read_songs
from antiphon_trainer.evaluation.scoring import score
from antiphon_trainer.memory.tunes import Tune
from antiphon_trainer.memory.variations import SCALE, variation
from antiphon_trainer.settings import read_settings

from .conftest import Workplace

ESSEN = Path(__file__).parents[2] / "models/essen"
TONES = Vocabulary(("60", "62", "/", "_", "r"))


def probabilities(of_came: float, tokens: list[int]) -> np.ndarray:
    """Give what came so much, and all else the rest in equal parts."""
    table = np.full((len(tokens), len(TONES)), (1 - of_came) / (len(TONES) - 1), np.float32)
    table[np.arange(len(tokens)), tokens] = of_came
    return table


def test_a_session_is_measured_by_the_notes_before() -> None:
    tokens = [0, 3] * 300  # a note of two steps, 300 times: the gain begins after 200
    tunes = []
    for number in range(4):
        here = tokens[number * 150 : (number + 1) * 150]
        notes = 75 * number + np.arange(150) // 2 + 1
        frozen, mixed = probabilities(0.25, here), probabilities(0.25, here)
        mixed[notes > 200] = probabilities(0.5, here)[notes > 200]
        tunes.append(Played(np.array(here, np.int32), frozen, mixed))
    session = measured(tunes, TONES)
    early, late, whole = (session.parts[name] for name in ("0-200", "200-1,000", ALL))
    assert (session.tunes, early.notes, late.notes, whole.notes) == (4, 200, 100, 300)
    assert (early.frozen, early.gain, late.gain) == pytest.approx((2, 0, 1), abs=1e-6)
    assert whole.gain == pytest.approx(1 / 3, abs=1e-6)
    assert (early.error, late.error) == pytest.approx((0, 0), abs=1e-6)
    assert whole.error > 0.1
    assert "later" not in session.parts
    assert late.ppm < 0.1  # what has come 200 times


def test_a_variation_keeps_the_length_and_most_notes_and_is_another_each_time() -> None:
    draw = np.random.default_rng(1)
    for song in read_songs(TUNES):
        first, second = variation(song, draw), variation(song, draw)
        assert first.symbols != second.symbols
        assert len(first.symbols) == len(song.symbols)
        same = np.mean([one == other for one, other in zip(first.symbols, song.symbols, strict=True)])
        assert 0.4 < same < 1
        in_scale = {note.pitch % 12 in SCALE for note in read(song.symbols) if note.pitch}
        if in_scale == {True}:
            assert {note.pitch % 12 in SCALE for note in read(first.symbols) if note.pitch} == {True}


def test_no_song_of_the_unrelated_ones_is_a_version_of_another() -> None:
    songs = read_songs(TUNES)
    choice = Choice([*songs, *songs], read_settings(None, {}).prepare, seed=1)
    assert sorted(tune.song.name for tune in PLAYLISTS["German, held out"](choice)) == sorted(s.name for s in songs)


def test_the_command_plays_sessions_by_ear_and_with_the_key_told_and_draws_the_gains(
    finished: Workplace, tmp_path: Path
) -> None:
    picture = tmp_path / "gains.png"
    table = finished.succeeds(
        "audition",
        ESSEN,
        "--memory",
        "--most",
        2,
        "--plot",
        picture,
        "--only",
        "twelve tunes varied",
        "--only",
        "tenfold",
    )
    for words in (
        "2 tunes",
        "key heard: network alone",
        "PPM* of the session alone",
        "key told",
        "IDyOM 2.10",
        "(2 songs",
    ):
        assert words in table
    assert picture.read_bytes().startswith(b"\x89PNG")
    figures = json.loads(finished.succeeds("audition", ESSEN, "--memory", "--most", 2, "--only", "tenfold", "--json"))
    assert f"{figures['tenfold']['pitch_bits']:.3f}" in table
    assert figures["heard"] == figures["told"] == {}


def test_a_tune_is_known_when_it_comes_back_by_ear_and_in_another_key_and_when_the_key_is_told() -> None:
    ode, other = (song for song in read_songs(TUNES) if song.name in ("ode-to-joy", "god-rest-ye-merry"))
    playlist = [Tune(other, 1), Tune(ode, 3), Tune(other, -2)]
    musician = load_musician(read_daemon_settings(None, {"play": {"model": str(ESSEN), "key": "auto"}}))
    bundle = musician.bundle
    for played in (heard(musician, playlist, lambda tunes: None), told(bundle, weights_of(bundle), playlist)):
        needed = [
            [score(of, tune.tokens, bundle.vocabulary).bits.mean() for of in (tune.mixed, tune.frozen)]
            for tune in played
        ]
        shares = [mixed / frozen for mixed, frozen in needed]
        assert shares[2] < 0.7
        assert shares[0] > shares[2] + 0.2


def test_there_is_no_other_session(finished: Workplace) -> None:
    assert "twelve tunes varied" in finished.refuses("audition", ESSEN, "--memory", "--only", "jazz")
    assert "no encoded song" in finished.refuses("audition", ESSEN, "--memory", "--songs", "nowhere")


def test_the_shipped_weights_are_small() -> None:
    assert 0 < len(read_bundle(ESSEN).memory) < 8192
