"""The tests' own JACK server: whether a note gets through it."""

import subprocess
from queue import SimpleQueue

from antiphon.midi.backends import load_backend

NOTE_ON = bytes([0x90, 63, 80])


def test_a_note_passes_between_two_virtual_ports(jack_server: dict[str, str]) -> None:
    heard: SimpleQueue[bytes] = SimpleQueue()
    out = load_backend().output("jack", "fixture keys")
    ears = load_backend().input("jack", "fixture ears", lambda message: heard.put(bytes(message)))
    out.open_virtual("out")
    ears.open_virtual("in")
    subprocess.run(["jack_connect", "fixture keys:out", "fixture ears:in"], env=jack_server, check=True)

    out.send(NOTE_ON)

    assert heard.get(timeout=10) == NOTE_ON
    ears.close()
    out.close()


def test_the_server_is_private(jack_server: dict[str, str]) -> None:
    assert jack_server["JACK_DEFAULT_SERVER"].startswith("antiphon-test-")
