"""OSC with a real daemon: what programs play, set and see over UDP, and what can't stop the playing."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import psutil
import pytest

from antiphon.improviser.listening.voices import CHORD_SECONDS
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.parameters import ON_PAGE
from antiphon.stage.address import url_of
from tests.daemon.live import (
    PATIENCE,
    QUIET,
    Daemon,
    Keyboard,
    check_renders_again,
    daemon,
    environment,
    notes,
    ons,
    recorded,
    run_antiphon,
    sounding,
)
from tests.daemon.osc_client import Came, Program, bundle, line_with, packet, speaking


def test_notes_come_in_and_answers_go_out(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        speaking("--name", "Osc", "--seed", "3", cwd=tmp_path) as (running, port),
        Program(port) as program,
        Keyboard("Osc") as pianist,
    ):
        program.subscribe()
        program.send("/antiphon/note", 60, 80)
        assert program.wait_for("/antiphon/performer/note") == (60, 80, 1)
        pitch, velocity, channel = program.wait_for("/antiphon/note")
        (heard,) = pianist.hear(1)
        assert (heard.pitch, heard.velocity, heard.channel) == (pitch, velocity, channel)  # type: ignore[union-attr]
        assert program.wait_for("/antiphon/expectation")
        program.send("/antiphon/note", 60.0, 0.0)  # Pure Data knows no other numbers
        assert program.wait_for("/antiphon/performer/note") == (60, 0, 1)
        assert program.wait_for("/antiphon/note") == (pitch, 0, channel)
        running.stop()
    check_renders_again(tmp_path)


EVERYWHERE = "0.0.0.0"  # noqa: S104
VALUES = {
    "model": "essen",
    "mode": "continue",
    "sync": "clock",
    "bpm": 77.0,
    "temperature": 1.25,
    "key": "c#m",
    "accompaniment": "bass",
    "density": 0.5,
    "harmony": 0.25,
    "memory": 0.75,
    "swing": "58",
    "feel": 0.25,
    "lowest": 48,
    "highest": 84,
    "hold": 1,
    "mute": 1,
    "record": 0,
}
"""A value of each control that is not the one at the start, but for the model."""


def test_each_control_is_set_and_read_back(jack_server: dict[str, str], tmp_path: Path) -> None:
    assert set(VALUES) == {name for name, each in ON_PAGE.items() if each.kind != "press"}
    with (
        speaking("--name", "Steered", cwd=tmp_path) as (_, port),
        Program(port) as one,
        Program(port) as two,
    ):
        two.subscribe()
        for name, value in VALUES.items():
            address = f"/antiphon/{name}"
            if name != "model":
                one.send(address)
                assert one.wait_for(address) != (value,)
            one.send(address, value)
            assert two.find(address, lambda came, value=value: came == (value,))
            one.send(address)
            assert one.wait_for(address) == (value,)
        assert [came for came in one.came + two.came if came[0] == "/antiphon/refused"] == []
        assert two.find("/antiphon/sharps", lambda came: came == (4,))
        assert two.find("/antiphon/clock", lambda came: came == ("waiting",))
        one.send("/antiphon/temperature", 11)
        assert one.wait_for("/antiphon/refused") == ("temperature must be a number from 0 to 10, not 11",)


def test_buttons_are_pressed(jack_server: dict[str, str], tmp_path: Path) -> None:
    with speaking("--name", "Pressed", cwd=tmp_path) as (_, port), Program(port) as program:
        program.subscribe()
        program.send("/antiphon/note", 64, 90)
        pitch, _, channel = program.wait_for("/antiphon/note")
        program.send("/antiphon/panic", 0)  # a button's release
        program.send("/antiphon/panic", 1)
        assert program.wait_for("/antiphon/note") == (pitch, 0, channel)


def test_a_plan_goes_out_ahead_of_its_notes(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        # With harmony, a planned note may move to one near it that fits to the left hand.
        speaking("--name", "Planned", "--mode", "call-response", "--harmony", "0", cwd=tmp_path) as (_, port),
        Program(port) as program,
    ):
        program.subscribe()
        for pitch in (60, 62, 64, 65):
            program.send("/antiphon/note", pitch, 80)
            program.send("/antiphon/note", pitch, 0)
        program.send("/antiphon/answer")
        number, *numbers = program.wait_for("/antiphon/plan", lambda came: came[0] > 1)
        planned = [numbers[place : place + 4] for place in range(0, len(numbers), 4)]
        assert len(planned) == number
        assert all(wait >= 0 and length > 0 for wait, length, _, _ in planned)
        for _, _, pitch, velocity in planned:
            assert program.wait_for("/antiphon/note", lambda came: came[1] > 0)[:2] == (pitch, velocity)
        program.wait_for("/antiphon/plan", lambda came: came == (0,))


def test_a_bundle_waits_for_its_time(jack_server: dict[str, str], tmp_path: Path) -> None:
    with speaking("--name", "Bundled", cwd=tmp_path) as (_, port), Program(port) as program:
        program.subscribe()
        now = time.time()
        program.send_bytes(bundle(now + 0.6, packet("/antiphon/note", 67, 90)))
        program.send_bytes(bundle(now - 5.0, packet("/antiphon/note", 60, 90)))  # late: at once
        program.send_bytes(bundle(now + 3600.0, packet("/antiphon/note", 72, 90)))
        program.send_bytes(bundle(None, packet("/antiphon/note", 64, 90)))
        came = [program.wait_for("/antiphon/performer/note")[0] for _ in range(3)]
        assert came == [60, 64, 67]
        assert time.time() >= now + 0.6
        (refused,) = [came[1] for came in program.came if came[0] == "/antiphon/refused"]
        assert refused == "a bundle is to be done in 3600 s; do clocks differ? At most 60 s are kept"


def test_programs_are_sent_all_without_asking(jack_server: dict[str, str], tmp_path: Path) -> None:
    with Program(1) as hears, Program(1) as hears_too:
        targets = ("--osc-send-to", f"127.0.0.1:{hears.port}", "--osc-send-to", f"localhost:{hears_too.port}")
        with speaking("--name", "Target", *targets, cwd=tmp_path) as (_, port), Program(port) as plays:
            plays.send("/antiphon/note", 60, 80)
            answer = hears.wait_for("/antiphon/note")
            assert hears_too.wait_for("/antiphon/note") == answer
            # A program that sends by one socket and listens by another, as Max does.
            with Program(port) as listens:
                plays.send("/antiphon/subscribe", listens.port)
                listens.wait_for("/antiphon/bpm")
                plays.send("/antiphon/unsubscribe")
                plays.send("/antiphon/temperature", 0.3)
                plays.send("/antiphon/temperature")
                plays.wait_for("/antiphon/temperature")
                hears.find("/antiphon/temperature", lambda came: came == (pytest.approx(0.3),))
                assert all(came[1] > 0.5 for came in listens.hear_out(0.2) if came[0] == "/antiphon/temperature")


def test_a_patch_for_impsy_plays(jack_server: dict[str, str], tmp_path: Path) -> None:
    with Program(1) as hears:
        target = f"127.0.0.1:{hears.port}"
        with (
            speaking("--name", "Impsy", "--osc-send-to", target, cwd=tmp_path) as (running, port),
            Program(port) as plays,
        ):
            plays.send("/interface", 60 / 127, 0.5, 0.25, 0.75)
            assert hears.wait_for("/antiphon/performer/note") == (60, 64, 1)
            values = hears.wait_for("/impsy")
            assert hears.wait_for("/prediction") == values
            note = hears.find("/antiphon/note", lambda came: came[1] > 0)
            assert values == (pytest.approx(note[0] / 127), pytest.approx(note[1] / 127), 0.25, 0.75)
            assert hears.wait_for("/antiphon/performer/note") == (60, 0, 1)  # by itself: IMPSY has no note-offs
            plays.send("/impsy/mode", "callresponse")
            hears.wait_for("/antiphon/mode", lambda came: came == ("call-response",))
            plays.send("/impsy/pause", 1)
            hears.wait_for("/antiphon/mute", lambda came: came == (1,))
            running.stop()
    check_renders_again(tmp_path)


def test_a_program_for_notochord_plays(jack_server: dict[str, str], tmp_path: Path) -> None:
    with speaking("--name", "Noto", cwd=tmp_path) as (_, port), Program(port) as program:
        program.send("/notochord/feed_query", 1, 60, 0.2, 80.4, "handle", 7)
        answer = program.wait_for("/return/notochord/query")
        told = dict(zip(answer[::2], answer[1::2], strict=True))
        assert told["handle"] == 7
        assert told["inst"] == 1 and 0 <= told["pitch"] <= 127 and told["vel"] > 0 and told["time"] == 0
        program.subscribe()
        program.send("/notochord/feed", 1, 60, 0.2, 0)
        assert program.wait_for("/antiphon/performer/note") == (60, 0, 1)
        time.sleep(CHORD_SECONDS)  # or the next note is of a chord with the one before, and unanswered
        # Asked later, it is still answered with the note that answered the one that was fed.
        program.send("/notochord/feed", 1, 64, 0.2, 80)
        note = program.wait_for("/antiphon/note", lambda came: came[1] > 0)
        program.send("/notochord/query")
        answer = program.wait_for("/return/notochord/query")
        assert (answer[3], answer[7]) == note[:2]
        program.send("/notochord/reset")
        program.wait_for("/antiphon/note", lambda came: came[1] == 0)


def test_only_this_machine_is_heard_unless_asked(jack_server: dict[str, str], tmp_path: Path) -> None:
    address = own_address()
    with speaking("--name", "Loopback", cwd=tmp_path) as (running, port), Program(port) as near:
        assert f"udp://127.0.0.1:{port}" in "".join(running.said)
        assert "token" not in "".join(running.said)
        with Program(port, host=address) as far:  # the same machine's, but not by loopback
            far.socket.sendto(packet("/antiphon/note", 72, 90), (address, port))
            near.subscribe()
            near.send("/antiphon/note", 60, 90)
            assert near.wait_for("/antiphon/performer/note") == (60, 90, 1)


def test_beyond_this_machine_a_token_is_needed(jack_server: dict[str, str], tmp_path: Path) -> None:
    address = own_address()
    with (
        speaking("--name", "Token", "--osc-host", EVERYWHERE, cwd=tmp_path) as (running, port),
        Program(port, host=address) as stranger,
        Program(port, host=address) as friend,
    ):
        token = line_with("/antiphon/token ", running).split("/antiphon/token ")[1].split()[0]
        assert len(token) == 10
        for given in ("", token[:-1], "☃"):
            stranger.send("/antiphon/token", given)
        stranger.send("/antiphon/note", 72, 90)
        stranger.send("/antiphon/subscribe")
        running.wait_for("isn't heard: it must send /antiphon/token")
        friend.send("/antiphon/token", token)
        friend.subscribe()
        friend.send("/antiphon/note", 60, 90)
        assert friend.wait_for("/antiphon/performer/note") == (60, 90, 1)
        assert stranger.hear_out(0.1) == []  # not a word: a forged sender's machine would get it
        # A program that has a socket for each message says it in the same bundle.
        with Program(port, host=address) as once:
            once.send_bytes(bundle(None, packet("/antiphon/token", token), packet("/antiphon/note", 64, 90)))
            assert friend.wait_for("/antiphon/performer/note", lambda came: came[1] > 0) == (64, 90, 1)


NONSENSE = [
    b"",
    b"\0",
    b"no OSC at all",
    b"/antiphon/note",  # without its end
    b"/antiphon/note\0\0,ii\0\0\0\0\x3c",  # an argument short
    b"#bundle\0",
    b"#bundle\0" + bytes(8) + struct.pack(">i", -4),
    b"#bundle\0" + bytes(8) + struct.pack(">i", 2**31 - 1),
    b"#bundle\0" + bytes(8) + bytes(4) * 500,
    b"/antiphon/note\0\0,b\0\0" + struct.pack(">i", -9),
    b"/\xff\xfe\0,\0\0\0",
    os.urandom(1000),
    bytes(60000),
    packet("/antiphon/note", b"x" * 60000),
]
"""What isn't OSC, or is too large."""
REFUSED = [
    ("/antiphon/note", 60),
    ("/antiphon/note", 60.5, 80),
    ("/antiphon/note", math.nan, 80),
    ("/antiphon/note", math.inf, 80),
    ("/antiphon/note", 128, 80),
    ("/antiphon/note", 60, 80, 17),
    ("/antiphon/note", "sixty", 80),
    ("/antiphon/note", True, 80),
    ("/antiphon/note", [60, 80]),
    ("/antiphon/midi", 60, 80),
    ("/antiphon/midi", 0xF0, 1, 0xF7),
    ("/antiphon/temperature", math.nan),
    ("/antiphon/temperature", -math.inf),
    ("/antiphon/temperature", "hot"),
    ("/antiphon/temperature", b"blob"),
    ("/antiphon/key", "H" * 5000),
    ("/antiphon/mode", "\x1b[2J"),
    ("/antiphon/mute", 2),
    ("/antiphon/when", "now"),
    ("/antiphon/subscribe", 0),
    ("/interface", math.nan),
    ("/interface", 1.5),
    ("/interface", *[0.5] * 100),
    ("/notochord/feed", 1, 60),
    ("/impsy/mode", "solo"),
    ("/unknown",),
    ("/antiphon/\x1b[31m\nred",),
]


