"""The audition's stream: the shipped bundle hears tunes in a row as well as each alone, where a pause is between."""

from pathlib import Path

import msgspec
import pytest

from antiphon.melody.bundle import read_bundle
from antiphon.settings import packaged_defaults
from antiphon_trainer.audition import stream
from antiphon_trainer.corpus.songs import Song

ODE = [symbol for pitch in (64, 64, 65, 67, 67, 65, 64, 62) for symbol in (str(pitch), "_", "_", "_")]
_SYMBOLS = "67 _ 64 _ 64 _ _ _ 65 _ 62 _ 62 _ _ _ 60 _ 62 _ 64 _ 65 _ 67 _ 67 _ 67 _ _ _"
OTHER = _SYMBOLS.split()
SONGS = [Song(str(number), "", symbols) for number, symbols in enumerate([ODE, OTHER] * 6)]


def test_tunes_in_a_row_cost_no_more_where_a_pause_is_between(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = read_bundle(Path("models/essen"))
    found = stream.measure(bundle, SONGS, seed=1)
    assert found.paused == pytest.approx(found.set_back, abs=1e-3)
    assert found.unpaused != found.set_back
    lines = found.lines()
    assert "12 songs" in lines[0]
    assert f"{found.paused:.3f}" in lines[2]
    assert found.as_json() == msgspec.to_builtins(found)
    monkeypatch.setattr(stream, "PAUSE", packaged_defaults()["play"]["tune_silence"] - 1)
    assert stream.measure(bundle, SONGS, seed=1).paused != found.paused
