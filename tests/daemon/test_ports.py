"""Ports: found by a part of their name, and closed whatever arrives."""

import os
import subprocess
import sys

import pytest

from antiphon.errors import UserError
from antiphon.midi.backends import CHOICE
from antiphon.midi.ports import find_port
from tests.daemon.live import BACKENDS

NAMES = ["Digital Piano:MIDI 1 20:0", "Synth:in 24:0", "Synth:in two 24:1", "Piano"]


@pytest.mark.parametrize(
    ("part", "number"), [("digital", 0), ("in two", 2), ("24:1", 2), ("Digital Piano:MIDI 1 20:0", 0), ("Piano", 3)]
)
def test_a_unique_part_of_a_name_is_enough(part: str, number: int) -> None:
    assert find_port(NAMES, part, "input") == NAMES[number]


def test_several_are_listed() -> None:
    with pytest.raises(
        UserError,
        match=r"more than one output port has 'synth'.*'Synth:in 24:0', 'Synth:in two 24:1'; say more of its name$",
    ):
        find_port(NAMES, "synth", "output")


def test_none_lists_what_there_is() -> None:
    with pytest.raises(UserError, match=r"no input port has 'organ'.*'Piano'; plug it in"):
        find_port(NAMES, "organ", "input")
    with pytest.raises(UserError, match="there is: none"):
        find_port([], "organ", "input")


FLOOD = """
import time
from antiphon.midi.backends import load_backend
out = load_backend().output("jack", "Flood")
out.open_virtual("flood")
print("ready", flush=True)
while True:
    for pitch in range(20):
        out.send(bytes([0x90, pitch, 1]))
    time.sleep(0.002)
"""
CLOSE = """
import sys
from antiphon.midi.ports import open_input
sys.setswitchinterval(1e-4)  # JACK gives a client up that makes it wait for 100 ms
heard = []
for _ in range(25):
    with open_input("jack", "Close", "Flood", lambda message: heard.append(message)):
        count = len(heard)
        while len(heard) < count + 100:
            sum(range(1000))
print(len(heard))
"""


@BACKENDS
def test_a_port_is_closed_in_a_flood(backend: str, jack_server: dict[str, str]) -> None:
    with subprocess.Popen([sys.executable, "-c", FLOOD], stdout=subprocess.PIPE, text=True) as flood:
        try:
            assert flood.stdout is not None
            assert flood.stdout.readline() == "ready\n"
            done = subprocess.run(
                [sys.executable, "-c", CLOSE],
                env={**os.environ, CHOICE: backend},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            flood.kill()
    # RtMidi itself throws messages away, and says so, where the machine is too busy to take them all.
    said = {line for line in done.stderr.splitlines() if line and "message queue limit reached" not in line}
    assert (done.returncode, said) == (0, set())
    assert int(done.stdout) >= 2500
