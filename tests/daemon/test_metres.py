"""Metres: how long beats and bars are, in compound metres too, and what follows for metronome, taps and answers."""

from pathlib import Path

import pytest
from pytest import approx

from antiphon.improviser.output.metronome import Click, Metronome
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.melody.metre import parse_metre
from antiphon.musician import load_musician
from antiphon.settings import read_settings
from tests.daemon.players import ons
from tests.daemon.tunes import events

METRES = [
    ("4/4", 16, 4),
    ("3/4", 12, 4),
    ("2/2", 16, 4),
    ("6/8", 12, 6),
    ("9/8", 18, 6),
    ("12/8", 24, 6),
    ("3/8", 6, 6),
    ("5/8", 10, 2),
    ("6/16", 6, 3),
    ("3/16", 3, 3),
]


@pytest.mark.parametrize(("metre", "bar", "beat"), METRES)
def test_a_bar_has_its_beats(metre: str, bar: int, beat: int) -> None:
    signature = parse_metre(metre, "metre")
    assert (signature.bar, signature.bar_of(4), signature.beat_of(4)) == (bar, bar, beat)
    time = Timekeeper(Tempo(120), metre=signature)
    assert (time.bar, time.beat, time.quarter, time.is_simple) == (bar, beat, 4, beat == 4)


@pytest.mark.parametrize(("metre", "clicks"), [("6/8", 2), ("9/8", 3), ("12/8", 4), ("3/4", 3)])
def test_the_metronome_clicks_on_the_beats_of_the_bar(metre: str, clicks: int) -> None:
    time = Timekeeper(Tempo(120), metre=parse_metre(metre, "metre"), is_heard=True)
    metronome = Metronome(Click(10, 76, 77), time.beat, time.bar)
    metronome.set_out(0)
    taken = [(metronome.next_time(time.tempo), metronome.take().pitch) for _ in range(2 * clicks)]
    gap = 0.5 * time.beat / 4
    assert [moment for moment, _ in taken] == approx([number * gap for number in range(2 * clicks)])
    assert [pitch for _, pitch in taken] == [77, *[76] * (clicks - 1)] * 2


def test_a_tap_in_six_eight_is_a_dotted_quarter() -> None:
    time = Timekeeper(Tempo(100), metre=parse_metre("6/8", "metre"))
    time.tap(1.0)
    assert time.tap(2.0) == approx(90)
    assert time.tempo.bpm == approx(90)


@pytest.mark.parametrize("metre", ["6/8", "9/8", "12/8"])
def test_answers_start_on_a_beat_of_compound_bars(metre: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    play = {"mode": "call-response", "metre": metre, "seed": 1, "candidates": 4, "bpm": 120.0}
    musician = load_musician(read_settings(None, {"play": play, "metronome": {"on": True, "count_in": 0}}))
    player = musician.improviser(120.0, 0.0, 2, clicks=False)
    jig = [(67, 1.0), (64, 0.5), (65, 1.0), (62, 0.5), (64, 0.5), (62, 0.5), (64, 0.5), (60, 1.5)] * 3
    answered = [each for time, event in events(jig, 120) for each in player.receive(time, event)]
    answered += player.advance(60.0)
    first = next(time for time, note in ons(answered) if note.channel == 2)
    bar = parse_metre(metre, "metre").bar * 0.125
    assert (first / bar + 0.02) % 1 < 0.04
