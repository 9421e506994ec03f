"""Which pairs of melodies a page for listeners gets: from the command, and from songs of which some can't be used."""

import json
from pathlib import Path

import pytest

from antiphon.improviser.answering.two_voices import CLASHES
from antiphon.melody.bundle import read_bundle
from antiphon_trainer.audition.listeners.excerpts import STEP_SECONDS, excerpts
from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.corpus.songs import Song
from tests.trainer.conftest import Workplace

BAR = ["60", "_", "_", "_", "62", "_", "_", "_", "64", "_", "_", "_", "65", "_", "_", "_"]
LONG = Song("long", "", BAR * 4, [Barline(16 * bar, 0, 16) for bar in range(4)], "major")
SHORT = Song("short", "", BAR * 3, [Barline(16 * bar, 0, 16) for bar in range(3)], "major")


def test_each_pair_is_a_call_with_two_that_follow_or_a_tune_with_two_second_voices_and_the_seed_decides(
    finished: Workplace,
) -> None:
    bundle = read_bundle(finished.path / "models/small")
    pairs = excerpts(bundle, [SHORT, LONG], 1)
    assert pairs == excerpts(bundle, [SHORT, LONG], 1)
    assert {frozenset((origin.a, origin.b)) for excerpt, origin in pairs if not excerpt.together} == {
        frozenset(two) for two in (("song", "antiphon"), ("song", "plain sampling"), ("antiphon", "plain sampling"))
    }
    for excerpt, origin in pairs:
        if excerpt.together:
            continue
        assert len(excerpt.phrase) == 8
        assert all(start >= 32 * STEP_SECONDS for start, _, _ in (*excerpt.a, *excerpt.b))
        song = {"a": excerpt.a, "b": excerpt.b}.get("a" if origin.a == "song" else "b" if origin.b == "song" else "")
        moved = excerpt.phrase[0][2] - 60
        assert song is None or [pitch - moved for _, _, pitch in song] == [60, 62, 64, 65] * 2
    ((duet, origin),) = ((excerpt, origin) for excerpt, origin in pairs if excerpt.together)
    assert {origin.a, origin.b} == {"harmony 0", "harmony 1"}
    onsets = [start for start, _, _ in duet.phrase]
    assert onsets == pytest.approx([4 * STEP_SECONDS * number for number in range(16)], abs=1e-3)
    for voice in (duet.a, duet.b):  # each of its notes starts with one of the tune
        assert [start for start, _, _ in voice] == pytest.approx(onsets, abs=1e-3)
    clashes = {
        name: sum(
            abs(one - other) % 12 in CLASHES for (_, _, one), (_, _, other) in zip(duet.phrase, voice, strict=True)
        )
        for name, voice in ((origin.a, duet.a), (origin.b, duet.b))
    }
    assert clashes["harmony 1"] < clashes["harmony 0"]
    firsts = {excerpts(bundle, [LONG], seed)[0][1].a for seed in range(8)}
    assert len(firsts) > 1


def test_the_command_writes_the_page_and_apart_from_it_whose_the_melodies_are(
    finished: Workplace, tmp_path: Path
) -> None:
    said = finished.succeeds("audition", "models/small", "--listen", tmp_path / "ears")
    assert "listen.html" in said
    origins = json.loads((tmp_path / "ears/origins.json").read_text())
    assert f"{len(origins['origins'])} pairs" in said
    assert origins["bundle"] == "models/small"


def test_songs_that_are_too_short_are_said_to_be(finished: Workplace, tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs/short.txt").write_text(" ".join(BAR))
    said = finished.refuses("audition", "models/small", "--songs", tmp_path / "songs", "--listen", tmp_path / "ears")
    assert "no song is long enough" in said
    assert not (tmp_path / "ears").exists()
