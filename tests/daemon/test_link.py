"""Ableton Link's timeline as the improviser follows it, in virtual time; and what is asked of Link."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon import commands
from antiphon.ableton_link.messages import Failed, Join, Proposal
from antiphon.cli import app
from antiphon.improviser.events import SyncChange, TempoChange
from antiphon.improviser.input.controls import Control
from antiphon.improviser.modes import Turn
from antiphon.improviser.output.metronome import Click
from antiphon.improviser.tempo.link_session import LinkTimeline
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.live import link_sync
from antiphon.live.inbox import Asked, Inbox
from antiphon.live.link_sync import LinkSync
from antiphon.live.recording_switch import RecordingSwitch
from antiphon.live.reporter import Reporter
from antiphon.melody.grid import Tempo
from antiphon.melody.metre import parse_metre
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.parameters import Play
from antiphon.recording.entries import LinkHeard, Received
from antiphon.recording.session_file import read_session
from antiphon.settings import read_settings
from tests.daemon.players import BPM, STEP, check_sounding, improviser, ons, play

CLICK = Click(10, 76, 77)
bpms = st.floats(20, 999)
beats = st.floats(-1e5, 1e5)
timelines = st.builds(LinkTimeline, bpms, st.floats(0, 1e4), beats, st.booleans(), st.integers(0, 3))


def timeline(bpm: float = 90.0, time: float = 0.0, beat: float = 0.0, playing: bool = False, peers: int = 1) -> Any:
    return LinkTimeline(bpm, time, beat, playing, peers)


# From a timeline to the grid


@given(timelines, st.floats(0, 1e3), st.sampled_from(["3/4", "4/4", "3/8"]), st.floats(-0.1, 0.1))
def test_the_grid_is_links_beat_at_every_moment_and_its_bars_are_links(
    heard: LinkTimeline, later: float, metre: str, offset: float
) -> None:
    keeper = Timekeeper(Tempo(BPM), "link", parse_metre(metre, "metre"), is_heard=True, clock_offset=offset)
    keeper.hear_link(heard.time + 0.01, heard)
    moment = heard.time + later
    beat = heard.beat + later * heard.bpm / 60
    assert keeper.tempo.step_at(moment + offset) == approx(4 * beat, abs=1e-4)
    step = round(4 * beat)
    assert keeper.place(step).position == step % keeper.bar  # type: ignore[union-attr]


@given(st.lists(timelines, min_size=1, max_size=8), st.booleans())
def test_whatever_link_says_the_grid_goes_on_and_a_jump_is_what_it_moved_by(
    script: list[LinkTimeline], clicks: bool
) -> None:
    keeper = Timekeeper(Tempo(BPM), "link", is_heard=clicks)
    now = 0.0
    for heard in script:
        now += 0.5
        before = keeper.tempo.step_at(now)
        jump = keeper.hear_link(now, heard)
        after = keeper.tempo.step_at(now)
        assert after == approx(before + (jump or 0), abs=0.51)
        assert keeper.tempo.bpm == heard.bpm
        assert keeper.is_shared is (clicks or keeper.link == "together")
        assert (keeper.link == "alone") is (heard.peers == 0)


def test_alone_on_link_the_grid_is_laid_under_the_onsets_and_its_tempo_is_set_here() -> None:
    player = improviser(sync="link")
    player.receive(0.0, timeline(90.0, peers=0))
    assert player.bpm == 90.0
    player.receive(0.1, TempoChange(100.0))
    assert player.bpm == 100.0
    assert not player.is_shared
    assert player.snapshot().health == "waiting"
    player.receive(1.37, NoteOn(60, 80, 1))
    assert player.tempo.step_at(1.37) == approx(round(player.tempo.step_at(1.37)))


def test_a_tempo_that_is_links_is_not_set_here_unless_here_leads() -> None:
    notices: list[str] = []
    player = improviser(sync="link", notices=notices)
    player.receive(0.0, timeline(90.0))
    player.receive(1.0, TempoChange(100.0))
    assert player.bpm == 90.0
    assert notices[-1] == "the tempo is Link's; set it there, or choose another sync"
    for _ in range(3):
        player.receive(player.now + 0.5, Control("tap"))
    assert player.bpm == 90.0

    leader = Timekeeper(Tempo(BPM), "link", leads=True)
    leader.hear_link(0.0, timeline(90.0))
    leader.change_tempo(1.0, 100.0)
    assert leader.tempo.bpm == 100.0
    assert leader.tempo.step_at(1.0) == approx(6.0)
    leader.tap(2.0)
    leader.tap(2.5)
    assert leader.tempo.bpm == approx(120.0)
    assert leader.tempo.step_at(2.5) % 4 == approx(0.0)


def test_a_link_session_is_said_once_where_it_stands_in_another_way() -> None:
    notices: list[str] = []
    player = improviser(sync="link", notices=notices)
    for time, heard in enumerate(
        [
            timeline(120.0, peers=0),
            timeline(120.0, peers=0),
            timeline(90.0),
            timeline(91.0, peers=2),
            timeline(91.0, playing=True),
            timeline(91.0),
            timeline(91.0),
            timeline(91.0, playing=True),
            timeline(91.0, playing=True, peers=0),
        ]
    ):
        player.receive(float(time), heard)
    assert notices == [
        "nobody else is on Link; going on at 120 BPM",
        "in step with Link at 90 BPM",
        "Link's transport has stopped; its tempo is 91 BPM",
        "in step with Link at 91 BPM",
        "nobody else is on Link; going on at 91 BPM",
    ]


def test_a_transport_that_was_stopped_is_forgotten_while_nobody_is_there_and_with_the_session() -> None:
    keeper = Timekeeper(Tempo(BPM), "link")
    for heard, stands in (
        (timeline(playing=True), "together"),
        (timeline(), "stopped"),
        (timeline(peers=0), "alone"),
        (timeline(), "together"),
        (timeline(playing=True), "together"),
        (timeline(), "stopped"),
    ):
        keeper.hear_link(1.0, heard)
        assert keeper.link == stands
    keeper.change_sync("fixed")
    keeper.change_sync("link")
    assert keeper.link is None
    keeper.hear_link(2.0, timeline())
    assert keeper.link == "together"


def test_links_transport_ends_the_answer_when_it_stops_and_its_beat_is_met_again_when_it_starts() -> None:
    player = improviser(sync="link", mode="continue")
    messages = player.receive(0.0, timeline(BPM, playing=True))
    for note in range(4):
        messages += player.receive(0.5 * note + 0.01, NoteOn(60 + note, 80, 1))
        messages += player.receive(0.5 * note + 0.4, NoteOff(60 + note, 1))
    messages += player.advance(6.0)
    assert player.turn is Turn.ANSWERING
    stopped = player.receive(6.01, timeline(BPM, playing=False))
    assert player.turn is Turn.LISTENING
    messages += stopped + player.advance(9.0)
    assert not [time for time, _ in ons(messages) if time > 6.01]
    check_sounding(messages)
    player.receive(9.3, NoteOn(60, 80, 1))  # nobody hears a beat: the grid is laid under it
    player.receive(9.5, timeline(BPM, playing=True))
    assert player.tempo.step_at(10.0) == approx(80.0)
    assert player.snapshot().health == "rolling"


def test_a_clock_that_is_measured_anew_moves_the_grid_and_ends_nothing() -> None:
    player = improviser(sync="link", mode="continue")
    messages = player.receive(0.0, timeline(BPM))
    messages += play_phrase(player, 0.0)
    messages += player.advance(6.0)
    assert player.turn is Turn.ANSWERING
    player.receive(6.0, timeline(BPM, time=6.0, beat=12.01))
    assert player.turn is Turn.ANSWERING
    assert player.tempo.step_at(6.0) == approx(48.04)


def play_phrase(player: Any, start: float) -> list[Any]:
    messages = []
    for note in range(4):
        messages += player.receive(start + 0.5 * note, NoteOn(60 + note, 80, 1))
        messages += player.receive(start + 0.5 * note + 0.4, NoteOff(60 + note, 1))
    return messages


@pytest.mark.parametrize("phase", [0.0, 0.13, 0.25, 0.4])
def test_answers_are_on_links_sixteenths_and_begin_in_its_bar(phase: float) -> None:
    """The session's first beat is `phase` seconds after the performance's."""
    player = improviser(sync="link", mode="call-response")
    came: list[tuple[float, Any]] = [(0.0, timeline(BPM, time=phase, beat=7.0))]
    first = phase + 0.5  # beat 8: a downbeat
    for note in range(4):
        came += [(first + 0.5 * note, NoteOn(60 + note, 80, 1)), (first + 0.5 * note + 0.4, NoteOff(60 + note, 1))]
    answers = ons(play(player, came))
    assert answers
    steps = [(time - first) / STEP for time, _ in answers]
    assert steps == approx([round(step) for step in steps], abs=1e-6)
    assert round(steps[0]) % 16 == 0


def test_the_metronome_clicks_on_links_beat() -> None:
    player = improviser(sync="link", click=CLICK)
    messages = player.receive(0.0, timeline(BPM, time=0.1, beat=4.0, peers=0)) + player.advance(3.0)
    clicks = [(time, note.pitch) for time, note in ons(messages) if note.channel == CLICK.channel and time > 0]
    assert [time for time, _ in clicks] == approx([0.1 + 0.5 * i for i in range(len(clicks))])
    assert [pitch == CLICK.accent for _, pitch in clicks] == [i % 4 == 0 for i in range(len(clicks))]


def test_link_that_is_left_is_heard_no_more() -> None:
    player = improviser(sync="link")
    player.receive(0.0, timeline(90.0))
    player.receive(1.0, SyncChange("fixed"))
    player.receive(2.0, timeline(140.0))
    assert (player.bpm, player.is_shared, player.snapshot().health) == (90.0, False, "none")


# As a recording keeps it


def test_a_recording_that_begins_in_mid_set_counts_links_time_from_there(tmp_path: Path) -> None:
    switch = RecordingSwitch(tmp_path, {}, Reporter(print))
    switch.switch(True, 10.0, improviser(sync="link"))
    switch.add(10.5, Received(bytes([144, 60, 80]), NoteOn(60, 80, 1)))
    switch.add(12.0, LinkHeard(97.0, 11.75, 8.0, is_playing=False, peers=1))
    switch.close()
    (path,) = tmp_path.glob("*.mid")
    events = [given for _, given in read_session(path).events if not isinstance(given, bytes)]
    assert events == [LinkHeard(97.0, 1.75, 8.0, is_playing=False, peers=1)]


# What is proposed


class Process:
    """Stands in for the process that joins Link."""

    def __init__(self) -> None:
        self.proposed: list[Proposal] = []
        self.ended = False

    def propose(self, proposal: Proposal) -> None:
        self.proposed.append(proposal)

    def close(self) -> None:
        self.ended = True


class Linked:
    """A `LinkSync` with such a process, and what it made of what came."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **play: object) -> None:
        self.process = Process()
        self.warned: list[str] = []
        self.inbox = Inbox(0.0)
        self.processes = 0
        monkeypatch.setattr(link_sync, "LinkProcess", self._start)
        settings: Play = read_settings(None, {"play": play}).play
        self.sync = LinkSync(settings, 4.0, self.inbox, self.warned.append)

    def _start(self, join: Any, hear: Any, ended: Any) -> Process:
        self.processes += 1
        self.join, self.hear, self.ended = join, hear, ended
        return self.process


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(link_sync, "check_installed", lambda: None)
    yield lambda **play: Linked(monkeypatch, **play)


