"""A bare echo, as a process of its own on virtual ports, until its input ends: what MIDI costs without Antiphon."""

from __future__ import annotations

import sys
from typing import Any

import rtmidi

from antiphon.midi.ports import stop_callback

NAME = "Bench echo"


def main() -> None:
    """Echo on the MIDI system whose RtMidi number is the argument."""
    api = int(sys.argv[1])
    out, midi_in = rtmidi.MidiOut(rtapi=api, name=f"{NAME} out"), rtmidi.MidiIn(rtapi=api, name=f"{NAME} in")

    def send_back(message: tuple[list[int], float], _data: Any = None) -> None:
        out.send_message(message[0])

    out.open_virtual_port(f"{NAME} out")
    midi_in.set_callback(send_back)
    midi_in.open_virtual_port(f"{NAME} in")
    print("ready", flush=True)  # noqa: T201
    sys.stdin.read()
    stop_callback(midi_in)


if __name__ == "__main__":
    main()
