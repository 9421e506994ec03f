"""A JACK client with ports of any names, for RtMidi makes none of such: python -m tests.daemon.jack_names

It says "ready", and ends when its standard input does.
"""

from __future__ import annotations

import ctypes
import sys

CLIENT = b"ev\x1b[31mil"
PORTS = (b"keys\n\x1b[2J\xc2\x9b1mforged", b"synth \r\xe2\x80\xae\xe9")
"""What the terminal is told: colours, an empty screen, other lines, other directions, and what isn't UTF-8."""
NO_START, OUTPUT, INPUT = 1, 2, 1
"""Numbers of jack/types.h."""


def main() -> None:
    """Open the ports, and wait."""
    jack = ctypes.CDLL("libjack.so.0")
    jack.jack_client_open.restype = ctypes.c_void_p
    jack.jack_port_register.restype = ctypes.c_void_p
    jack.jack_port_register.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_ulong,
        ctypes.c_ulong,
    ]
    jack.jack_activate.argtypes = [ctypes.c_void_p]
    client = jack.jack_client_open(CLIENT, NO_START, None)
    for name, flag in zip(PORTS, (OUTPUT, INPUT), strict=True):
        if not client or not jack.jack_port_register(client, name, b"8 bit raw midi", flag, 0):
            sys.exit("JACK takes no such name")
    jack.jack_activate(client)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
