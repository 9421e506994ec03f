"""The tests' own JACK server: whether a note gets through it."""

import subprocess
from queue import SimpleQueue

import rtmidi

from antiphon.midi.ports import close_clients

NOTE_ON = [0x90, 63, 80]


def test_a_note_passes_between_two_virtual_ports(jack_server: dict[str, str]) -> None:
    out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="fixture keys")
    ears = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name="fixture ears")
    heard: SimpleQueue[list[int]] = SimpleQueue()
    ears.set_callback(lambda message, _: heard.put(message[0]))
    out.open_virtual_port("out")
    ears.open_virtual_port("in")
    subprocess.run(["jack_connect", "fixture keys:out", "fixture ears:in"], env=jack_server, check=True)

    out.send_message(NOTE_ON)

    assert heard.get(timeout=10) == NOTE_ON
    close_clients(ears, out)


def test_the_server_is_private(jack_server: dict[str, str]) -> None:
    assert jack_server["JACK_DEFAULT_SERVER"].startswith("antiphon-test-")
