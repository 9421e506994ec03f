"""What the tempo follows in a MIDI file, through `listen` and `render`: its map, the playing, or its clock."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import pytest
from click.testing import Result
from typer.testing import CliRunner

from antiphon.__main__ import app
from antiphon.midi.codec import encode
from antiphon.midi.messages import ClockPulse, ClockStart
from antiphon.recording.session_file import Track, build, message_event, settings_event
from antiphon.recording.tempo_map import TICKS_PER_BEAT
from tests.daemon.midi_files import save_tune
from tests.daemon.tunes import ODE_TO_JOY, Tune, events

PLAYED_BPM = 100.0
WALTZ: Tune = [(pitch, beats) for bar in (60, 62, 64, 65, 67) for pitch, beats in ((bar, 2), (bar + 4, 1))]


@pytest.fixture(autouse=True)
def _no_settings_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def heard(*arguments: object) -> list[dict[str, Any]]:
    done = invoke("listen", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def save_misleading(path: Path, tune: Tune = ODE_TO_JOY) -> Path:
    """Write a tune that is played at 100 BPM to a file that says 163, as a DAW does where nobody plays to its grid."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = file.add_track("Tune")
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(163)))
    now = 0
    for time, event in events(tune, PLAYED_BPM):
        tick = round(time * 163 / 60 * 480)
        track.append(mido.Message.from_bytes(encode(event), time=tick - now))
        now = tick
    file.save(path)
    return path


def save_session(path: Path, tune: Tune, clock_bpm: float, sync: str = "fixed", starts_at: int = 0) -> Path:
    """Write a set that was played to a MIDI clock, in a file that says 120 BPM.

    Its pulses go on from the tune's first note, and its transport starts at the beat `starts_at`.
    """
    played = [(time, encode(event)) for time, event in events(tune, clock_bpm)]
    pulses = [(number * 2.5 / clock_bpm, encode(ClockPulse())) for number in range(24 * 20)]
    start = [(starts_at * 60 / clock_bpm, encode(ClockStart()))]
    on_track = sorted([*start, *pulses, *played], key=lambda pair: pair[0])
    header = settings_event({"settings": {"play": {"sync": sync, "metre": "3/4"}}})
    told = [(round(time * 2 * TICKS_PER_BEAT), message_event(message)) for time, message in on_track]
    content, _ = build(
        [(Track.TEMPO, 0, header), *((Track.PERFORMER, tick, event) for tick, event in told if event is not None)]
    )
    path.write_bytes(content)
    return path


def steps_between(notes: list[dict[str, Any]]) -> list[int]:
    return [later["step"] - earlier["step"] for earlier, later in pairwise(notes)]


def written(tune: Tune) -> list[int]:
    return [round(4 * beats) for _, beats in tune[:-1]]


def test_a_configured_sync_counts_for_files_too(tmp_path: Path) -> None:
    file = save_misleading(tmp_path / "ode.mid")
    assert steps_between(heard(file)) != written(ODE_TO_JOY)
    (tmp_path / "config.toml").write_text('[play]\nsync = "auto"\n')
    notes = heard(file)
    assert steps_between(notes) == written(ODE_TO_JOY)
    assert notes[0]["bpm"] == 100  # the configured one to begin with, not the file's 163
    assert all(note["bpm"] == pytest.approx(PLAYED_BPM, rel=0.03) for note in notes[8:])


def test_the_option_beats_the_configured_sync(tmp_path: Path) -> None:
    file = save_misleading(tmp_path / "ode.mid")
    by_map = heard(file)
    (tmp_path / "config.toml").write_text('[play]\nsync = "auto"\n')
    assert heard(file, "--sync", "fixed") == by_map
    assert {note["bpm"] for note in heard(file, "--bpm", "90")} == {90}  # as `run --bpm 90`
    (tmp_path / "config.toml").unlink()
    assert steps_between(heard(file, "--sync", "auto")) == written(ODE_TO_JOY)


def test_render_follows_the_playing_where_it_is_told_to(tmp_path: Path) -> None:
    file = save_misleading(tmp_path / "ode.mid")

    def rendered(*options: str) -> bytes:
        done = invoke("render", file, tmp_path / "duet.mid", "--seed", 1, "--mode", "call-response", *options)
        assert done.exit_code == 0, done.output
        return (tmp_path / "duet.mid").read_bytes()

    by_map, by_playing = rendered(), rendered("--sync", "auto")
    assert by_map != by_playing
    (tmp_path / "config.toml").write_text('[play]\nsync = "auto"\n')
    assert rendered() == by_playing
    assert rendered("--sync", "fixed") == by_map