def heard(bpm: float = BPM, peers: int = 1, beat: float = 0.0) -> LinkHeard:
    return LinkHeard(bpm, 0.0, beat, False, peers)


def test_who_does_not_lead_proposes_nothing_to_others_and_everything_alone(linked: Any) -> None:
    link = linked(sync="link")
    player = improviser(sync="link")
    link.sync.start(player, 0.0)
    link.hear(heard(90.0, peers=2))
    link.sync.look(player, 1.0)
    assert link.process.proposed == []
    link.hear(heard(90.0, peers=0))
    link.sync.look(player, 2.0)
    assert [each.bpm for each in link.process.proposed] == [BPM]
    link.sync.look(player, 3.0)
    assert len(link.process.proposed) == 1


def test_a_leader_proposes_its_tempo_and_where_its_beat_is_heard_that_too(linked: Any) -> None:
    link = linked(sync="link", leads=True, clock_offset_ms=-10)
    player = improviser(sync="link", click=CLICK)
    link.sync.start(player, 0.0)
    assert link.join.first.beat == approx(-0.02)
    link.hear(heard())
    link.sync.look(player, 1.0)
    (first,) = link.process.proposed  # the grid is 10 ms earlier than Link's beat
    assert (first.bpm, first.beat) == (BPM, approx(2.0 - 0.02))
    link.sync.look(player, 2.0)
    assert len(link.process.proposed) == 1


