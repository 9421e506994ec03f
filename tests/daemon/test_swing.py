"""Swing and triplets: how uneven eighths and threes in a beat are heard, shown, and played back."""

import json
import math
import random
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest import approx
from typer.testing import CliRunner

from antiphon.__main__ import app
from antiphon.errors import UserError
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import SwingChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.output.metronome import Click
from antiphon.improviser.tempo.division import Division, SetTempo
from antiphon.improviser.tempo.tempo_follower import TempoFollower
from antiphon.melody.swing import parse_swing, played, straightened, swing_name
from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.midi_files import save_events
from tests.daemon.players import BPM, improviser, ons, play
from tests.daemon.tunes import as_events

CASES = Path(__file__).parent / "cases" / "playing"
BEAT = 60 / BPM
SET_BPM = 100.0
ratios = st.floats(1.3, 2.0)


def heard(seconds: Sequence[float], counter: TempoFollower | SetTempo | None = None) -> list[Division]:
    """Return what is known after each of some intervals, at a tempo that is set to `SET_BPM`."""
    division, found = Division(), list[Division]()
    counter = counter or TempoFollower(SET_BPM)
    for each in seconds:
        division, counter = division.after(each, counter)
        found.append(division)
    return found


def steps(found: Sequence[Division]) -> list[int]:
    return [each.steps for each in found]


def pairs(bpm: float, ratio: float, count: int) -> list[float]:
    """Return the seconds of swung eighths, long to short as `ratio`, so many pairs."""
    beat = 60 / bpm
    return [beat * ratio / (1 + ratio), beat / (1 + ratio)] * count


@given(st.floats(-20, 20), st.floats(0.5, 0.67))
def test_what_is_straightened_is_where_it_was_written(place: float, share: float) -> None:
    assert straightened(played(place, share), share) == approx(place, abs=1e-9)
    assert played(math.floor(place), share) == math.floor(place)
    assert played(place, 0.5) == approx(place)


@pytest.mark.parametrize(("text", "share"), [("auto", None), ("50", 0.5), ("58.5 %", 0.585), ("67%", 0.67)])
def test_swing_is_said_as_drum_machines_say_it(text: str, share: float | None) -> None:
    assert parse_swing(text) == (share if share is None else approx(share))
    assert swing_name(parse_swing(text)) == text.rstrip(" %")


@pytest.mark.parametrize("text", ["", "49.9", "68", "0", "nan", "inf", "swing", "2:1"])
def test_what_is_no_swing_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(UserError, match=f"^swing {text}: say .*50 is straight") as refused:
        parse_swing(text)
    assert "\n" not in str(refused.value)


@given(st.floats(110, 180), ratios)
@example(120.0, 2.0)
def test_swung_eighths_are_eighths_at_any_tempo(bpm: float, ratio: float) -> None:
    found = heard(pairs(bpm, ratio, 12))
    assert steps(found)[8:] == steps(heard([30 / bpm] * 24))[8:]  # as straight ones are: at half the tempo, sixteenths
    assert set(steps(found)[8:]) <= {1, 2}
    assert found[-1].share == approx(ratio / (1 + ratio), abs=0.01)


@given(st.floats(51, 230), ratios)
def test_at_a_tempo_that_is_set_they_swing_after_four_pairs(bpm: float, ratio: float) -> None:
    assert steps(heard(pairs(bpm, ratio, 6), SetTempo(bpm)))[8:] == [2] * 4


@given(st.floats(66, 94))
def test_quarters_and_eighths_of_six_eight_do_not_swing(bpm: float) -> None:
    """Between 66 and 94 dotted quarters a minute, where 100 quarters are set: at 100 they would be swung eighths."""
    found = heard(pairs(bpm, 2.0, 12))
    assert not any(each.swings for each in found)
    assert set(steps(found)[8:]) == {4, 2}


@given(st.integers(0, 1000), st.floats(70, 140))
def test_straight_eighths_that_a_hand_plays_do_not_swing(seed: int, bpm: float) -> None:
    chance = random.Random(seed)  # noqa: S311
    onsets = [number * 30 / bpm + chance.gauss(0, 0.008) for number in range(40)]
    assert not any(each.swings for each in heard([b - a for a, b in pairwise(onsets)]))


def test_a_first_pair_that_nothing_bears_out_is_an_eighth_and_a_sixteenth() -> None:
    found = heard([0.3, 0.15, 0.15, 0.6, 0.6, 0.3, 0.3])
    assert [each.swings for each in found] == [False, True, *[False] * 5]
    assert steps(found)[2:] == [1, 4, 4, 2, 2]


def test_who_stops_swinging_is_heard_straight_again() -> None:
    found = heard([*pairs(120, 2.0, 8), *[0.25] * 16])
    assert found[15].swings
    assert not found[-1].swings
    assert steps(found)[8:] == [2] * 24