def test_nonsense_is_refused_and_it_plays_on(jack_server: dict[str, str], tmp_path: Path) -> None:
    with speaking("--name", "Nonsense", cwd=tmp_path) as (running, port), Program(port) as program:
        for each in NONSENSE:
            program.send_bytes(each)
            program.send("/unknown/address", "twice")
        program.send("/antiphon/subscribe", port)  # its own port: it would hear itself
        for address, *arguments in REFUSED:
            before = len(program.came)
            program.send(address, *arguments)
            program.wait_for("/antiphon/refused")
            assert len(program.came) > before
        program.subscribe()
        program.send("/antiphon/note", 60, 80)
        program.wait_for("/antiphon/note")
        running.stop()
    said = "".join(running.said)
    assert said.count("there is no /unknown/address; there is: /antiphon/note, ") == 1
    assert "\x1b" not in said
    assert all(f"/antiphon/{name}" in said for name in ON_PAGE)
    assert said.count("OSC from") < 30


def test_a_flood_keeps_nobody_from_playing(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        speaking("--name", "Flooded", cwd=tmp_path) as (running, port),
        Program(port) as flood,
        Program(port) as program,
        Keyboard("Flooded") as pianist,
    ):
        program.subscribe()
        stop = threading.Event()

        def pour() -> None:
            for number in count():
                pitch = 20 + number % 90
                flood.send_bytes(bundle(None, packet("/antiphon/note", pitch, 80), packet("/antiphon/note", pitch, 0)))
                # Not faster, or the system's buffer loses the other program's notes, too.
                if number % 100 == 0 and stop.wait(0.001):
                    return

        pouring = threading.Thread(target=pour)
        pouring.start()
        try:
            running.wait_for("more than anybody can play")
            heard: list[Came] = []
            deadline = time.monotonic() + PATIENCE
            while not heard and time.monotonic() < deadline:  # UDP may lose some
                program.send("/antiphon/note", 10, 80)
                program.send("/antiphon/note", 10, 0)
                heard = [came for came in program.hear_some(0.2) if came[:2] == ("/antiphon/performer/note", 10)]
        finally:
            stop.set()
            pouring.join()
        assert heard
        program.hear_out(0.3)
        answers: list[Came] = []
        deadline = time.monotonic() + PATIENCE
        while (
            not answers and time.monotonic() < deadline
        ):  # what comes with the flood's last notes is of a chord with them
            # Above all of the flood: a lower one would be its accompaniment.
            program.send("/antiphon/note", 112, 80)
            came_then = program.hear_some(0.5)
            program.send("/antiphon/note", 112, 0)
            answers = [came for came in came_then if came[0] == "/antiphon/note" and came[2] > 0]
        assert answers
        program.hear_out(QUIET)
        down = set()
        for address, *came in program.came:
            if address == "/antiphon/performer/note":
                pitch, velocity, _ = came
                (down.add if velocity else down.discard)(pitch)
        assert 112 not in down  # of the flood's own notes UDP may lose the end
        running.stop()
        assert sounding(pianist.heard()) == []
    assert "".join(running.said).count("more than anybody can play") == 1
    check_renders_again(tmp_path)


