"""Which libjack is taken, and which MIDI system `auto` means; `tests/platforms/test_pipewire.py` plays on real ones."""

from __future__ import annotations

import ctypes
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from antiphon.midi import libjack, ports
from antiphon.midi.backend import NoSystem
from antiphon.midi.backends.rtmidi_client import Binding, RtMidiOutput


@dataclass
class Libjack:
    """A libjack, as far as choosing one goes."""

    _name: str
    answers: bool
    carries_midi: bool = True


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Libjack]:
    """Return the list of what is installed, which the test fills."""
    there: list[Libjack] = []
    monkeypatch.setattr(libjack, "_chosen", None)
    monkeypatch.setattr(libjack, "_is_bound", lambda: False)
    monkeypatch.setattr(libjack, "_installed", lambda: there)
    monkeypatch.setattr(libjack, "_answers", lambda lib: lib.answers)
    monkeypatch.setattr(libjack, "is_pipewire", lambda lib: lib._name == "PipeWire's")
    monkeypatch.setattr(libjack, "carries_midi", lambda lib: lib.carries_midi)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_: None)
    return there


def test_the_first_whose_server_answers_is_taken_for_good(installed: list[Libjack]) -> None:
    jackds, pipewires = Libjack("jackd's", answers=False), Libjack("PipeWire's", answers=True)
    installed += [jackds, pipewires]
    assert libjack.load() is pipewires
    jackds.answers = True
    assert libjack.load() is pipewires


def test_while_no_server_runs_none_is_taken_until_one_must_be(installed: list[Libjack]) -> None:
    jackds, pipewires = Libjack("jackd's", answers=False), Libjack("PipeWire's", answers=False)
    assert not libjack.is_awaited()
    installed.append(jackds)
    assert not libjack.is_awaited()  # it will be that one
    installed.append(pipewires)
    assert libjack.is_awaited()
    with pytest.raises(ports.NoMidiSystem, match="'jack' doesn't answer"):
        ports.find_system("jack")
    assert libjack.load() is None
    assert libjack.load(binds=True) is jackds


PIPEWIRE, STILL = Libjack("PipeWire's", answers=True), Libjack("PipeWire's", answers=True, carries_midi=False)
JACKD = Libjack("jackd's", answers=True)


@pytest.mark.parametrize(
    ("running", "has_alsa", "system"),
    [
        (PIPEWIRE, True, "jack"),
        (PIPEWIRE, False, "jack"),
        (STILL, True, "alsa"),
        (JACKD, True, "alsa"),
        (JACKD, False, "jack"),
        (None, True, "alsa"),
    ],
)
def test_auto_is_what_carries_midi_pipewire_first(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    installed: list[Libjack],
    running: Libjack | None,
    has_alsa: bool,
    system: str,
) -> None:
    installed += [running] if running else []
    backend = SimpleNamespace(systems=lambda: ["alsa", "jack"])
    monkeypatch.setattr(ports, "load_backend", lambda: backend)
    monkeypatch.setattr(ports, "_inputs", lambda _: [])
    monkeypatch.setattr(ports, "SEQUENCER", tmp_path if has_alsa else tmp_path / "none")
    assert ports.find_system("auto") == (system, [])


BUSY, NO_SERVER = 0x21, 0x11
"""What `jack_client_open` leaves as status: of a server that didn't take the client, and where there is no server."""


class Server:
    """A libjack that fails to open a client so many times."""

    def __init__(self, status: int, failures: int) -> None:
        self.status, self.failures = status, failures
        self.asked = 0

    def jack_client_open(self, _name: bytes, _options: int, status: Any) -> int | None:
        self.asked += 1
        if self.asked > self.failures:
            return 7
        status._obj.value = self.status
        return None


@pytest.mark.parametrize(
    ("server", "client", "asked"),
    [
        (Server(BUSY, 0), 7, 1),
        (Server(BUSY, libjack.TRIES - 1), 7, libjack.TRIES),
        (Server(BUSY, 9), None, libjack.TRIES),
        (Server(NO_SERVER, 9), None, 1),
    ],
)
def test_a_server_that_is_there_is_asked_again(server: Server, client: int | None, asked: int) -> None:
    assert libjack.open_client(server, "Antiphon looks") == client
    assert server.asked == asked


@pytest.mark.parametrize(
    ("failures", "takes_others", "succeeds"), [(1, True, True), (9, True, False), (1, False, False)]
)
def test_a_client_that_jack_alone_refuses_is_made_again(
    monkeypatch: pytest.MonkeyPatch, failures: int, takes_others: bool, succeeds: bool
) -> None:
    monkeypatch.setattr(libjack, "takes_clients", lambda: takes_others)
    outcomes = iter([NoSystem("busy")] * failures + [None] * 9)

    def make() -> object:
        if (error := next(outcomes)) is not None:
            raise error
        return object()

    with nullcontext() if succeeds else pytest.raises(NoSystem):
        RtMidiOutput(Binding("jack", "Stage", make, ()))
