"""The daemon as a process on real JACK ports, played from outside in real time."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import mido
import pytest
import rtmidi

from antiphon.improviser.events import NoteOff, NoteOn
from antiphon.live.messages import encode, parse
from tests.daemon.midi_files import save_tune
from tests.daemon.tunes import ODE_IN_E_FLAT, Tune, events

BPM = 120.0
"""A step is 125 ms: a busy machine may be late by half of that before it plays another rhythm."""
PHRASE = ODE_IN_E_FLAT[:15]
PATIENCE = 10.0
"""Seconds after which something that must come never will."""


class Keyboard:
    """A pianist with a cable to the daemon's input and one from its output."""

    def __init__(self, name: str) -> None:
        self._out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name=f"{name} keys")
        self._in = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name=f"{name} ears")
        self.heard: SimpleQueue[NoteOn | NoteOff] = SimpleQueue()
        self._in.set_callback(self._receive)
        self._out.open_port(_number(self._out.get_ports(), f"{name} in"), "keys")
        self._in.open_port(_number(self._in.get_ports(), f"{name} out"), "ears")

    def _receive(self, message: tuple[list[int], float], _: object) -> None:
        event = parse(message[0])
        assert event is not None
        self.heard.put(event)

    def play(self, tune: Tune) -> None:
        start = time.monotonic()
        for due, event in events(tune, BPM):
            time.sleep(max(0.0, start + due - time.monotonic()))  # a performance takes its time
            self.press(event)

    def press(self, event: NoteOn | NoteOff) -> None:
        self._out.send_message(encode(event))

    def hear(self, count: int) -> list[NoteOn | NoteOff]:
        return [self.heard.get(timeout=PATIENCE) for _ in range(count)]

    def close(self) -> None:
        self._in.cancel_callback()
        for port in (self._in, self._out):
            port.close_port()
            port.delete()


def _number(ports: list[str], part: str) -> int:
    return next(i for i, name in enumerate(ports) if part in name)


@contextmanager
def daemon(*options: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the daemon and wait until it says that it plays."""
    process = subprocess.Popen(
        [sys.executable, "-m", "antiphon", "run", "--api", "jack", "--bpm", str(BPM), *options],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        else:
            pytest.fail(f"the daemon did not start: {said} {process.stderr and process.stderr.read()}")
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_tune_in_e_flat_is_answered_in_e_flat_and_silence_follows_sigterm(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with daemon("--name", "Duet", "--seed", "3", cwd=tmp_path) as process:
        pianist = Keyboard("Duet")
        pianist.play(PHRASE)
        expected = len(PHRASE)
        messages = pianist.hear(2 * expected)
        answers = [message for message in messages if isinstance(message, NoteOn)]
        assert len(answers) == expected
        assert sum(note.pitch % 12 in (0, 2, 3, 5, 7, 8, 10) for note in answers) >= 0.9 * expected
        assert _sounding(messages) == []

        pianist.press(NoteOn(63, 80, 1))
        last = pianist.hear(1)
        process.send_signal(signal.SIGTERM)
        last += pianist.hear(1)
        assert isinstance(last[0], NoteOn)
        assert last[1] == NoteOff(last[0].pitch, last[0].channel)
        assert process.wait(PATIENCE) == 0
        with pytest.raises(Empty):
            pianist.heard.get_nowait()
        pianist.close()

    tune = save_tune(tmp_path / "ode.mid", PHRASE, BPM)
    subprocess.run([sys.executable, "-m", "antiphon", "render", tune, tmp_path / "duet.mid", "--seed", "3"], check=True)
    rendered = [m.note for m in mido.MidiFile(tmp_path / "duet.mid").tracks[2] if m.type == "note_on"]
    assert [note.pitch for note in answers] == rendered


def _sounding(messages: list[NoteOn | NoteOff]) -> list[int]:
    sounding: list[int] = []
    for message in messages:
        if isinstance(message, NoteOn):
            assert message.pitch not in sounding
            sounding.append(message.pitch)
        else:
            sounding.remove(message.pitch)
    return sounding


def test_ctrl_c_ends_the_session_with_0(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "Short", cwd=tmp_path) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_real_ports_are_named_by_a_part_of_their_name(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "First", cwd=tmp_path):
        pianist = Keyboard("First")
        # the second listens to what the first plays, and plays to nobody
        with daemon("--name", "Second", "--input", "first OUT", cwd=tmp_path) as second:
            listing = subprocess.run(["jack_lsp", "-c"], capture_output=True, text=True, check=True).stdout
            lines = listing.splitlines()
            at = lines.index("First out:First out")
            assert any("Second in" in line for line in lines[at + 1 : at + 4] if line.startswith(" "))
            second.send_signal(signal.SIGTERM)
            assert second.wait(PATIENCE) == 0
        pianist.close()


def test_a_port_that_is_not_there_is_refused_with_a_list(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "Alone", cwd=tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "antiphon", "run", "--api", "jack", "--input", "Steinway"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "'Steinway'" in done.stderr
        assert "there is: 'Alone out:Alone out'" in done.stderr  # and nothing of its own
        ports = subprocess.run(
            [sys.executable, "-m", "antiphon", "ports", "--api", "jack"], capture_output=True, text=True, check=True
        )
        assert "Alone in" in ports.stdout.split("To play to")[1]
        assert "Alone out" in ports.stdout.split("To play to")[0]
