"""Faults on real JACK ports: the server is really killed, a peer really goes, and the daemon plays on."""

import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import mido
import pytest

from antiphon.improviser.output.sounding import SHORTEST_NOTE
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn
from antiphon.midi.ports import free_name
from antiphon.midi.sent_notes import REPEAT_SECONDS
from tests.daemon.faults import Peer, connections, forsake, in_terminal, patched_daemon, server_to_kill, started
from tests.daemon.live import (
    BEAT,
    PATIENCE,
    PHRASE,
    Daemon,
    Keyboard,
    antiphon,
    check_renders_again,
    daemon,
    events_of,
    notes,
    ons,
    recorded,
    sessions,
    sounding,
)
from tests.daemon.players import STEP

CALL = PHRASE[:6]
STAGE = ("--input", "stage keys", "--output", "stage synth", "--channel", "2")


def said(running: Daemon, part: str) -> int:
    """Return how many lines of the daemon have this in them."""
    return sum(part in line for line in running.said)


def test_a_jack_server_is_killed_in_mid_phrase_and_started_again(tmp_path: Path) -> None:
    with server_to_kill() as server, daemon("--name", "Phoenix", "--channel", "2", cwd=tmp_path) as running:
        for _ in range(2):  # what has been mended once can break again
            pianist = Keyboard("Phoenix")
            pianist.hear_out(2 * REPEAT_SECONDS)  # what was on when the last server ended is ended now, and once more
            pianist.play(CALL[:3])
            pianist.press(NoteOn(63, 80, 1))  # it is down when the server ends
            assert len(ons(pianist.hear(7))) == 4
            forsake(pianist)
            server.kill()
            running.wait_for("the JACK server has ended")
            server.start()
            running.wait_for("the JACK server is back")
            assert {"Phoenix in:Phoenix in", "Phoenix out:Phoenix out"} <= set(connections())
        with Keyboard("Phoenix") as pianist:
            pianist.hear_out(2 * REPEAT_SECONDS)
            pianist.play(CALL)
            assert not sounding(pianist.hear(2 * len(CALL)))
            running.stop()
    assert said(running, "the JACK server") == 4
    (listed,) = sessions(tmp_path)
    assert listed["played"] == listed["answered"] == 8 + len(CALL)
    check_renders_again(tmp_path)


def test_peers_that_are_named_come_back_with_the_server_and_are_connected(tmp_path: Path) -> None:
    with server_to_kill() as server:
        stage = Peer("Stage")
        with daemon("--name", "Named", *STAGE, cwd=tmp_path) as running:
            stage.press(NoteOn(63, 80, 1))
            (note,) = ons(stage.hear(1))
            forsake(stage)
            server.kill()
            running.wait_for("the JACK server has ended")
            server.start()
            running.wait_for("the JACK server is back")
            with Peer("Stage") as stage:
                running.wait_for("the output port 'Stage synth:synth' is back")
                running.wait_for("the input port 'Stage keys:keys' is back")
                ports = connections()
                assert ports["Stage keys:keys"] == ["Named in:Named in"]
                assert ports["Stage synth:synth"] == ["Named out:Named out"]
                assert stage.hear(2) == [NoteOff(note.pitch, 2), ControlChange(123, 0, 2)]
                stage.play(CALL)
                assert not sounding(stage.hear(2 * len(CALL)))
                running.stop()
    check_renders_again(tmp_path)


SELDOM = "from antiphon.midi import connection; connection.LOOK_SECONDS = 3600.0"


def test_that_a_server_ends_is_told_and_not_looked_for(tmp_path: Path) -> None:
    with server_to_kill() as server, patched_daemon(SELDOM, "--name", "Prompt", cwd=tmp_path) as running:
        server.kill()
        running.wait_for("the JACK server has ended")
        running.stop()


def test_a_peer_goes_and_comes_back(jack_server: dict[str, str], tmp_path: Path) -> None:
    with Peer("Stage") as stage, daemon("--name", "Faithful", *STAGE, cwd=tmp_path) as running:
        stage.press(NoteOn(63, 80, 1))
        (note,) = ons(stage.hear(1))
        stage.leave()
        for direction in ("output", "input"):
            running.wait_for(f"the {direction} port")
            assert "is gone" in running.said[-1]
        stage.arrive()
        for direction in ("output", "input"):
            running.wait_for(f"the {direction} port")
            assert "is back" in running.said[-1]
        # Where it took long to leave, the note had come to its own end before.
        came = [each.event for each in stage.hear_until(lambda events: ControlChange(123, 0, 2) in events)]
        assert came[:-1] in ([NoteOff(note.pitch, 2)], [])
        if came[:-1]:
            assert stage.repeats.get(timeout=PATIENCE).event == NoteOff(note.pitch, 2)
        stage.play(CALL)
        assert not sounding(stage.hear(2 * len(CALL)))
        running.stop()
    assert said(running, "is gone") == said(running, "is back") == 2
    check_renders_again(tmp_path)