@given(st.floats(80, 125), st.integers(4, 9))
@example(96.0, 4)
def test_a_triplet_fills_its_beat_and_the_beats_after_it_stay(bpm: float, before: int) -> None:
    beat = 60 / bpm
    found = heard([*[beat] * before, *[beat / 3] * 3, beat, beat, *[beat / 3] * 3, beat, beat])
    counted = steps(found)
    assert sum(counted[before : before + 3]) == sum(counted[before + 5 : before + 8]) == 4
    assert [counted[index] for index in (before + 3, before + 4, before + 8, before + 9)] == [4] * 4
    assert [index - before for index, each in enumerate(found) if each.ends_triplet] == [2, 7]


def test_three_sixteenths_are_no_triplet() -> None:
    found = heard([0.6] * 5 + [0.15] * 4 + [0.6] * 4 + [0.3, 0.15, 0.15, 0.6])
    assert not any(each.ends_triplet for each in found)
    assert steps(found) == [4] * 5 + [1] * 4 + [4] * 4 + [2, 1, 1, 4]


def listened(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> list[dict[str, float]]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    notes = json.loads((CASES / f"{case}.json").read_text(encoding="utf-8"))["notes"]
    file = save_events(tmp_path / "case.mid", as_events(notes), 300)
    done = CliRunner().invoke(app, ["listen", str(file), "--json", "--sync", "auto", "--bpm", "100", *options])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_listen_says_how_it_swings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = listened("swing-120", tmp_path, monkeypatch)
    assert [note["swing"] for note in notes[:2]] == [50, 50]
    assert notes[-1]["swing"] == approx(66.7, abs=0.2)
    assert not any(note["triplet"] for note in notes)
    assert notes[-1]["bpm"] == approx(120, abs=1)


def test_listen_says_what_is_a_triplet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = listened("triplet-in-quarters", tmp_path, monkeypatch)
    assert [index for index, note in enumerate(notes) if note["triplet"]] == [4, 5, 6, 8, 9, 10]
    assert {note["swing"] for note in notes} == {50}


def line(seconds: Sequence[float], start: float = 0.0) -> list[tuple[float, NoteOn | NoteOff]]:
    """Return the events of a rising line with these intervals, and a last note of a beat."""
    onsets = list(accumulate(seconds, initial=start))
    ends = [*(onset - 0.02 for onset in onsets[1:]), onsets[-1] + 0.9 * BEAT]
    notes = zip(onsets, ends, range(len(onsets)), strict=True)
    return as_events([(onset, end, 60 + 2 * (number % 4)) for onset, end, number in notes])


def on_clicks(style: Style, ratio: float) -> tuple[Improviser, list[Timed]]:
    """Let an improviser, whose metronome is heard, answer a call of swung eighths."""
    player = improviser(mode="call-response", style=style, click=Click(10, 76, 77))
    return player, play(player, line(pairs(BPM, ratio, 12)))


def places(messages: Sequence[Timed]) -> set[float]:
    """Return where in the beat the notes of the answer start."""
    starts = [time / BEAT for time, note in ons(messages) if note.channel == 2]
    assert len(starts) > 8
    return {round(start % 1, 3) % 1 for start in starts}


def sixteenths(share: float) -> set[float]:
    return {round(played(number / 4, share), 3) for number in range(4)}


@pytest.mark.parametrize("ratio", [1.3, 1.6, 2.0])
def test_on_a_shared_beat_answers_swing_as_the_performer_does(ratio: float) -> None:
    player, messages = on_clicks(Style(swing=None, candidates=4), ratio)
    share = player.snapshot().heard_swing
    assert share == approx(ratio / (1 + ratio), abs=0.001)
    assert len(places(messages) - {0.0}) >= 1
    assert all(min(abs(place - one) for one in sixteenths(share)) < 0.002 for place in places(messages))


def test_answers_swing_as_they_are_told_to() -> None:
    assert places(on_clicks(Style(swing=0.5, candidates=4), 2.0)[1]) <= {0.0, 0.25, 0.5, 0.75}
    told = places(on_clicks(Style(swing=0.6, candidates=4), 1.0)[1])
    assert told <= sixteenths(0.6)
    assert not told <= {0.0, 0.5}


@pytest.mark.parametrize("intervals", [24, 23])
def test_without_a_shared_beat_they_swing_from_where_the_beat_was_heard(intervals: int) -> None:
    """The call may end off the beat."""
    player = improviser(mode="call-response", sync="auto", style=Style(swing=None, candidates=4))
    starts = [
        time / BEAT for time, note in ons(play(player, line(pairs(BPM, 2.0, 12)[:intervals]))) if note.channel == 2
    ]
    off = [(min(abs(start % 1 - one) for one in (*sixteenths(2 / 3), 1.0)), start % 1) for start in starts]
    # The tempo that was heard is within a five-hundredth of hers: after 16 beats that is 0.03.
    assert max(far for far, _ in off) < 0.04
    assert any(abs(place - 2 / 3) < 0.04 for _, place in off)


def test_swing_is_changed_from_the_next_answer_on() -> None:
    player = improviser(mode="call-response", style=Style(swing=0.5, candidates=4), click=Click(10, 76, 77))
    player.receive(0.0, SwingChange(0.62))
    assert player.snapshot().swing == 0.62
    assert places(play(player, line([BEAT / 2] * 24))) <= sixteenths(0.62)
