"""The stage of a real daemon: what pages play, set and see, in step with each other and with knobs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import mido
import pytest

import bootstrap
from antiphon.improviser.listening.voices import CHORD_SECONDS
from antiphon.recording.session_file import read_session
from antiphon.settings import package_folder
from antiphon.stage.messages import VERSION
from tests.conftest import reserved_name
from tests.daemon.live import (
    PHRASE,
    Keyboard,
    antiphon,
    check_renders_again,
    daemon,
    notes,
    recorded,
    run_antiphon,
    sessions,
)
from tests.daemon.pages import Page, page, staged, url_of


def test_a_page_plays_and_is_answered_by_the_page_and_by_the_port(jack_server: dict[str, str], tmp_path: Path) -> None:
    with staged("--name", "Page", "--seed", "3", cwd=tmp_path) as (running, url), page(url) as one:
        hello = one.wait_for("hello")
        assert hello["version"] == VERSION
        state = one.wait_for_state(mode="next-note", model="essen", record=True, key="auto", clock="none")
        assert state["midi"] == {"input": "Page in", "output": "Page out"}
        assert sum(state["posterior"]) == pytest.approx(1, abs=0.01)
        with Keyboard("Page") as pianist:
            one.play(0x90, 60, 80)
            mine = one.wait_for("note_on")
            assert (mine["part"], mine["pitch"], mine["velocity"], mine["channel"]) == ("performer", 60, 80, 1)
            answer = one.wait_for_answer()
            (heard,) = pianist.hear(1)
            assert (heard.pitch, heard.velocity) == (answer["pitch"], answer["velocity"])  # type: ignore[union-attr]
            expected = one.wait_for("expectation")["pitches"]
            assert 0 < sum(likely for _, likely in expected) <= 1.001
            latest = [each for each in one.came if each["type"] == "state"][-1]
            assert latest["latency_ms"] > 0
            assert latest["sharps"] in (-2, -1, 0, 1, 2)  # keys that have a C
            one.play(0x80, 60, 0)
            assert one.wait_for_answer("note_off")["pitch"] == answer["pitch"]
        running.stop()
    check_renders_again(tmp_path)


def test_all_views_stay_in_step(jack_server: dict[str, str], tmp_path: Path) -> None:
    with staged("--name", "Step", cwd=tmp_path) as (_, url), page(url) as one, page(url) as two:
        one.set("temperature", 1.2)
        two.wait_for_state(temperature=1.2)
        two.set("mode", "continue")
        one.wait_for_state(mode="continue", temperature=1.2)
        for name, value in (
            ("density", 0.5),
            ("harmony", 0.25),
            ("memory", 0.75),
            ("lowest", 48),
            ("highest", 84),
            ("mute", True),
            ("hold", True),
            ("bpm", 77),
            ("key", "c#m"),
        ):
            one.set(name, value)
            two.wait_for_state(**{name: value})
        assert two.wait_for_state(key="c#m")["sharps"] == 4
        one.set("key", "auto")
        two.wait_for_state(key="auto")
        one.set("sync", "clock")
        two.wait_for_state(sync="clock", clock="waiting")
        with Keyboard("Step") as pianist:
            pianist.send(0xB0, 21, 127)  # the packaged knob of the temperature
            for each in (one, two):
                each.wait_for_state(temperature=2.0)
        with page(url) as three:
            three.wait_for_state(temperature=2.0, mode="continue", mute=True)


def test_panic_ends_what_sounds(jack_server: dict[str, str], tmp_path: Path) -> None:
    with staged("--name", "Panic", cwd=tmp_path) as (_, url), page(url) as one, page(url) as two:
        one.wait_for_state()
        one.play(0x90, 64, 90)
        answer = one.wait_for_answer()
        two.wait_for_answer()
        two.send("press", name="panic")
        assert one.wait_for_answer("note_off")["pitch"] == answer["pitch"]


def test_a_phrase_is_planned_before_it_is_played(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        staged("--name", "Plan", "--mode", "call-response", "--bpm", "240", cwd=tmp_path) as (_, url),
        page(url) as one,
    ):
        one.wait_for_state()
        for pitch in (60, 62, 64, 65):
            one.play(0x90, pitch, 80)
            one.play(0x80, pitch, 0)
        one.send("press", name="answer")
        plan = one.wait_for("plan", lambda plan: len(plan["notes"]) > 1)["notes"]
        assert all(note["time"] < note["end"] for note in plan)
        first = one.wait_for_answer()
        assert first["pitch"] == plan[0]["pitch"]
        assert first["time"] == pytest.approx(plan[0]["time"], abs=1e-6)
        one.wait_for("plan", lambda plan: not plan["notes"])


def test_a_page_that_goes_away_lets_go_of_what_it_held(jack_server: dict[str, str], tmp_path: Path) -> None:
    with staged("--name", "Gone", cwd=tmp_path) as (_, url), page(url) as stays:
        stays.wait_for_state()
        with page(url) as goes:
            goes.play(0x90, 60, 80)
            goes.play(0x90, 67, 80)
            goes.play(0x80, 67, 0)
            stays.play(0x90, 72, 80)
            for pitch in (60, 67, 72):
                stays.find("note_on", lambda note, pitch=pitch: (note["part"], note["pitch"]) == ("performer", pitch))
            goes.socket.socket.close()  # as a browser that crashes
        off = stays.wait_for("note_off", lambda note: (note["part"], note["pitch"]) == ("performer", 60))
        assert off["channel"] == 1
        stays.send("ping", id=1)
        stays.wait_for("pong")
        ended = [each["pitch"] for each in stays.came if each["type"] == "note_off" and each["part"] == "performer"]
        assert sorted(ended) == [60, 67]  # 72 is still held by the page that is there


def test_five_pages_and_one_that_comes_late(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        staged("--name", "Five", cwd=tmp_path) as (_, url),
        page(url) as one,
        page(url) as two,
        page(url) as three,
        page(url) as four,
        page(url) as five,
    ):
        pages: list[Page] = [one, two, three, four, five]
        for each in pages:
            each.wait_for_state()
        for number, player in enumerate(pages):
            player.play(0x90, 60 + number, 80)
            answers = {each.wait_for_answer()["pitch"] for each in pages}
            assert len(answers) == 1
            time.sleep(2 * CHORD_SECONDS)
        with page(url) as late:  # sees what sounds
            late.wait_for("note_on", lambda note: note["part"] == "performer")
            late.wait_for_state()


def test_a_session_that_a_page_steered_renders_again(jack_server: dict[str, str], tmp_path: Path) -> None:
    with staged("--name", "Again", "--seed", "5", cwd=tmp_path) as (running, url), page(url) as one:
        one.wait_for_state()
        changes = [
            ("temperature", 1.4),
            ("key", "Eb"),
            ("bpm", 140),
            ("density", 0.8),
            ("highest", 90),
            ("key", "auto"),
        ]
        for (pitch, _), (name, value) in zip(PHRASE, changes, strict=False):
            one.play(0x90, pitch, 80)
            one.set(name, value)
            one.wait_for_state(**{name: value})
            one.play(0x80, pitch, 0)
        one.set("mode", "call-response")
        one.wait_for_state(mode="call-response")
        one.play(0x90, 70, 80)
        one.play(0x80, 70, 0)
        one.send("press", name="answer")
        one.wait_for_answer()
        one.wait_for_state(turn="listening")
        running.stop()
    check_renders_again(tmp_path)


def test_a_recording_is_ended_and_begun_in_mid_set_listed_and_downloaded(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    options = ("--seed", "5", "--channel", "2")  # so that no press passes for an echo
    with staged("--name", "Tape", *options, cwd=tmp_path) as (running, url), page(url) as one:

        def play(pitch: int) -> None:
            time.sleep(2 * CHORD_SECONDS)  # a note that comes sooner is of a chord with the one before
            one.play(0x90, pitch, 80)
            one.wait_for_answer()
            one.play(0x80, pitch, 0)
            one.wait_for("note_off", lambda note: note["part"] == "performer")

        one.wait_for_state(record=True)
        assert get(url, "/sessions") == []  # the one that is being recorded isn't there
        play(60)
        one.set("record", False)
        one.wait_for_state(record=False)
        first = Path(one.find("notice", lambda said: "recorded" in said["text"])["text"].split(maxsplit=1)[1])
        play(62)
        one.set("record", True)
        one.wait_for_state(record=True)
        play(64)
        (listed,) = get(url, "/sessions")
        assert (listed["name"], listed["played"], listed["damaged"]) == (first.stem, 1, None)
        with urllib.request.urlopen(f"{url}/sessions/{first.stem.replace(' ', '%20')}.mid") as answer:  # noqa: S310
            assert answer.headers["Content-Type"] == "audio/midi"
            assert "attachment" in answer.headers["Content-Disposition"]
            assert answer.read() == first.read_bytes()
        running.stop()
    assert [note.pitch for note in notes(first, "Performer")] == [60]
    (second,) = {Path(each["path"]) for each in sessions(tmp_path)} - {first}
    assert [note.pitch for note in notes(second, "Performer")] == [64]
    assert antiphon("render", first, "again.mid", cwd=tmp_path)
    assert notes(tmp_path / "again.mid", "Antiphon") == notes(first, "Antiphon")  # it holds the set from its start on
    done = run_antiphon("render", second, "other.mid", cwd=tmp_path)
    assert (done.returncode, "into its set" in done.stderr) == (0, True)


def test_a_recording_that_begins_later_says_how_it_is_played_by_then(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    changed = {
        "temperature": 1.2,
        "density": 0.5,
        "harmony": 0.25,
        "memory": 0.75,
        "lowest": 40,
        "highest": 90,
        "bpm": 77.0,
        "sync": "auto",
        "key": "Eb",
    }
    shutil.copytree(package_folder() / "models" / "essen", tmp_path / "models" / "twin")
    with staged("--name", "Late", cwd=tmp_path) as (running, url), page(url) as one:
        one.set("record", False)
        one.wait_for_state(record=False, models=["essen", "twin"])
        one.set("model", "twin")
        one.wait_for_state(model="twin")
        for name, value in changed.items():
            one.set(name, value)
            one.wait_for_state(**{name: value})
        one.set("record", True)
        one.wait_for_state(record=True)
        one.play(0x90, 60, 80)
        one.wait_for("note_on")
        running.stop()
    header = read_session(recorded(tmp_path)).header
    assert header is not None
    assert header["model"] == "twin"
    assert header["settings"]["play"].items() >= changed.items()


def test_a_tempo_that_a_page_sets_stands_in_the_recording_where_it_was_set(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with staged("--name", "Tempo", "--bpm", "120", cwd=tmp_path) as (running, url), page(url) as one:
        one.play(0x90, 60, 80)
        one.wait_for_answer()
        one.set("bpm", 75)
        one.wait_for_state(bpm=75)
        running.stop()
    tempi = [message.tempo for message in mido.MidiFile(recorded(tmp_path)).tracks[0] if message.type == "set_tempo"]
    assert tempi == [500_000, 800_000]


def test_a_recording_names_no_key_before_one_is_heard(jack_server: dict[str, str], tmp_path: Path) -> None:
    with staged("--name", "Keys", cwd=tmp_path) as (running, url), page(url) as one:
        one.set("mode", "continue")
        one.wait_for_state(mode="continue")
        one.play(0x90, 61, 80)
        one.wait_for("expectation")
        running.stop()
    ticks, keys = 0, []
    for message in mido.MidiFile(recorded(tmp_path)).tracks[0]:
        ticks += message.time
        if message.type == "key_signature":
            keys.append(ticks)
    assert keys and keys[0] > 0


def test_where_there_is_no_midi_system_the_page_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with staged("--seed", "1", cwd=tmp_path) as (running, url), page(url) as one:
        assert [line for line in running.said if "no MIDI" in line and "JACK" in line]
        assert one.wait_for_state()["midi"] is None
        one.play(0x90, 60, 80)
        one.wait_for_answer()
        one.play(0x80, 60, 0)
        one.wait_for_answer("note_off")
        running.stop(signal.SIGINT)
    assert [note.pitch for note in notes(recorded(tmp_path), "Performer")] == [60]


def test_where_the_midi_system_comes_later_the_ports_come_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with reserved_name() as name:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
        with staged("--name", "Early", "--seed", "1", cwd=tmp_path) as (running, url), page(url) as one:
            assert [line for line in running.said if "no MIDI" in line]
            server, lifeline = bootstrap.start_jackd(output=subprocess.DEVNULL, period=64, realtime=True)
            try:
                assert bootstrap.jack_answers(seconds=20, python=sys.executable)
                while "there is a MIDI system now" not in one.wait_for("notice")["text"]:
                    pass
                with Keyboard("Early") as pianist:
                    pianist.send(0x90, 60, 80)
                    assert one.wait_for("note_on")["part"] == "performer"
                    pianist.hear(1)
                    pianist.send(0x80, 60, 0)
                running.stop(signal.SIGINT)
            finally:
                os.close(lifeline)
                server.wait(timeout=20)


def test_a_port_in_use_is_told_and_the_next_one_taken(jack_server: dict[str, str], tmp_path: Path) -> None:
    with staged("--name", "One", cwd=tmp_path) as (_, url):
        port = url.rpartition(":")[2]
        with daemon("--stage", "--stage-port", port, "--name", "Two", cwd=tmp_path) as second:
            other = url_of(second)
            assert other != url
            assert [line for line in second.said if f"port {port} is taken" in line]
            with page(other) as one:
                assert one.wait_for_state()["midi"]["input"] == "Two in"
            second.stop()


def get(url: str, path: str) -> object:
    with urllib.request.urlopen(url + path) as answer:  # noqa: S310
        return json.load(answer)
