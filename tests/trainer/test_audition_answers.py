"""What counts as an answer that closes, and the figures of a small bundle."""

import json
from pathlib import Path

import pytest

from antiphon.melody.bundle import read_bundle
from antiphon.melody.grid import Note
from antiphon.melody.model import LiteModel
from antiphon_trainer.audition.answers import measure
from antiphon_trainer.audition.calls import Phrase, Question, question, refusal
from antiphon_trainer.corpus.metre import Barline
from antiphon_trainer.corpus.songs import Song, read_songs

from .conftest import Workplace

BAR = ["60", "_", "_", "_", "62", "_", "_", "_", "64", "_", "_", "_", "65", "_", "_", "_"]
SONG = Song("song", "", BAR * 4, [Barline(0, 12, 16), *(Barline(4 + 16 * bar, 0, 16) for bar in range(4))], "major")
"""Quarter notes in 4/4, with an upbeat."""


@pytest.fixture(scope="module")
def asked(finished: Workplace) -> Question:
    bundle = read_bundle(finished.path / "models/small")
    return question(LiteModel(bundle), bundle.vocabulary, SONG)


def phrase(*notes: tuple[int | None, int], own: bool = True) -> Phrase:
    return Phrase(tuple(Note(pitch, steps) for pitch, steps in notes), own)


@pytest.mark.parametrize(
    ("answer", "closes"),
    [
        (phrase((62, 20), (60, 12)), True),
        (phrase((62, 4), (67, 12)), True),
        (phrase((62, 28), (64, 4)), True),
        (phrase((62, 20), (60, 12), own=False), False),
        (phrase((62, 20), (69, 12)), False),  # A is of A minor's triad
        (phrase((62, 18), (60, 14)), False),  # off the beat
        (phrase((62, 30), (60, 2)), False),  # short
        (phrase((62, 20), (60, 8), (None, 4)), False),
        (phrase((62, 20), (60, 16)), False),  # into the next upbeat
        (phrase(), False),
    ],
)
def test_an_answer_closes_on_the_triad_on_a_beat_at_the_bars_end(asked: Question, answer: Phrase, closes: bool) -> None:
    assert asked.closed_by(answer) == closes


def test_a_call_is_two_bars_with_its_upbeat(asked: Question) -> None:
    assert asked.call.upbeat == 4
    assert sum(note.steps for note in asked.call.notes) == 32
    assert (asked.bars.position, asked.bars.length, asked.bars.beat) == (12, 16, 4)
    assert asked.goes_on is not None
    assert asked.copied_by(asked.goes_on)
    assert asked.goes_on.own
    assert asked.notes_a_bar(asked.goes_on) == 4


@pytest.mark.parametrize(
    ("song", "why"),
    [
        (SONG, ""),
        (Song("", "", BAR * 2, SONG.barlines), "mode"),
        (Song("", "", BAR * 2, [], "major"), "metre"),
        (Song("", "", BAR, SONG.barlines, "major"), "short"),
        (Song("", "", ["r"] * 32, SONG.barlines, "major"), "silent"),
        (Song("", "", BAR * 2, [Barline(0, 0, 16), Barline(16, 0, 12)], "major"), "lengths"),
        (Song("", "", BAR * 2, [Barline(0, 0, 16), Barline(12, 0, 16)], "major"), "lengths"),
    ],
)
def test_songs_that_give_no_call_are_named(song: Song, why: str) -> None:
    assert why in refusal(song)
    assert bool(why) == bool(refusal(song))


def test_the_figures_are_repeatable_and_printed(finished: Workplace) -> None:
    bundle = read_bundle(finished.path / "models/small")
    songs = [SONG, Song("", "", BAR, [], "major"), *read_songs(finished.path / "prepared/songs/training")]
    first, second = (measure(bundle, songs, seed=1).as_json() for _ in range(2))
    times = ("milliseconds_p50", "milliseconds_p99")
    assert {k: v for k, v in first.items() if k not in times} == {k: v for k, v in second.items() if k not in times}
    assert first["calls"] + sum(first["skipped"].values()) == len(songs)
    assert sum(first["bars"].values()) == first["calls"]
    lines = measure(bundle, songs, seed=1).lines()
    assert lines[0].startswith(f"answers to {first['calls']} calls")
    assert f"{first['closes']:.1%}" in lines[1]
    assert all(len(line) <= 120 for line in lines)


def test_the_command_says_how_related_songs_answers_and_samples_are_to_their_calls(finished: Workplace) -> None:
    measured = ("audition", "models/small", "--songs", "prepared/songs/training", "--only", "motifs")
    table = finished.succeeds(*measured)
    for words in ("motifs: share of what follows", "the songs go on", "answers", "plain sampling"):
        assert words in table
    figures = json.loads(finished.succeeds(*measured, "--json"))["motifs"]
    assert figures["calls"] > 0
    for row in ("songs", "answers", "plain"):
        assert all(0 <= figures[row][name] <= 1 for name in ("intervals", "rhythm", "copies"))
    assert f"{figures['songs']['intervals']:.3f}" in table


def test_the_shipped_bundle_closes_more_often_than_plain_sampling() -> None:
    pitches = [64, 64, 65, 67, 67, 65, 64, 62]
    other = "67 _ 64 _ 64 _ _ _ 65 _ 62 _ 62 _ _ _ 60 _ 62 _ 64 _ 65 _ 67 _ 67 _ 67 _ _ _"
    ode = [symbol for pitch in pitches for symbol in (str(pitch), "_", "_", "_")]
    songs = [
        Song(str(number), "", symbols, [Barline(0, 0, 16), Barline(16, 0, 16)], "major")
        for number, symbols in enumerate([ode, other.split()] * 4)
    ]
    found = measure(read_bundle(Path(__file__).parents[2] / "models/essen"), songs, seed=1)
    assert (found.calls, found.closes, found.copies) == (8, 1.0, 0.0)
    assert found.plain_closes < 1
    assert found.bits < found.median_bits