def test_a_tempo_that_is_found_in_the_playing_is_proposed_once_a_second_where_it_changes_enough(linked: Any) -> None:
    link = linked(sync="auto", leads=True)
    player = improviser(sync="auto")
    link.sync.start(player, 0.0)
    link.hear(heard(BPM * 1.004))
    link.sync.look(player, 1.0)
    assert link.process.proposed == []
    for number in range(20):
        link.hear(heard(BPM * 1.1))
        link.sync.look(player, 2.0 + number / 10)
    assert len(link.process.proposed) == 2
    assert link.process.proposed[0].beat is None


@pytest.mark.parametrize(("sync", "leads", "joins"), [
    ("fixed", False, 0), ("clock", True, 0), ("link", False, 1), ("auto", True, 1), ("fixed", True, 1)
])  # fmt: skip
def test_link_is_joined_where_it_is_followed_or_led(linked: Any, sync: str, leads: bool, joins: int) -> None:
    link = linked(sync=sync, leads=leads)
    link.sync.start(improviser(), 0.0)
    assert link.processes == joins


def test_the_page_joins_and_leaves(linked: Any) -> None:
    link = linked()
    player = improviser()
    link.sync.start(player, 0.0)
    link.sync.follow("link", player, 1.0)
    link.sync.follow("link", player, 1.0)
    assert link.processes == 1
    link.sync.follow("auto", player, 2.0)
    assert link.process.ended


