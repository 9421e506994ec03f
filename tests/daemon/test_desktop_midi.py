"""MIDI as Windows and macOS have it, simulated: ports of one program at a time, and CoreMIDI's lists and run loops."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from antiphon.errors import UserError
from antiphon.midi import backends, coremidi
from antiphon.midi.backend import PortGone, PortInUse, Receive
from antiphon.midi.backends.rtmidi_client import TRIES, Binding, RtMidiInput, RtMidiOutput
from antiphon.midi.codec import encode
from antiphon.midi.connection import Connection
from antiphon.midi.messages import NoteOff, NoteOn, Packet
from antiphon.midi.ports import InUse, open_port
from tests.daemon.live import PATIENCE, Daemon, environment

KEYS, SYNTH = "USB Keys", "Default App Loopback (B)"


class WinMM:
    """Windows MultiMedia as RtMidi shows it: a driver's port is open for one program at a time."""

    def __init__(self) -> None:
        self.there = [KEYS, SYNTH]
        self.taken: set[str] = set()
        self.refused = threading.Semaphore(0)
        """Is released each time that a port isn't opened."""
        self.sent: list[bytes] = []

    def systems(self) -> list[str]:
        return ["winmm"]

    def input(self, _system: str, name: str, receive: Receive | None = None, clock: bool = True) -> RtMidiInput:
        return _Input(self._binding(name), receive, clock)

    def output(self, _system: str, name: str) -> RtMidiOutput:
        return RtMidiOutput(self._binding(name))

    def _binding(self, name: str) -> Binding:
        return Binding("winmm", name, lambda: Raw(self), (RuntimeError,))


class Raw:
    """A client of RtMidi's."""

    def __init__(self, system: WinMM) -> None:
        self._system = system

    def get_ports(self) -> list[str]:
        return [f"{name} {number}" for number, name in enumerate(self._system.there)]

    def open_port(self, number: int, _own: str) -> None:
        if self._system.there[number] in self._system.taken:
            self._system.refused.release()
            raise RuntimeError("MidiInWinMM::openPort: error creating Windows MM MIDI input port.")

    def send_message(self, data: bytes) -> None:
        self._system.sent.append(data)

    def ignore_types(self, **_kinds: bool) -> None: ...

    def close_port(self) -> None: ...

    def delete(self) -> None: ...


class _Input(RtMidiInput):
    def _start_callback(self) -> None: ...

    def _cancel_callback(self) -> None: ...


class Told:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._has_news = threading.Semaphore(0)

    def lost(self, what: str) -> None:
        self.said.append(what)
        self._has_news.release()

    def back(self, what: str, reconnect: Callable[[], None]) -> None:
        reconnect()
        self.said.append(what)
        self._has_news.release()

    def wait(self) -> str:
        assert self._has_news.acquire(timeout=PATIENCE)
        return self.said[-1]


@pytest.fixture
def winmm(monkeypatch: pytest.MonkeyPatch) -> WinMM:
    system = WinMM()
    monkeypatch.setattr("antiphon.midi.connection.load_backend", lambda: system)
    return system


def test_a_port_that_another_program_has_is_in_use_and_one_that_is_unplugged_is_gone(winmm: WinMM) -> None:
    client = winmm.input("winmm", "Antiphon in")
    winmm.taken.add(KEYS)
    with pytest.raises(PortInUse):
        client.open(KEYS, "Antiphon in")
    with pytest.raises(InUse, match=r"^the input port 'USB Keys' is in use: .* switch it off there .*, or quit"):
        open_port(client, "winmm", "input", "Antiphon in", "keys")
    winmm.taken.clear()
    client.open(KEYS, "Antiphon in")
    winmm.there.remove(KEYS)
    with pytest.raises(PortGone):
        client.open(KEYS, "Antiphon in")


def test_without_a_port_windows_loopbacks_are_named(winmm: WinMM) -> None:
    with pytest.raises(UserError, match=r"'App Loopback \(B\)' of Windows MIDI Services, .* or two of loopMIDI's"):
        open_port(winmm.output("winmm", "Antiphon out"), "winmm", "output", "Antiphon out", "")