def test_it_says_why_there_is_no_osc(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        Program(1) as taken,
        daemon("--osc", "--osc-port", str(taken.port), "--name", "Taken", cwd=tmp_path) as running,
    ):
        assert "--osc-port" in line_with(f"no OSC: can't listen on 127.0.0.1, UDP port {taken.port}", running)
        with Keyboard("Taken") as pianist:
            pianist.press(NoteOn(60, 80, 1))
            pianist.hear(1)
        running.stop()
    wrong = run_antiphon("run", "--osc", "--osc-send-to", "nowhere", cwd=tmp_path)
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "antiphon: --osc-send-to (in a settings file, osc.send_to): 'nowhere' must be HOST:PORT, "
        "such as 127.0.0.1:57120\n",
    )


def test_without_python_osc_it_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pythonosc'] = None\nfrom antiphon.__main__ import main\nmain()"
    command = [sys.executable, "-c", hidden, "run", "--osc"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"run: {sys.executable} -m pip install python-osc, or install antiphon[osc]" in done.stderr


def test_its_end_is_no_end_of_the_playing(jack_server: dict[str, str], tmp_path: Path) -> None:
    with speaking("--name", "Killed", cwd=tmp_path) as (running, port), Program(port) as program:
        program.subscribe()
        program.send("/antiphon/note", 60, 80)
        program.wait_for("/antiphon/note")
        with Keyboard("Killed") as pianist:
            osc_process(running).kill()
            running.wait_for("the OSC server has ended")
            pianist.press(NoteOn(64, 80, 1))
            pianist.hear_until(lambda came: bool(ons(came)))
            pianist.press(NoteOff(64, 1))
            pianist.hear_until(lambda came: any(isinstance(each, NoteOff) for each in came))
        running.stop()
    held, played = notes(recorded(tmp_path), "Performer")
    assert (held.pitch, played.pitch) == (60, 64)
    assert held.end <= played.start  # nobody holds it any more
    check_renders_again(tmp_path)


def test_a_server_that_stands_still_delays_nothing(jack_server: dict[str, str], tmp_path: Path) -> None:
    with speaking("--name", "Still", "--bpm", "400", cwd=tmp_path) as (running, port), Program(port) as program:
        program.subscribe()
        server = osc_process(running)
        server.suspend()
        with Keyboard("Still") as pianist:
            for number in range(20):
                pianist.press(NoteOn(60 + number % 12, 80, 1))
                pianist.hear_until(lambda came: bool(ons(came)))
                pianist.press(NoteOff(60 + number % 12, 1))
                time.sleep(0.1)  # longer than a chord's notes lie apart, and than a step
            server.resume()
            program.wait_for("/antiphon/performer/note", lambda came: came == (60 + 19 % 12, 0, 1))
        server.suspend()
        running.stop()


def test_it_plays_over_osc_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with speaking(cwd=tmp_path) as (running, port), Program(port) as program:
        assert any("until then you play by OSC alone" in line for line in running.said)
        program.subscribe()
        program.send("/antiphon/midi", 0x90, 60, 80)
        program.wait_for("/antiphon/note")


def osc_process(running: Daemon) -> psutil.Process:
    """Return the process that speaks OSC for a daemon."""
    (found,) = [each for each in psutil.Process(running.process.pid).children() if "antiphon.osc" in each.cmdline()]
    return found


def own_address() -> str:
    """Return an address of this machine that isn't loopback, or skip the test."""
    url = url_of(EVERYWHERE, 1, None)
    host = url.removeprefix("http://").rpartition(":")[0]
    if host == "localhost":
        pytest.skip("this machine has no network")
    return host