def test_a_process_that_ends_is_started_again_from_where_link_stood_unless_it_ends_at_once(linked: Any) -> None:
    link = linked(sync="link")
    link.sync.start(improviser(), 0.0)
    link.hear(heard(90.0, peers=2))
    link.ended(60.0)
    assert link.processes == 2
    assert link.join.first.bpm == 90.0
    assert link.warned == ["Link's process has ended; the tempo stays, and it is started again"]
    link.ended(0.2)
    assert link.processes == 2
    assert link.warned[1:] == ["Link's process doesn't keep running; the tempo stays (ANTIPHON_DEBUG=1 shows why)"]
    came = [link.inbox.wait(0.0) for _ in range(3)]
    assert all(isinstance(each, Asked) for each in came)
    assert [each.command.peers for each in came] == [2, 0, 0]
    assert {each.command.bpm for each in came} == {90.0}


# Where it isn't installed


@pytest.mark.parametrize("options", [["--sync", "link"], ["--leads"]])
def test_without_the_extra_one_line_says_what_to_install(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(link_sync, "PACKAGE", "a-package-that-nobody-has-made")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        commands.run(app, ["run", "--no-stage", *options])
    assert left.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install 'antiphon[link]'" in line


def test_a_library_that_cant_be_loaded_is_said_by_the_process_that_needs_it(tmp_path: Path) -> None:
    (tmp_path / "link.py").write_text("raise ImportError('no GLIBC_2.99')")
    join = Join(0.0, 4.0, False, Proposal(BPM, 0.0, None))
    done = subprocess.run(
        [sys.executable, "-m", "antiphon.ableton_link"],
        input=msgspec.json.encode(join) + b"\n",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        check=True,
    )
    said = msgspec.json.decode(done.stdout, type=Failed)
    assert said.text == "its library can't be loaded (no GLIBC_2.99); pip install 'antiphon[link]'"
    assert done.stderr == b""


def test_a_page_that_asks_for_link_is_told_too(linked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    link = linked()
    monkeypatch.undo()
    monkeypatch.setattr(link_sync, "PACKAGE", "a-package-that-nobody-has-made")
    link.sync.follow("link", improviser(), 1.0)
    assert link.processes == 0
    assert "pip install 'antiphon[link]'" in link.warned[0]