def test_a_port_that_comes_back_in_use_is_told_once_and_opened_when_it_is_free(
    winmm: WinMM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("antiphon.midi.connection.LOOK_SECONDS", 0.01)
    told = Told()
    connection = Connection("winmm", "Antiphon", "keys", "loopback (b)", lambda _: None, told)
    connection.open()
    note = NoteOn(60, 80, 2)
    connection.send(Packet(0.0, encode(note), note))
    winmm.there.remove(SYNTH)
    assert told.wait() == f"the output port {SYNTH!r} is gone"
    winmm.taken.add(SYNTH)  # a DAW is quicker
    winmm.there.append(SYNTH)
    assert told.wait().startswith(f"the output port {SYNTH!r} is in use: another program has it to itself")
    for _ in range(4 * TRIES):  # it looks again, and says nothing
        assert winmm.refused.acquire(timeout=PATIENCE)
    winmm.taken.clear()
    assert told.wait() == f"the output port {SYNTH!r} is back"
    assert len(told.said) == 3
    assert encode(NoteOff(60, 2)) in winmm.sent
    assert connection.close()


ON_WINDOWS = """
import sys
from antiphon.midi import connection, ports
from tests.daemon.test_desktop_midi import WinMM
ports.load_backend = connection.load_backend = WinMM
from antiphon.__main__ import main
sys.argv[0] = "antiphon"
main()
"""


def run_on_windows(*options: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ON_WINDOWS, "run", "--api", "winmm", *options],
        cwd=cwd,
        env={**environment(cwd), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_newcomer_on_windows_without_a_loopback_plays_on_the_page(tmp_path: Path) -> None:
    with run_on_windows("--stage-port", "0", cwd=tmp_path) as process:
        running = Daemon(process, tmp_path)
        try:
            running.wait_for("Ctrl-C")
            running.stop()
        finally:
            process.kill()
    (line,) = [line for line in running.said if line.startswith("no MIDI")]
    assert "Windows has no virtual ports; give --input and --output a loopback" in line
    assert "until then you play by stage page" in line


@pytest.mark.parametrize("options", [("--no-stage",), ("--input", "USB Keys", "--stage-port", "0")])
def test_on_windows_who_asks_for_more_than_the_page_is_told_what_to_name(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    with run_on_windows(*options, cwd=tmp_path) as process:
        try:
            said, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, said) == (2, "")
    assert errors.startswith("antiphon: Windows has no virtual ports; give --input and --output a loopback")
    assert errors.count("\n") == 1


class CoreMidi:
    """CoreMIDI and its run loops: a process's lists change in the loop of the thread that made the first client."""

    def __init__(self) -> None:
        self.there: list[str] = []
        self.listed: list[str] = []
        self._owner: int | None = None
        self._news = threading.Condition()
        self.CFStringCreateWithCString = Function(lambda *_: 1)
        self.MIDIClientCreate = Function(self._create)

    def _create(self, _name: Any, notify: Any, _context: Any, client: Any) -> int:
        if self._owner is None:
            self._owner, self._notify, self.listed = threading.get_ident(), notify, list(self.there)
        client._obj.value = 7
        return 0

    def plug(self, name: str) -> None:
        with self._news:
            self.there.append(name)
            self._news.notify_all()

    def CFRunLoopRun(self) -> None:
        while threading.get_ident() == self._owner:  # a loop without a source ends at once
            with self._news:
                self._news.wait_for(lambda: self.listed != self.there)
                self.listed = list(self.there)
                self._news.notify_all()
            self._notify(None, None)

    def lists(self, name: str, seconds: float) -> bool:
        """Return whether a port is listed within so many seconds, as another thread sees it."""
        with self._news:
            return self._news.wait_for(lambda: name in self.listed, seconds)


class Function:
    """One of a library's: its types can be declared."""

    def __init__(self, does: Callable[..., int]) -> None:
        self._does = does

    def __call__(self, *arguments: Any) -> int:
        return self._does(*arguments)


def follow(system: CoreMidi) -> None:
    coremidi.keep_lists_true.__wrapped__(lambda _path: system)


def test_coremidis_lists_follow_what_comes_as_the_watching_thread_sees_them() -> None:
    system = CoreMidi()
    system.there.append("IAC Driver Bus 1")
    follow(system)
    system._create(None, None, None, SimpleNamespace(_obj=SimpleNamespace()))  # RtMidi's, on the main thread
    assert system.listed == ["IAC Driver Bus 1"]
    system.plug("USB Keys")
    assert system.lists("USB Keys", PATIENCE)


def test_the_simulated_coremidi_is_stale_where_another_thread_made_the_first_client() -> None:
    system = CoreMidi()
    system._create(None, None, None, SimpleNamespace(_obj=SimpleNamespace()))
    follow(system)
    system.plug("USB Keys")
    assert not system.lists("USB Keys", 0.1)


def test_on_macos_the_following_begins_before_any_library_can_make_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(backends, "sys", SimpleNamespace(platform="darwin", executable="python"))
    monkeypatch.setattr(backends, "keep_lists_true", lambda: done.append("follows"))
    loaded = SimpleNamespace(load=lambda: done.append("loads"))
    monkeypatch.setattr(backends, "importlib", SimpleNamespace(import_module=lambda _name: loaded))
    backends.load_backend.__wrapped__()
    assert done == ["follows", "loads"]


def test_without_coremidi_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_path: str) -> Any:
        raise OSError("no such framework")

    monkeypatch.setattr(coremidi, "START_SECONDS", None)  # for ever, if nobody says that it is ready
    start = threading.Thread(target=coremidi.keep_lists_true.__wrapped__, args=(load,), daemon=True)
    start.start()
    start.join(PATIENCE)
    assert not start.is_alive()
