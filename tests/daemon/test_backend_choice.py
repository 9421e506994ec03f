"""Which MIDI library is taken, and what is said where none can be loaded."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from antiphon.midi import backends, libjack, ports
from antiphon.midi.machine import Machine


@pytest.fixture(autouse=True)
def unloaded() -> Iterator[None]:
    backends.load_backend.cache_clear()
    yield
    backends.load_backend.cache_clear()


BARE = Machine(system="linux", has_sudo=True, installer="apt-get")


@pytest.mark.parametrize(
    ("machine", "advice"),
    [
        (BARE, "install JACK, which brings it: sudo apt-get install jackd2"),
        (replace(BARE, has_pipewire=True), "install ALSA's library: sudo apt-get install alsa-utils"),
    ],
)
def test_without_alsas_library_there_is_no_midi_system_and_its_package_is_named(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, advice: str
) -> None:
    def fail(name: str) -> None:
        raise ImportError("libasound.so.2: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(importlib, "import_module", fail)
    monkeypatch.setattr(ports, "look", lambda: machine)
    monkeypatch.setattr(libjack, "is_awaited", lambda: False)
    with pytest.raises(ports.NoMidiSystem, match=rf"libasound\.so\.2 is missing; {advice}"):
        ports.find_system("auto")
