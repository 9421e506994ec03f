"""A port is what its full name says, whatever comes and goes meanwhile, and Antiphon is never connected to itself."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.errors import UserError
from antiphon.midi.backend import PortGone, System
from antiphon.midi.backends import CHOICE
from antiphon.midi.backends.rtmidi_client import Binding, RtMidiOutput, full_names
from antiphon.midi.messages import NoteOn
from antiphon.midi.ports import find_port
from tests.daemon.faults import Peer, connections
from tests.daemon.live import BACKENDS, daemon, environment, ons, run_antiphon


@BACKENDS
def test_it_is_connected_to_what_was_named_after_another_client_has_gone(
    backend: str, jack_server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHOICE, backend)
    with Peer("Passing") as passing, Peer("Stage") as stage:
        # Places in JACK's list are free now, and Antiphon's first port takes one: all behind it have other numbers.
        passing.leave()
        options = ("--name", "Direct", "--input", "Stage keys", "--output", "Stage synth")
        with daemon(*options, cwd=tmp_path) as running:
            there = connections()
            assert there["Direct in:Direct in"] == ["Stage keys:keys"]
            assert there["Direct out:Direct out"] == ["Stage synth:synth"]
            stage.press(NoteOn(63, 80, 1))
            assert ons(stage.hear(1))
            running.stop()


@BACKENDS
def test_it_waits_for_the_port_that_was_named_and_takes_none_of_its_own(
    backend: str, jack_server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHOICE, backend)
    with Peer("Stage") as stage, daemon("--name", "Stage hand", "--input", "Stage", cwd=tmp_path) as running:
        stage.leave()
        running.wait_for("is gone")
        with Peer("Passing"), Peer("Stage") as again:  # a name of its own, "Stage hand out", has "Stage" in it, too
            running.wait_for("is back")
            assert connections()["Stage hand in:Stage hand in"] == ["Stage keys:keys"]
            again.press(NoteOn(63, 80, 1))
        running.stop()
    assert not any("Stage hand out:" in line for line in running.said)


def test_two_antiphons_are_connected_where_that_is_asked_for(jack_server: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with (
        daemon("--name", "First", cwd=tmp_path),
        daemon("--name", "Second", "--input", "First out:First out", cwd=tmp_path / "second") as second,
    ):
        assert connections()["Second in:Second in"] == ["First out:First out"]
        second.stop()


def test_its_own_ports_are_no_candidates(jack_server: dict[str, str], tmp_path: Path) -> None:
    done = run_antiphon("run", "--no-stage", "--api", "jack", "--name", "Alone", "--input", "Alone", cwd=tmp_path)
    assert (done.returncode, "no input port has 'Alone' in its name" in done.stderr) == (2, True), done.stderr


OWN = """
from antiphon.midi.backends import load_backend
backend = load_backend()
out, ears = backend.output("jack", "Mirror out"), backend.input("jack", "Mirror in", print)
out.open_virtual("Mirror out")
ears.open_virtual("Mirror in")
print(*ears.ports(), *out.ports(), sep="\\n")
"""


@BACKENDS
def test_ports_of_this_process_are_not_listed(
    backend: str, jack_server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHOICE, backend)
    with Peer("Stage"):
        run = [sys.executable, "-c", OWN]
        done = subprocess.run(run, env=environment(tmp_path), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["Stage keys:keys", "Stage synth:synth"]


# Names


def test_the_numbers_of_windows_do_not_count() -> None:
    assert full_names(["loopMIDI Port 0", "Piano 1", "Launchpad 2 2"], "winmm") == [
        "loopMIDI Port",
        "Piano",
        "Launchpad 2",
    ]
    # Unplugged and plugged in again, and other programs show this one as "Piano 0".
    assert find_port(["Piano", "Launchpad 2"], "Piano 0", "input", numbered=True) == "Piano"
    assert find_port(["Piano", "Launchpad 2"], "Launchpad 2", "input", numbered=True) == "Launchpad 2"
    with pytest.raises(UserError, match="no input port has 'Piano 0'"):
        find_port(["Piano"], "Piano 0", "input")


@pytest.mark.parametrize(
    ("system", "listed"),
    [
        ("winmm", ["Piano 0", "Organ 1", "Piano 2"]),
        ("coremidi", ["Piano", "Organ", "Piano"]),
    ],
)
def test_two_devices_of_one_name_can_be_told_apart(system: System, listed: list[str]) -> None:
    names = full_names(listed, system)
    assert names == ["Piano", "Organ", "Piano#2"]
    assert find_port(names, "Piano", "output") == "Piano"
    assert find_port(names, "piano#2", "output") == "Piano#2"
    raw = Raw(lambda _: listed)
    client(raw, system).open("Piano#2", "out")
    assert raw.opened == [2]


def test_alsa_tells_them_apart_by_client_numbers() -> None:
    listed = ["Piano:Piano MIDI 1 20:0", "Piano:Piano MIDI 1 24:0"]
    assert full_names(listed, "alsa") == listed
    assert find_port(listed, "24:0", "input") == listed[1]


# Numbers that shift while a port is opened


class Raw:
    """A client of RtMidi's, in whose list of ports other programs come and go.

    Args:
        listed: of the number of times that the list was asked for before; returns it.
    """

    def __init__(self, listed: Callable[[int], list[str]]) -> None:
        self._listed = listed
        self._asked = 0
        self.opened: list[int] = []
        self.is_open = False

    def get_ports(self) -> list[str]:
        self._asked += 1
        return self._listed(self._asked - 1)

    def open_port(self, number: int, _name: str) -> None:
        self.opened.append(number)
        self.is_open = True

    def close_port(self) -> None:
        self.is_open = False


def client(raw: Any, system: System) -> RtMidiOutput:
    return RtMidiOutput(Binding(system, "Antiphon out", lambda: raw, (RuntimeError,)))


def test_a_number_that_has_shifted_meanwhile_is_looked_up_again() -> None:
    raw = Raw(lambda asked: ["Passing:a", "Stage:b"] if asked == 0 else ["Stage:b"])
    client(raw, "jack").open("Stage:b", "out")
    assert (raw.opened, raw.is_open) == ([1, 0], True)


def test_a_port_that_goes_while_it_is_opened_is_not_taken_for_another() -> None:
    raw = Raw(lambda asked: ["Passing:a", "Stage:b"] if asked == 0 else ["Passing:a", "Other:c"])
    with pytest.raises(PortGone):
        client(raw, "jack").open("Stage:b", "out")
    assert not raw.is_open