def test_the_clock_of_a_recorded_set_tells_tempo_and_bar(tmp_path: Path) -> None:
    file = save_session(tmp_path / "set.mid", WALTZ, 84)
    notes = heard(file, "--sync", "clock")
    assert all(note["knows_bar"] for note in notes)
    assert [note["beat"] for note in notes] == [1, 3] * 5
    assert notes[-1]["bpm"] == pytest.approx(84, abs=0.5)
    assert steps_between(notes) == written(WALTZ)
    in_four = heard(file, "--sync", "clock", "--metre", "4/4")
    assert [note["beat"] for note in in_four] == [1, 3, 4, 2, 3, 1, 2, 4, 1, 3]


def test_what_was_heard_moves_along_where_the_clock_starts_later(tmp_path: Path) -> None:
    notes = heard(save_session(tmp_path / "set.mid", WALTZ, 84, starts_at=6), "--sync", "clock")
    assert [note["knows_bar"] for note in notes] == [False] * 4 + [True] * 6
    assert [note["beat"] for note in notes[4:]] == [1, 3] * 3
    assert steps_between(notes) == written(WALTZ)


def test_a_recorded_set_is_heard_with_its_own_sync(tmp_path: Path) -> None:
    file = save_session(tmp_path / "set.mid", WALTZ, 84, sync="clock")
    assert heard(file) == heard(file, "--sync", "clock")
    assert heard(file) != heard(file, "--sync", "fixed")


@pytest.mark.parametrize("command", ["listen", "render"])
def test_a_clock_that_the_file_lacks(tmp_path: Path, command: str) -> None:
    file = save_misleading(tmp_path / "ode.mid")
    rest = [] if command == "listen" else [tmp_path / "duet.mid", "--seed", 1]
    asked = invoke(command, file, *rest, "--sync", "clock")
    assert asked.exception is not None
    assert "holds no MIDI clock" in str(asked.exception) and "--sync auto" in str(asked.exception)
    assert "\n" not in str(asked.exception)
    plain = invoke(command, file, *rest)
    for configured in ("clock", "link"):
        (tmp_path / "config.toml").write_text(f'[play]\nsync = "{configured}"\n')
        done = invoke(command, file, *rest)
        assert (done.exit_code, done.stdout) == (0, plain.stdout)
        assert done.stderr.count("\n") == 1
        assert "its tempo map is followed instead" in done.stderr


def test_link_is_no_sync_of_a_file(tmp_path: Path) -> None:
    done = invoke("listen", save_misleading(tmp_path / "ode.mid"), "--sync", "link")
    assert done.exit_code == 2


def test_phrase_starts_and_beats_are_said(tmp_path: Path) -> None:
    tune: Tune = [(60, 1), (62, 0.5), (64, 0.5), (65, 4), (67, 1), (65, 1)]
    file = save_tune(tmp_path / "two.mid", tune, legato=0.2)
    notes = heard(file, "--metre", "3/4")
    assert [note["starts_phrase"] for note in notes] == [True, False, False, False, True, False]
    assert [note["beat"] for note in notes] == [1, 2, 2.5, 3, 1, 2]
    assert not any(note["knows_bar"] for note in notes)
    assert {note["bpm"] for note in notes} == {120}
    table = invoke("listen", file).stdout.splitlines()
    columns = "time (s) step pitch symbol bits BPM beat sure phrase swing triplet key"
    assert table[0].split() == columns.split()
    assert [" starts " in row for row in table[1:-1]] == [note["starts_phrase"] for note in notes]
    assert all(" 120.0 " in row for row in table[1:-1])


def test_a_metronome_tells_the_bar(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[metronome]\non = true\n")
    notes = heard(save_tune(tmp_path / "ode.mid", ODE_TO_JOY))
    assert all(note["knows_bar"] for note in notes)
    assert [note["beat"] for note in notes[:5]] == [1, 2, 3, 4, 1]


def test_the_help_says_what_is_followed_and_why() -> None:
    for command in ("listen", "render"):
        text = " ".join(invoke(command, "--help").stdout.split())
        assert "fixed as it comes, for a file's tempo map says where its beats are" in text
        assert "--metre" in text
