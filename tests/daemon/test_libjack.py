"""Which libjack is taken, and which MIDI system `auto` means; `tests/platforms/test_pipewire.py` plays on real ones."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from antiphon.midi import libjack, ports


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