def test_a_second_daemon_takes_a_numbered_name(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "Twin", cwd=tmp_path), daemon("--name", "Twin", cwd=tmp_path) as second:
        assert said(second, "so this one is 'Twin 2'") == 1
        assert {"Twin in:Twin in", "Twin 2 in:Twin 2 in", "Twin 2 out:Twin 2 out"} <= set(connections())
        with Keyboard("Twin 2") as pianist:
            pianist.press(NoteOn(63, 80, 1))
            assert ons(pianist.hear(1))
            second.stop()


HESITATES = """
import time
from antiphon.live import session
choose = session.free_name
def hesitate(*arguments):
    name = choose(*arguments)
    time.sleep(0.5)  # as on a busy machine: meanwhile the other one chooses
    return name
session.free_name = hesitate
"""


def test_daemons_that_start_in_the_same_instant_take_different_names(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    for number in range(5):
        name = f"Gemini {number}"
        daemons = [started(HESITATES, "--name", name, "--no-record", cwd=tmp_path) for _ in range(2)]
        try:
            for each in daemons:
                each.wait_for("Ctrl-C")
            assert {f"{each} in:{each} in" for each in (name, f"{name} 2")} <= set(connections())
            assert sorted(said(each, f"so this one is '{name} 2'") for each in daemons) == [0, 1]
            for each in daemons:
                each.stop()
        finally:
            for each in daemons:
                each.process.kill()
                each.process.wait()


@pytest.mark.parametrize(
    ("names", "taken", "chosen"),
    [
        ([], [], "Antiphon"),
        (["Antiphony in:Antiphony in", "My Antiphon out"], [], "Antiphon"),
        (["Antiphon out:Antiphon out 128:0"], [], "Antiphon 2"),
        (["Antiphon in", "Antiphon 2 out"], [], "Antiphon 3"),
        (["Antiphon in"], ["Antiphon 2"], "Antiphon 3"),
        ([], ["Antiphon"], "Antiphon 2"),
    ],
)
def test_names_are_taken_by_whole_names(names: list[str], taken: list[str], chosen: str) -> None:
    assert free_name(names, "Antiphon", lambda name: name not in taken) == chosen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_what_sounds_and_keep_the_recording(
    number: signal.Signals, jack_server: dict[str, str], tmp_path: Path
) -> None:
    with daemon("--name", "Ended", "--channel", "2", cwd=tmp_path) as running, Keyboard("Ended") as pianist:
        pianist.press(NoteOn(63, 80, 1))
        (note,) = ons(pianist.hear(1))
        running.process.send_signal(number)  # two at once
        running.stop(number)
        assert pianist.hear(1) == [NoteOff(note.pitch, 2)]
    assert len(notes(recorded(tmp_path), "Antiphon")) == 1


def test_a_stopped_process_goes_on_where_it_stood_and_on_the_grid(jack_server: dict[str, str], tmp_path: Path) -> None:
    options = ("--mode", "continue", "--seed", "3", "--channel", "2")
    with daemon("--name", "Lid", *options, cwd=tmp_path) as running, Keyboard("Lid") as pianist:
        pianist.play(CALL)
        going = pianist.hear_until(lambda came: len(ons(came)) >= 4)
        time.sleep(0.75 * STEP)  # half a step after a note the next one is made up: now it is planned
        running.process.send_signal(signal.SIGSTOP)
        going += pianist.hear_out(4.0)
        running.process.send_signal(signal.SIGCONT)
        again = pianist.hear_until(lambda came: len(ons(came)) >= 6)
        running.stop()
        assert sounding(events_of(going) + events_of(again) + events_of(pianist.heard())) == []
    played = notes(recorded(tmp_path), "Antiphon")
    starts = [note.start for note in played]
    waits = [after - before for before, after in pairwise(starts)]
    assert max(waits) >= 8 * BEAT - 1  # the pause, in which nothing was played; then no faster than ever
    assert min(waits) >= BEAT // 4 - 1
    assert all(abs((start - starts[0] + BEAT // 8) % (BEAT // 4) - BEAT // 8) <= 1 for start in starts)
    antiphon("render", recorded(tmp_path), "again.mid", cwd=tmp_path)
    # The end of the session cut the last note short; rendered, the melody goes on.
    assert notes(tmp_path / "again.mid", "Antiphon")[: len(played) - 1] == played[:-1]


def test_a_terminal_that_is_closed_ends_what_sounds_and_keeps_the_recording(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    options = ("--name", "Window", "--channel", "2", "--bpm", "20")
    with in_terminal(*options, cwd=tmp_path) as (process, terminal), Keyboard("Window") as pianist:
        pianist.press(NoteOn(63, 80, 1))
        (note,) = ons(pianist.hear(1))
        os.close(terminal)
        assert pianist.hear(1) == [NoteOff(note.pitch, 2)]
        assert process.wait(PATIENCE) == 0
    assert (tmp_path / "errors").read_text() == ""
    assert len(notes(recorded(tmp_path), "Antiphon")) == 1


BREAKS = """
from antiphon.improviser.improviser import Improviser
from antiphon.midi.messages import NoteOn
receive = Improviser.receive
def fail(self, time, event):
    if isinstance(event, NoteOn) and event.pitch == 61:
        raise RuntimeError("injected")
    return receive(self, time, event)
Improviser.receive = fail
"""


def test_what_goes_wrong_with_one_note_is_skipped(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        patched_daemon(BREAKS, "--name", "Slip", "--channel", "2", cwd=tmp_path) as running,
        Keyboard("Slip") as pianist,
    ):
        pianist.play([(60, 1.0), (61, 1.0), (64, 1.0)])
        messages = pianist.hear(4)
        assert len(ons(messages)) == 2
        assert not sounding(messages)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE) == 0
    assert running.errors() == "antiphon: skipped after RuntimeError: injected (ANTIPHON_DEBUG=1 shows where)\n"
    tempo = mido.MidiFile(recorded(tmp_path)).tracks[0]
    assert "fault: injected" in [message.text for message in tempo if message.type == "marker"]


LOSES = """
from antiphon.improviser.improviser import Improviser
from antiphon.midi.messages import NoteOn
receive = Improviser.receive
def fail(self, time, event):
    messages = receive(self, time, event)
    if isinstance(event, NoteOn) and event.pitch == 61:
        raise RuntimeError("injected")  # and with it goes the note-off of what sounds
    return messages
Improviser.receive = fail
"""


def test_what_sounds_is_ended_where_its_note_off_is_lost(jack_server: dict[str, str], tmp_path: Path) -> None:
    options = ("--name", "Lost", "--channel", "2", "--bpm", "20")
    with patched_daemon(LOSES, *options, cwd=tmp_path) as running, Keyboard("Lost") as pianist:
        pianist.press(NoteOn(60, 80, 1))
        (note,) = ons(pianist.hear(1))
        time.sleep(2 * SHORTEST_NOTE)  # else its end is still to come
        pianist.press(NoteOn(61, 80, 1))
        assert pianist.hear(1) == [NoteOff(note.pitch, 2)]
        running.process.terminate()
        assert running.process.wait(PATIENCE) == 0


def test_what_goes_wrong_again_and_again_ends_the_set(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        patched_daemon(BREAKS, "--name", "Fall", "--channel", "2", "--bpm", "20", cwd=tmp_path) as running,
        Keyboard("Fall") as pianist,
    ):
        pianist.press(NoteOn(60, 80, 1))
        (note,) = ons(pianist.hear(1))
        for _ in range(3):
            pianist.press(NoteOn(61, 80, 1))
        assert pianist.hear(1) == [NoteOff(note.pitch, 2)]
        assert running.process.wait(PATIENCE) == 1
        assert not pianist.heard()
    lines = running.errors().splitlines()
    assert len(lines) == 3
    assert lines[-1].startswith("antiphon: RuntimeError: injected")
    assert len(notes(recorded(tmp_path), "Antiphon")) == 1


def test_a_server_that_hangs_keeps_nobody(tmp_path: Path) -> None:
    with server_to_kill() as server, daemon("--name", "Stuck", cwd=tmp_path) as running:
        pianist = Keyboard("Stuck")
        pianist.press(NoteOn(63, 80, 1))
        assert ons(pianist.hear(1))
        forsake(pianist)
        server.freeze()
        for _ in range(2):
            running.process.send_signal(signal.SIGTERM)
        # RtMidi hangs in its closing with the interpreter's lock: no Python is left to say 0.
        assert running.process.wait(PATIENCE) == 1
    assert len(notes(recorded(tmp_path), "Antiphon")) == 1


def test_a_server_that_hangs_is_noticed_and_awaited(tmp_path: Path) -> None:
    with server_to_kill() as server, daemon("--name", "Calm", "--channel", "2", cwd=tmp_path) as running:
        pianist = Keyboard("Calm")
        pianist.press(NoteOn(63, 80, 1))
        (note,) = ons(pianist.hear(1))
        server.freeze()
        running.wait_for("the JACK server hangs")
        server.thaw()
        running.wait_for("the JACK server goes on")
        pianist.hear_until(lambda came: NoteOff(note.pitch, 2) in came)
        pianist.press(NoteOn(67, 80, 1))
        assert ons(pianist.hear_until(lambda came: bool(ons(came))))
        forsake(pianist)
        server.freeze()
        running.wait_for("the JACK server hangs")
        running.stop()  # there is nothing to be closed, and nothing to wait for
    assert len(notes(recorded(tmp_path), "Antiphon")) == 2
